"""Rooms and their logs are read in the admin and never changed."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from interview.models import Edition, Resume, Room, RoomEvent
from tests.integration.interview.admin.scene import url

pytestmark = pytest.mark.django_db


@pytest.fixture
def room() -> Room:
    """A room with a long log."""
    room = Room.objects.create(
        epoch="e1",
        owner=uuid4(),
        token_hash="5ecret" + "0" * 58,
        edition=Edition.objects.create(
            pk="0" * 64,
            scenery_slug="small_court",
            scenery_version=1,
            body={"scenery": {}, "personas": {}, "questions": {}},
        ),
        resume=Resume.objects.create(owner=uuid4(), language="en", text="Ada", facts=[]),
        mode="survive",
        language="en",
        status="interviewing",
        top_offset=250,
    )
    RoomEvent.objects.bulk_create(
        RoomEvent(
            room=room,
            offset=offset,
            type="turn.segment",
            at=datetime(2026, 11, 21, 9, 0, tzinfo=UTC),
            data={"text": f"piece {offset}"},
        )
        for offset in range(1, 251)
    )
    return room


def test_a_room_shows_its_log_a_page_at_a_time(author: Client, room: Room):
    first = author.get(url(room)).content.decode()
    last = author.get(url(room), {"events": "3"}).content.decode()

    assert "piece 100" in first
    assert "piece 101" not in first
    assert "piece 250" in last
    assert room.token_hash not in first


@pytest.mark.parametrize("model", [Room, RoomEvent, Resume, Edition])
def test_records_are_read_and_never_changed(author: Client, room: Room, model: type[Any]):
    row = model.objects.first()
    name = model._meta.model_name

    assert author.get(reverse(f"admin:interview_{name}_changelist")).status_code == 200
    assert author.get(url(row)).status_code == 200
    assert author.get(reverse(f"admin:interview_{name}_add")).status_code == 403
    assert author.post(url(row), {}).status_code == 403
    assert author.post(url(row, "delete"), {"post": "yes"}).status_code == 403
