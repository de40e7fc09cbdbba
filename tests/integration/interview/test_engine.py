"""Who plays: what a player asks for, what the house has, and what the pages say about it."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from interview import runtime
from interview.domain.ports import ModelPolicy, Ports
from interview.domain.room import Engine
from interview.services import rooms
from tests.fakes.interview import FakeCounsel, FakeOutbox, FakeStage
from tests.integration.interview.conftest import Seat

ROUTE = "panel"


def house(
    monkeypatch: pytest.MonkeyPatch, *, speaker: str = "", routes: tuple[str, ...] = ()
) -> Ports:
    """Let the pages find a house with these routes, one of which may speak."""
    counsel = FakeCounsel(dict.fromkeys(routes, "…"))
    ports = Ports(FakeStage(), FakeOutbox(), counsel, ModelPolicy(speaker=speaker))
    monkeypatch.setattr(runtime, "ports", lambda: ports)
    return ports


def open_room(engine: str) -> tuple[int, dict[str, Any]]:
    """Ask for a room that is played like this."""
    body = {
        "scenery": "court",
        "mode": "survive",
        "language": "en",
        "resume": {"text": "I cut latency from 820ms to 310ms at a bank in six weeks."},
        "engine": engine,
    }
    answer = Client().post("/api/rooms", body, content_type="application/json")
    return answer.status_code, answer.json()


@pytest.mark.usefixtures("edition")
@pytest.mark.parametrize(
    ("speaker", "routes", "asked", "given"),
    [
        ("", (), "auto", "scripted"),
        ("", (ROUTE,), "auto", "scripted"),
        (ROUTE, (), "auto", "scripted"),
        (ROUTE, (ROUTE,), "auto", "model"),
        (ROUTE, (ROUTE,), "scripted", "scripted"),
        (ROUTE, (ROUTE,), "model", "model"),
    ],
)
def test_a_room_is_played_by_what_was_asked_for_as_far_as_the_house_has_it(
    monkeypatch: pytest.MonkeyPatch,
    speaker: str,
    routes: tuple[str, ...],
    asked: str,
    given: str,
):
    house(monkeypatch, speaker=speaker, routes=routes)

    status, room = open_room(asked)

    assert (status, room["engine"]) == (201, given)


@pytest.mark.usefixtures("edition")
@pytest.mark.parametrize(("speaker", "routes"), [("", (ROUTE,)), (ROUTE, ())])
def test_a_model_that_is_not_there_is_refused_with_a_code_of_its_own(
    monkeypatch: pytest.MonkeyPatch, speaker: str, routes: tuple[str, ...]
):
    house(monkeypatch, speaker=speaker, routes=routes)

    status, problem = open_room("model")

    assert (status, problem["code"]) == (409, "engine_unavailable")


@pytest.mark.parametrize(
    ("engine", "language", "words"),
    [
        (Engine.MODEL, "en", "A model finds the panel's words."),
        (Engine.MODEL, "zh-hans", "堂上的话由模型来说。"),
        (Engine.SCRIPTED, "en", "The panel speaks from a script."),
        (Engine.SCRIPTED, "zh-hans", "堂上照剧本说话。"),
    ],
)
def test_the_room_says_who_finds_the_words(
    seat: Seat, monkeypatch: pytest.MonkeyPatch, engine: Engine, language: str, words: str
):
    ports = house(monkeypatch, speaker=ROUTE, routes=(ROUTE,))
    play = seat(engine=engine, ports=ports)
    client = Client(headers={"accept-language": language})

    link = {"token": rooms.share(room_id=play.room_id)}
    page = client.get(reverse("room-page", args=[play.room_id]), link).content.decode()

    assert f'data-engine="{engine.value}"' in page
    assert words in page
