"""Every refusal is a problem document and changes nothing."""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import OperationalError
from django.test import Client

from interview.domain.errors import UnavailableError
from interview.domain.room import Status
from interview.models import Room as RoomRow
from interview.services import rooms
from tests.factories.rooms import Play
from tests.integration.interview.api.scene import (
    CLIENT_ID,
    ENDED_BY_A_VERDICT,
    JSON,
    ROOM,
    answer_body,
    assert_problem,
    send,
    url,
)

# --- refusals -------------------------------------------------------------------------------


def test_an_answer_out_of_turn(browser: Client, play: Play):
    response = send(browser, "post", url(play, "/answer"), answer_body())

    assert_problem(response, 409, "not_your_turn")


def test_a_client_id_used_for_other_words(browser: Client, play: Play):
    play.speak()
    client_id = uuid4()
    send(browser, "post", url(play, "/answer"), answer_body("One thing.", client_id))

    response = send(browser, "post", url(play, "/answer"), answer_body("Another.", client_id))

    assert_problem(response, 409, "idempotency_conflict")


@pytest.mark.parametrize(("method", "action", "body"), ENDED_BY_A_VERDICT)
def test_a_settled_room(browser: Client, play: Play, method: str, action: str, body: Any):
    play.leave()
    codes = {
        "/answer": "room_settled",
        "/cancel": "nothing_to_cancel",
        "/retry": "nothing_to_retry",
        "/hint": "not_your_turn",
        "/leave": "room_settled",
        "/settings": "room_settled",
    }
    top = play.room.offset
    # A turn that was cut short by leaving counts as cancelled; to cancel it again is no error.
    expected = 202 if action == "/cancel" else 409

    response = send(browser, method, url(play, action), body)

    assert response.status_code == expected
    if expected == 409:
        assert_problem(response, 409, codes[action])
    assert play.room.offset == top


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"turn_id": "t9"}, "nothing_to_cancel"),
        ({"epoch": 9}, "nothing_to_cancel"),
    ],
)
def test_a_cancel_of_another_turn(browser: Client, play: Play, body: Any, code: str):
    assert_problem(send(browser, "post", url(play, "/cancel"), body), 409, code)


def test_no_place_in_the_queue_says_when_to_come_back(browser: Client, play: Play):
    play.speak()
    play.stage.limit = 0

    response = send(browser, "post", url(play, "/answer"), answer_body())

    document = assert_problem(response, 503, "queue_full")
    assert response["retry-after"] == "3"
    assert document["retry_after_s"] == 3


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"\xff\xfe",
        b'{"text": 1, "client_id": "' + CLIENT_ID + b'"}',
        b'{"text": "no id"}',
        b'{"text": "an id", "client_id": "that is none"}',
        b'{"text": null, "client_id": null}',
        b'{"text": "   ", "client_id": "' + CLIENT_ID + b'"}',
        b'{"text": "\\u0000", "client_id": "' + CLIENT_ID + b'"}',
        b'{"text": "half \\ud83d", "client_id": "' + CLIENT_ID + b'"}',
        b'{"text": "' + b"x" * 8_001 + b'", "client_id": "' + CLIENT_ID + b'"}',
        b"[" * 100_000,
    ],
    ids=lambda body: str(body[:40]),
)
def test_bodies_that_are_no_answer(browser: Client, play: Play, body: bytes):
    play.speak()
    top = play.room.offset

    response = browser.post(url(play, "/answer"), data=body, content_type=JSON)

    assert_problem(response, 422, "invalid")
    assert play.room.offset == top


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"scenery": "nowhere"}, 404, "scenery_not_found"),
        ({"scenery": ""}, 404, "scenery_not_found"),
        ({"scenery": "x" * 65}, 422, "invalid"),
        ({"scenery": "a\x00b"}, 422, "invalid"),
        ({"scenery": "\ud83d"}, 422, "invalid"),
        ({"mode": "godmode"}, 422, "invalid"),
        ({"language": "tlh"}, 422, "invalid"),
        ({"strategy": "chaos"}, 422, "invalid"),
        ({"seed": -1}, 422, "invalid"),
        ({"seed": 2**31}, 422, "invalid"),
        ({"seed": "seven"}, 422, "invalid"),
        ({"engine": "steam"}, 422, "invalid"),
        ({"nickname": "x" * 41}, 422, "invalid"),
        ({"nickname": "a\x00b"}, 422, "invalid"),
        ({"nickname": "\ud83d"}, 422, "invalid"),
        ({"resume": {}}, 422, "invalid"),
        ({"resume": None}, 422, "invalid"),
        ({"resume": {"text": "  "}}, 422, "invalid"),
        ({"resume": {"text": "x" * 60_001}}, 413, "resume_too_large"),
        ({"resume": {"sample": "astronaut"}}, 404, "resume_not_found"),
        ({"resume": {"sample": "../../etc/passwd"}}, 404, "resume_not_found"),
        ({"resume": {"id": str(UUID(int=4))}}, 404, "resume_not_found"),
        ({"resume": {"id": "not one"}}, 422, "invalid"),
    ],
    ids=str,
)
def test_rooms_that_cannot_be_opened(play: Play, changes: dict[str, Any], status: int, code: str):
    n_rooms = RoomRow.objects.count()

    response = send(Client(), "post", "/api/rooms", {**ROOM, **changes})

    assert_problem(response, status, code)
    assert RoomRow.objects.count() == n_rooms


@pytest.mark.parametrize(
    "change",
    [
        {"difficulty": 0},
        {"difficulty": 6},
        {"difficulty": "hard"},
        {"pace": "warp"},
        {"strategy": "chaos"},
        {"language": "fr"},
    ],
)
def test_settings_that_do_not_exist(browser: Client, play: Play, change: Any):
    response = send(browser, "patch", url(play, "/settings"), change)

    assert_problem(response, 422, "invalid")
    assert play.kinds()[-1] == "turn.queued"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("delete", ""),
        ("put", ""),
        ("get", "/answer"),
        ("get", "/cancel"),
        ("post", "/settings"),
    ],
)
def test_wrong_methods_change_nothing(browser: Client, play: Play, method: str, path: str):
    response = getattr(browser, method)(url(play, path))

    assert_problem(response, 405, "method_not_allowed")
    assert response["allow"]
    assert play.room.status is Status.INTERVIEWING


@pytest.mark.parametrize("path", ["/api/nothing", "/api/rooms/", f"/api/rooms/{UUID(int=1)}/attic"])
def test_paths_that_lead_nowhere(browser: Client, path: str):
    assert_problem(browser.get(path), 404, "not_found")


def test_a_room_number_that_is_none(browser: Client):
    assert_problem(browser.get("/api/rooms/not-a-uuid"), 422, "invalid")


@pytest.mark.parametrize("path", ["/answer", "/cancel", "/settings"])
def test_more_than_anything_could_need(browser: Client, play: Play, path: str):
    body = b'{"text": "' + b"x" * 4_000_000 + b'"}'
    method = browser.patch if path == "/settings" else browser.post

    response = method(url(play, path), data=body, content_type=JSON)

    assert_problem(response, 413, "request_too_large")


def test_a_database_that_is_away_is_no_fault_of_the_player(
    browser: Client, play: Play, monkeypatch: pytest.MonkeyPatch
):
    def away(**_: object) -> None:
        raise OperationalError("the server closed the connection unexpectedly")

    monkeypatch.setattr(rooms, "leave", away)

    response = send(browser, "post", url(play, "/leave"), {})

    assert_problem(response, 503, "unavailable")
    assert response["retry-after"] == "2"


def test_a_bug_tells_nothing_but_its_number(
    browser: Client, play: Play, monkeypatch: pytest.MonkeyPatch
):
    def broken(**_: object) -> None:
        raise RuntimeError("secret plans")

    monkeypatch.setattr(rooms, "leave", broken)

    document = assert_problem(send(browser, "post", url(play, "/leave"), {}), 500, "internal")

    assert "secret" not in json.dumps(document)


# --- who gets in ----------------------------------------------------------------------------


def test_a_player_with_too_many_open_rooms_is_asked_to_finish_one(
    browser: Client, play: Play, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(rooms, "MAX_LIVE_ROOMS", 1)

    response = send(browser, "post", "/api/rooms", ROOM)

    assert_problem(response, 429, "rate_limited")
    assert response["retry-after"] == "60"
    play.leave()
    assert send(browser, "post", "/api/rooms", ROOM).status_code == 201


def test_a_queue_that_is_away_takes_nothing_and_says_when_to_come_back(
    browser: Client, play: Play, monkeypatch: pytest.MonkeyPatch
):
    play.speak()
    top = play.room.offset

    def away(_stream: str) -> None:
        raise UnavailableError("The queue is away for a moment; try again.")

    body = answer_body()
    with monkeypatch.context() as patched:
        patched.setattr(play.stage, "reserve", away)
        response = send(browser, "post", url(play, "/answer"), body)

    assert_problem(response, 503, "unavailable")
    assert play.room.offset == top
    assert send(browser, "post", url(play, "/answer"), body).status_code == 202
