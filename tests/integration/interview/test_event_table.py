"""The event log cannot be changed, not even around the code."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from interview.models import Edition, Resume, Room, RoomEvent

pytestmark = pytest.mark.django_db

AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


@pytest.fixture
def fact() -> RoomEvent:
    """A fact in the log of a room."""
    room = Room.objects.create(
        epoch="e1",
        owner=uuid4(),
        token_hash="0" * 64,
        edition=Edition.objects.create(
            pk="0" * 64, scenery_slug="small_court", scenery_version=1, body={}
        ),
        resume=Resume.objects.create(owner=uuid4(), language="en", text="Ada", facts=[]),
        mode="survive",
        language="en",
        status="interviewing",
    )
    return RoomEvent.objects.create(room=room, offset=1, type="room.created", at=AT, data={})


@pytest.mark.parametrize(
    "statement",
    [
        """UPDATE interview_roomevent SET "offset" = 9""",
        "UPDATE interview_roomevent SET data = '{}'",
        "DELETE FROM interview_roomevent",
    ],
)
def test_sql_that_changes_a_fact_is_refused(fact: RoomEvent, statement: str):
    with (
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)

    assert list(RoomEvent.objects.values_list("room", "offset", "type")) == [
        (fact.room_id, 1, "room.created")
    ]


def test_the_log_cannot_be_emptied(fact: RoomEvent):
    with connection.cursor() as cursor:  # another test's clean-up may have lifted the lock
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            "ALTER TABLE interview_roomevent ENABLE TRIGGER interview_roomevent_no_truncate"
        )
    with (
        pytest.raises(IntegrityError, match="TRUNCATE refused"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("TRUNCATE interview_roomevent")

    assert RoomEvent.objects.count() == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda fact: RoomEvent.objects.filter(pk=fact.pk).update(type="room.renamed"),
        lambda fact: RoomEvent.objects.filter(pk=fact.pk).delete(),
        lambda fact: fact.delete(),
    ],
    ids=["update", "delete in bulk", "delete"],
)
def test_the_orm_cannot_change_a_fact_either(
    fact: RoomEvent, change: Callable[[RoomEvent], object]
):
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        change(fact)


def test_saving_a_fact_again_is_refused_before_it_reaches_the_table(fact: RoomEvent):
    fact.type = "room.renamed"

    with pytest.raises(TypeError, match="never changed"):
        fact.save()


def test_two_facts_cannot_have_the_same_place(fact: RoomEvent):
    with pytest.raises(IntegrityError, match="room_offset_once"), transaction.atomic():
        RoomEvent.objects.create(room=fact.room, offset=1, type="x", at=AT, data={})


def test_facts_go_on_being_appended(fact: RoomEvent):
    RoomEvent.objects.create(room=fact.room, offset=2, type="x", at=AT, data={})

    assert list(RoomEvent.objects.values_list("offset", flat=True)) == [1, 2]


def test_the_lock_comes_off_when_the_migration_is_taken_back():
    with connection.schema_editor() as editor:
        migration = _migration()
        migration.operations[0].database_backwards("interview", editor, None, None)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE interview_roomevent SET type = 'x'")
            cursor.execute("SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'interview_roomev%'")
            assert cursor.fetchone() == (0,)
        migration.operations[0].database_forwards("interview", editor, None, None)


def _migration():
    from django.db.migrations.loader import MigrationLoader  # noqa: PLC0415

    return MigrationLoader(connection).get_migration("interview", "0002_append_only")
