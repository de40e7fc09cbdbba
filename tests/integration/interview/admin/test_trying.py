"""An author tries what is being written, in a room."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from interview import runtime
from interview.models import Persona, Question, Room, RoomEvent, Scenery
from interview.services import players
from tests.factories.interview import make_persona, make_shelf, store
from tests.fakes.interview import fake_ports
from tests.integration.interview.admin.scene import messages, url

pytestmark = pytest.mark.django_db


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The outside world, in memory."""
    ports = fake_ports()
    monkeypatch.setattr(runtime, "ports", lambda: ports)
    return ports


@pytest.mark.parametrize(
    "find",
    [
        lambda: Persona.objects.get(slug="ben_tester"),
        lambda: Scenery.objects.get(),
        lambda: Question.objects.get(slug="q.ben"),
    ],
    ids=["persona", "scenery", "question"],
)
def test_trying_opens_a_room_and_goes_there(
    author: Client, bank: None, stage: Any, find: Callable[[], Any]
):
    response = author.post(url(find(), "try"))

    room = Room.objects.get()
    assert response.headers["Location"] == reverse("room-page", args=[room.pk])
    assert room.owner == players.from_cookie(response.cookies[players.COOKIE].value)
    assert room.resume.sample


def test_a_question_that_is_tried_is_the_first_to_be_asked(author: Client, bank: None, stage: Any):
    author.post(url(Question.objects.get(slug="q.ben"), "try"))

    planned = RoomEvent.objects.get(type="turn.planned")
    assert planned.data["question_id"] == "q.ben"
    assert Room.objects.get().edition.scenery_version == 0


def test_a_closed_scenery_can_be_tried_by_its_author(author: Client, bank: None, stage: Any):
    Scenery.objects.update(is_open=False)

    author.post(url(Scenery.objects.get(), "try"))

    assert Room.objects.count() == 1


def test_a_persona_without_a_seat_is_told_what_to_do(author: Client, bank: None, stage: Any):
    store(type(make_shelf())(personas={"cy": make_persona(id="cy")}))

    response = author.post(url(Persona.objects.get(slug="cy"), "try"), follow=True)

    assert "Give the persona a seat in a scenery first" in messages(response)
    assert not Room.objects.exists()


def test_trying_takes_a_post_with_the_page_s_token(author: Client, bank: None, stage: Any):
    page = url(Scenery.objects.get(), "try")
    strict = Client(enforce_csrf_checks=True, headers={})
    strict.cookies = author.cookies

    assert author.get(page).status_code == 405
    assert strict.post(page).status_code == 403
    assert not Room.objects.exists()
