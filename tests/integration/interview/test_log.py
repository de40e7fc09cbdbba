"""The log of whole games: it adds up from any snapshot, and the same game gives the same log."""

from itertools import pairwise
from typing import Any
from uuid import UUID

import msgspec
import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from interview import selectors
from interview.domain import events as ev
from interview.domain.errors import IllegalTransitionError, RoomNotFoundError
from interview.domain.events import EventType
from interview.domain.ports import SpeechPiece, SpeechSegment
from interview.domain.room import Pace, Record, Room, fold, state_hash
from interview.domain.scenery import Mode, Strategy
from interview.models import RoomEvent
from interview.services import event_codec, event_log, hints
from tests.factories.rooms import GOOD_ANSWERS, POOR_ANSWER, Play
from tests.integration.interview.conftest import Seat

GAMES = [
    (mode, strategy, skill) for mode in Mode for strategy in Strategy for skill in (1.0, 0.5, 0)
]


def play_on(play: Play, *, skill: float, rounds: int = 7) -> Play:
    """Play so many rounds with everything a candidate can do on the way."""
    for number in range(rounds):
        if play.room.result is not None:
            break
        if number == 1:
            play.cancel()
            play.retry()
        if number == 2:
            play.stage.failing_after = 9
            play.speak()
            play.stage.failing_after = None
            play.change(pace=Pace.BRISK, difficulty=3)
            play.retry()
        play.stage.segment_characters = 5 + number
        play.speak()
        if number == 3:
            hints.take_hint(room_id=play.room_id, ports=play.ports)
        is_good = number % 10 < skill * 10
        play.answer(
            GOOD_ANSWERS[number % len(GOOD_ANSWERS)] if is_good else POOR_ANSWER,
            client_id=UUID(int=number),
        )
    return play


@pytest.fixture(params=GAMES, ids=lambda game: "-".join(map(str, game)))
def played(request: pytest.FixtureRequest, seat: Seat) -> Play:
    """A game as far as it went."""
    mode, strategy, skill = request.param
    return play_on(seat(mode=mode, strategy=strategy, seed=11), skill=skill)


def test_a_game_folds_to_the_same_room_from_every_snapshot(played: Play):
    log = played.log
    whole = fold(Room(), log)

    assert [event.offset for event in log] == list(range(1, len(log) + 1))
    for cut in range(len(log) + 1):
        snapshot = fold(Room(), log[:cut])
        stored = msgspec.convert(msgspec.to_builtins(snapshot), Room)
        assert fold(stored, log[cut:]) == whole
        assert state_hash(fold(stored, log[cut:])) == state_hash(whole)
    assert played.room == whole


def test_every_fact_survives_its_way_to_the_wire_and_back(played: Play):
    for event in played.log:
        stored = msgspec.json.decode(msgspec.json.encode(event_codec.to_json(event.payload)))
        assert event_codec.from_json(event.type.value, stored) == event.payload


def test_times_never_run_backwards(played: Play):
    assert all(earlier.at <= later.at for earlier, later in pairwise(played.log))


def without_ids(play: Play) -> list[Any]:
    """Return the log as it would be told, without times and random ids."""
    told = []
    for row in RoomEvent.objects.filter(room_id=play.room_id).order_by("offset"):
        data = {key: value for key, value in row.data.items() if key != "resume_id"}
        told.append((row.offset, row.type, row.turn_id, data))
    return told


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("strategy", list(Strategy))
def test_the_same_seed_and_answers_give_the_same_log(seat: Seat, mode: Mode, strategy: Strategy):
    one, other = (play_on(seat(mode=mode, strategy=strategy, seed=42), skill=0.5) for _ in range(2))

    assert without_ids(one) == without_ids(other)
    assert one.room.offset > 30


def test_another_seed_gives_another_game(seat: Seat):
    games = [
        [data.get("question_id") for _, _, _, data in without_ids(play_on(seat(seed=n), skill=1))]
        for n in range(3)
    ]

    assert games[0] != games[1] or games[1] != games[2]


def test_the_snapshot_stays_behind_while_words_come_and_catches_up_after(play: Play):
    play.stage.segment_characters = 4
    distances: list[int] = []

    def look(piece: SpeechPiece) -> None:
        row = play.row
        distances.append(row.top_offset - row.snapshot_offset)
        assert play.room == fold(Room(), play.log)
        if isinstance(piece, SpeechSegment) and len(distances) == 4:
            play.change(difficulty=5)

    play.stage.after = look
    play.speak()

    assert distances[:4] == [0, 1, 2, 3]
    assert distances[4] == 1
    assert distances[-1] == 0


def test_a_fact_is_never_changed_or_removed(play: Play):
    fact = RoomEvent.objects.filter(room_id=play.room_id).order_by("offset")[2]
    everything = RoomEvent.objects.filter(room_id=play.room_id)
    attempts = [
        lambda: everything.update(type="nothing.happened"),
        lambda: everything.filter(pk=fact.pk).delete(),
        lambda: RoomEvent.objects.bulk_update([fact], ["data"]),
    ]
    fact.data = {}
    with pytest.raises(TypeError):
        fact.save()
    for attempt in attempts:
        with pytest.raises(IntegrityError), transaction.atomic():
            attempt()

    assert fold(Room(), play.log) == play.room


def test_readers_hear_a_question_when_it_is_said_and_the_log_keeps_it(play: Play):
    planned = RoomEvent.objects.get(room_id=play.room_id, type=EventType.TURN_PLANNED)
    told = next(f for f in selectors.facts_after(play.room_id, 0) if f["type"] == planned.type)

    play.speak()
    said = selectors.facts_after(play.room_id, planned.offset)[-1]

    assert planned.data["text"] == play.room.planned_text != ""
    assert told["data"] == {**planned.data, "text": ""}
    assert (said["type"], said["data"]["text"]) == ("turn.done", planned.data["text"])


def test_two_facts_cannot_share_an_offset(play: Play):
    fact = RoomEvent.objects.filter(room_id=play.room_id).order_by("-offset")[0]
    fact.pk, fact._state.adding = None, True

    with pytest.raises(IntegrityError), transaction.atomic():
        fact.save()


def test_a_fact_that_cannot_follow_is_refused_before_anything_is_written(play: Play):
    record = Record(play.room, timezone.now())

    with pytest.raises(IllegalTransitionError):
        record.add(ev.AnswerSubmitted("too early", "id"), "t1")

    assert record.events == []
    assert play.count(EventType.ANSWER_SUBMITTED) == 0


def test_a_room_that_does_not_exist_has_no_log(play: Play):
    nowhere = UUID(int=0)

    with pytest.raises(RoomNotFoundError):
        event_log.load(nowhere)
    assert event_log.read(nowhere) == []
    assert selectors.top_offsets([nowhere]) == {}


def test_a_page_of_the_log_can_be_asked_for(play: Play):
    assert [event.offset for event in event_log.read(play.room_id, after=2, limit=3)] == [3, 4, 5]


def test_facts_decided_on_an_older_room_are_not_written(play: Play):
    before = play.room
    play.change(difficulty=5)
    record = Record(before, timezone.now())
    record.add(ev.SettingsChanged(difficulty=1))

    is_written = event_log.append_next(play.room_id, record, outbox=play.ports.outbox)

    assert not is_written
    assert play.room.difficulty == 5
    assert fold(Room(), play.log) == play.room


def test_facts_decided_on_the_room_as_it_is_are_written_without_a_lock(play: Play):
    record = Record(play.room, timezone.now())
    record.add(ev.SettingsChanged(difficulty=1))

    is_written = event_log.append_next(play.room_id, record, outbox=play.ports.outbox)

    assert is_written
    assert play.room == record.room == fold(Room(), play.log)
    assert play.row.snapshot_offset == play.row.top_offset == record.room.offset
