"""What a newer release makes of the rows of an older one."""

from importlib import import_module

from django.db import connection

from interview.models import Room as RoomRow
from interview.services import event_log
from tests.factories.rooms import Play


def test_the_good_answers_counted_by_an_older_release_still_count(play: Play):
    renaming = import_module("interview.migrations.0003_good_answers").Migration.operations[0]
    snapshot = play.row.snapshot
    del snapshot["n_good"]
    RoomRow.objects.update(snapshot={**snapshot, "n_brilliant": 2})

    with connection.cursor() as cursor:
        cursor.execute(renaming.sql)
        cursor.execute(renaming.sql)

    assert event_log.load(play.room_id).n_good == 2
    assert play.row.snapshot == {**snapshot, "n_good": 2}
    with connection.cursor() as cursor:
        cursor.execute(renaming.reverse_sql)
    assert play.row.snapshot == {**snapshot, "n_brilliant": 2}
