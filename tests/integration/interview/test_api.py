"""The REST API: who gets in, what is refused, and how it says so."""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.signing import Signer
from django.db import OperationalError
from django.test import Client

from interview import runtime
from interview.domain.errors import UnavailableError
from interview.domain.ports import Ports
from interview.domain.room import Status
from interview.models import Room as RoomRow
from interview.services import players, rooms
from tests.factories.rooms import GOOD_ANSWER, Play
from tests.fakes.interview import fake_ports
from tests.integration.interview.conftest import Seat

JSON = "application/json"
CLIENT_ID = str(UUID(int=5)).encode()
PROBLEM = "application/problem+json"
RESUME = {"text": "Cut latency to 310ms\nBuilt the Redis cache"}
ROOM = {"scenery": "court", "mode": "survive", "language": "en", "resume": RESUME}


@pytest.fixture(autouse=True)
def ports(monkeypatch: pytest.MonkeyPatch) -> Ports:
    """The outside world of the process under test, in memory."""
    ports = fake_ports()
    monkeypatch.setattr(runtime, "ports", lambda: ports)
    return ports


@pytest.fixture
def play(seat: Seat, ports: Ports) -> Play:
    """A room whose first question waits for a worker."""
    return seat(ports=ports)


@pytest.fixture
def browser(play: Play) -> Client:
    """The owner's browser on a page of ours: the cookie and the page's token."""
    return signed_in(play.owner)


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


@pytest.mark.parametrize(
    "stranger",
    [
        "nobody",
        "another player",
        "wrong token",
        "empty token",
        "another room's token",
        "forged",
        "mangled",
        "unsigned",
        "signed for something else",
        "not a player",
        "a token as a cookie",
    ],
)
@pytest.mark.parametrize(("method", "action", "body"), [("get", "", None), *WRITES])
def test_a_stranger_finds_no_such_room(
    seat: Seat, play: Play, stranger: str, method: str, action: str, body: Any
):
    top = play.room.offset
    client = strangers(seat, play)[stranger]

    response = (
        client.get(url(play, action))
        if body is None
        else send(client, method, url(play, action), body)
    )

    assert_problem(response, 404, "not_found")
    assert play.room.offset == top


def strangers(seat: Seat, play: Play) -> dict[str, Client]:
    """Return everybody who has no business in this room."""
    signed = players.cookie_value(play.owner)
    value, _, signature = signed.rpartition(":")

    def with_cookie(cookie: str) -> Client:
        client = signed_in(play.owner)
        client.cookies[players.COOKIE] = cookie
        return client

    return {
        "nobody": Client(enforce_csrf_checks=True),
        "another player": signed_in(uuid4()),
        "wrong token": bearer("x" * 32),
        "empty token": bearer(""),
        "another room's token": bearer(seat(ports=play.ports).token),
        "forged": with_cookie(f"{value}:{signature[::-1]}"),
        "mangled": with_cookie(signed[:-3]),
        "unsigned": with_cookie(str(play.owner)),
        "signed for something else": with_cookie(Signer(salt="else").sign(str(play.owner))),
        "not a player": with_cookie(players._signer.sign("root")),
        "a token as a cookie": with_cookie(play.token),
    }


def test_a_share_token_reads_and_does_nothing_else(play: Play):
    RoomRow.objects.filter(pk=play.room_id).update(share_token_hash=rooms.token_hash("look"))

    assert bearer("look").get(url(play)).status_code == 200
    assert Client().get(url(play) + "?token=look").status_code == 200
    for method, action, body in WRITES:
        assert_problem(send(bearer("look"), method, url(play, action), body), 404, "not_found")


def test_sharing_again_takes_the_old_link_back(browser: Client, play: Play):
    links = [send(browser, "post", url(play, "/share"), {}).json() for _ in range(2)]
    old, new = (str(link["page"]).partition("token=")[2] for link in links)

    assert old != new
    assert bearer(new).get(url(play)).status_code == 200
    assert_problem(bearer(old).get(url(play)), 404, "not_found")


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


def test_a_room_that_was_never_shared_is_not_read_with_an_empty_token(play: Play):
    assert_problem(Client().get(url(play) + "?token="), 404, "not_found")


@pytest.mark.parametrize(("method", "action", "body"), WRITES)
def test_a_foreign_page_cannot_act_with_the_players_cookie(
    play: Play, method: str, action: str, body: Any
):
    browser = signed_in(play.owner)
    del browser.defaults["HTTP_X_CSRFTOKEN"]
    top = play.room.offset

    assert_problem(send(browser, method, url(play, action), body), 403, "csrf_failed")
    assert play.room.offset == top


def test_a_foreign_page_cannot_open_rooms_in_a_players_name(play: Play):
    browser = signed_in(play.owner)
    browser.defaults["HTTP_X_CSRFTOKEN"] = "b" * 32

    assert_problem(send(browser, "post", "/api/rooms", ROOM), 403, "csrf_failed")
    assert_problem(send(browser, "post", "/api/resumes", RESUME), 403, "csrf_failed")


def test_reading_needs_no_page(play: Play):
    browser = signed_in(play.owner)
    del browser.defaults["HTTP_X_CSRFTOKEN"]

    assert browser.get(url(play)).status_code == 200


def test_somebody_elses_resume_cannot_be_played(play: Play):
    stranger = signed_in(uuid4())

    response = send(
        stranger, "post", "/api/rooms", {**ROOM, "resume": {"id": str(play.row.resume_id)}}
    )

    assert_problem(response, 404, "resume_not_found")


def test_the_sceneries_are_open_to_everybody(play: Play):
    response = Client().get("/api/sceneries")

    assert response.status_code == 200
    assert response.json() == []
