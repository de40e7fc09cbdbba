"""The way through a game by the API alone."""

import pytest
from django.test import Client

from interview.services import players
from tests.factories.rooms import Play
from tests.integration.interview.api.scene import JSON, ROOM, answer_body, bearer, send, url

# --- the way through ------------------------------------------------------------------------


def test_a_guest_opens_a_room_and_gets_a_cookie_and_a_token(play: Play):
    guest = Client(enforce_csrf_checks=True)

    response = send(guest, "post", "/api/rooms", {**ROOM, "seed": 3})

    assert response.status_code == 201
    room = response.json()
    contract = {
        *("id", "scenery", "scenery_version", "mode", "language", "status", "round", "hp"),
        *("approval", "convinced", "turn", "epoch", "offset", "result", "settings", "links"),
    }
    assert contract | {"room_token"} <= set(room)
    assert (room["status"], room["round"], room["hp"], room["offset"], room["result"]) == (
        "interviewing",
        1,
        100,
        6,
        None,
    )
    assert room["turn"] == {"id": "t1", "speaker": "ada", "state": "queued", "epoch": 1}
    assert room["links"]["events"] == f"/api/rooms/{room['id']}/events"
    cookie = response.cookies[players.COOKIE]
    assert (bool(cookie["httponly"]), cookie["samesite"]) == (True, "Lax")
    assert guest.get(f"/api/rooms/{room['id']}").status_code == 200
    assert bearer(room["room_token"]).get(f"/api/rooms/{room['id']}").status_code == 200


def test_the_token_is_told_once(browser: Client, play: Play):
    assert "room_token" not in browser.get(url(play)).json()


@pytest.mark.parametrize("who", ["browser", "program"])
def test_a_whole_round_by_api(play: Play, browser: Client, who: str):
    client = browser if who == "browser" else bearer(play.token)
    play.speak()
    body = answer_body()

    first = send(client, "post", url(play, "/answer"), body)
    again = send(client, "post", url(play, "/answer"), body)

    assert first.status_code == again.status_code == 202
    assert first.json() == again.json() == {"turn_id": "t2", "round": 1, "offset": 11}
    cancelled = [send(client, "post", url(play, "/cancel"), {}) for _ in range(2)]
    assert [response.status_code for response in cancelled] == [202, 202]
    assert cancelled[0].json() == {"turn_id": "t2", "state": "cancelled"}
    assert send(client, "post", url(play, "/retry"), {}).json()["turn_id"] == "t3"
    changed = send(client, "patch", url(play, "/settings"), {"pace": "brisk"}).json()
    assert changed["settings"]["pace"] == "brisk"
    play.speak()
    assert send(client, "post", url(play, "/hint"), {}).json() == {"hint": "From __ to __."}
    left = send(client, "post", url(play, "/leave"), {}).json()
    assert (left["status"], left["result"]) == ("settled", "abandoned")


def test_a_cancel_needs_no_body(play: Play):
    response = bearer(play.token).post(url(play, "/cancel"), data=b"", content_type=JSON)

    assert response.status_code == 202


# --- who gets in ----------------------------------------------------------------------------


def test_the_sceneries_are_open_to_everybody(play: Play):
    response = Client().get("/api/sceneries")

    assert response.status_code == 200
    assert response.json() == []
