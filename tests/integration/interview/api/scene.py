"""Those who call the API, what they send, and what a refusal looks like."""

import json
from typing import Any
from uuid import UUID, uuid4

from django.test import Client

from interview.services import players
from tests.factories.rooms import GOOD_ANSWER, Play

JSON = "application/json"
CLIENT_ID = str(UUID(int=5)).encode()
PROBLEM = "application/problem+json"
RESUME = {"text": "Cut latency to 310ms\nBuilt the Redis cache"}
ROOM = {"scenery": "court", "mode": "survive", "language": "en", "resume": RESUME}


def signed_in(player: UUID) -> Client:
    """Return a browser with this player's cookie and a page's token."""
    client = Client(enforce_csrf_checks=True)
    client.cookies[players.COOKIE] = players.cookie_value(player)
    client.cookies["csrftoken"] = "a" * 32
    client.defaults["HTTP_X_CSRFTOKEN"] = "a" * 32
    return client


def bearer(token: str) -> Client:
    """Return a program that brings a token."""
    return Client(enforce_csrf_checks=True, headers={"authorization": f"Bearer {token}"})


def url(play: Play, action: str = "") -> str:
    """Return a room's path."""
    return f"/api/rooms/{play.room_id}{action}"


def answer_body(text: str = GOOD_ANSWER, client_id: UUID | None = None) -> dict[str, str]:
    """Return an answer as it is sent."""
    return {"text": text, "client_id": str(client_id or uuid4())}


def assert_problem(response: Any, status: int, code: str) -> dict[str, Any]:
    """Check that this is a problem document with such a status and code; return it."""
    assert (response.status_code, response["content-type"]) == (status, PROBLEM), response.content
    document: dict[str, Any] = response.json()
    assert {"type", "title", "status", "detail", "code", "request_id"} <= set(document)
    assert (document["status"], document["code"]) == (status, code)
    assert document["request_id"] == response["x-request-id"] != ""
    assert document["detail"]
    return document


WRITES = [
    ("post", "/answer", answer_body()),
    ("post", "/cancel", {}),
    ("post", "/retry", {}),
    ("post", "/hint", {}),
    ("post", "/leave", {}),
    ("patch", "/settings", {"difficulty": 1}),
    ("post", "/share", {}),
]
ENDED_BY_A_VERDICT = [write for write in WRITES if write[1] != "/share"]


def send(client: Client, method: str, path: str, body: Any) -> Any:
    """Send JSON."""
    return getattr(client, method)(path, data=json.dumps(body), content_type=JSON)
