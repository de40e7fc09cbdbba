"""Owners, holders of a token, readers of a shared room, strangers and foreign pages."""

from typing import Any
from uuid import uuid4

import pytest
from django.core.signing import Signer
from django.test import Client

from interview.models import Room as RoomRow
from interview.services import players, rooms
from tests.factories.rooms import Play
from tests.integration.interview.api.scene import (
    RESUME,
    ROOM,
    WRITES,
    assert_problem,
    bearer,
    send,
    signed_in,
    url,
)
from tests.integration.interview.conftest import Seat


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
