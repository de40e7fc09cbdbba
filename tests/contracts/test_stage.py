"""What the game may rely on where turns are spoken; on the fake and on the gateway."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
import redis

from gateway import runtime as gateway_runtime
from gateway.domain.admission import AdmissionPolicy, QueuePolicy
from interview.adapters.gateway_stage import GatewayStage
from interview.domain.ports import (
    Place,
    QueueView,
    Refusal,
    Said,
    SaidSoFar,
    SpeakerGoneError,
    Speech,
    SpeechEnded,
    SpeechFirstToken,
    SpeechPiece,
    SpeechSegment,
    SpeechStarted,
    Stage,
)
from tests.fakes.interview import FakeStage

TEXT = "Which number changed, and who measured it? 哪个数字变了，谁量的？"
LIMIT = 3


@dataclass(frozen=True, slots=True)
class StageTwin:
    """A stage whose queue holds three, and the same one degrading past its limit."""

    port: Stage
    degrade: Callable[[], None]


@pytest.fixture
def stage(
    twin: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[StageTwin]:
    """The stage under test."""
    if twin == "memory":
        fake = FakeStage(limit=LIMIT)

        def degrade_fake() -> None:
            fake.is_degrading, fake.limit = True, 1_000

        yield StageTwin(fake, degrade_fake)
        return
    client: redis.Redis = request.getfixturevalue("redis_client")
    assert client.dbsize() == 0
    queues = gateway_runtime.ports().queues

    def allow(policy: AdmissionPolicy) -> None:
        # One runs at most, so what counts as waiting is what was reserved.
        bounds = QueuePolicy(concurrency=1, limit=LIMIT - 1, on_full=policy)
        monkeypatch.setitem(queues, "turns", bounds)  # type: ignore[arg-type]

    allow(AdmissionPolicy.REJECT)
    yield StageTwin(GatewayStage(), lambda: allow(AdmissionPolicy.DEGRADE))


def speech(*, room: UUID | None = None, epoch: int = 1, pace: float = 5_000.0) -> Speech:
    """Return a turn of a room of its own."""
    return Speech(
        room_id=room or uuid4(),
        turn_id="t1",
        epoch=epoch,
        speaker="ada",
        text=TEXT,
        characters_per_second=pace,
        seed=7,
    )


def kinds(pieces: list[SpeechPiece]) -> list[type[SpeechPiece]]:
    """Return the kinds of the pieces, segments once however many there are."""
    found: list[type[SpeechPiece]] = []
    for piece in pieces:
        if not (found and isinstance(piece, SpeechSegment) and found[-1] is SpeechSegment):
            found.append(type(piece))
    return found


def end_of(pieces: list[SpeechPiece]) -> SpeechEnded:
    """Return the one end, which is the last piece."""
    (end,) = [piece for piece in pieces if isinstance(piece, SpeechEnded)]
    assert pieces[-1] is end
    return end


def test_a_turn_begins_speaks_and_ends_with_all_its_text(stage: StageTwin):
    pieces = list(stage.port.speak(speech()))

    assert kinds(pieces) == [SpeechStarted, SpeechFirstToken, SpeechSegment, SpeechEnded]
    end = end_of(pieces)
    assert (end.text, end.failure, end.cancelled_by) == (TEXT, None, None)
    segments = [piece for piece in pieces if isinstance(piece, SpeechSegment)]
    assert "".join(segment.text for segment in segments) == TEXT
    assert [segment.upto_seq for segment in segments] == sorted(
        {segment.upto_seq for segment in segments}
    )


def test_an_epoch_of_a_turn_is_spoken_once(stage: StageTwin):
    spoken = speech()
    list(stage.port.speak(spoken))

    with pytest.raises(SpeakerGoneError):
        list(stage.port.speak(spoken))


def test_while_one_speaks_another_may_not(stage: StageTwin):
    spoken = speech(pace=40.0)
    speaking = stage.port.speak(spoken)
    next(speaking)

    with pytest.raises(SpeakerGoneError):
        next(stage.port.speak(spoken))
    assert stage.port.spoken_now([spoken.stream_id, "other.t1.1"]) == {spoken.stream_id}
    speaking.close()


def test_nobody_speaks_once_a_turn_is_over(stage: StageTwin):
    spoken = speech()
    list(stage.port.speak(spoken))

    assert stage.port.spoken_now([spoken.stream_id]) == set()
    assert stage.port.queue(spoken.stream_id) == QueueView(None, 0, 0)


def test_an_interrupted_turn_keeps_what_was_said_and_says_by_whom(stage: StageTwin):
    spoken = speech(pace=40.0)
    pieces: list[SpeechPiece] = []
    for piece in stage.port.speak(spoken):
        pieces.append(piece)
        if isinstance(piece, SpeechFirstToken):
            assert stage.port.interrupt(spoken.stream_id, by="user")
            assert not stage.port.interrupt(spoken.stream_id, by="somebody later")

    end = end_of(pieces)
    assert (end.cancelled_by, end.failure, end.provider_closed) == ("user", None, True)
    assert TEXT.startswith(end.text)
    assert end.text == "".join(piece.text for piece in pieces if isinstance(piece, SpeechSegment))


def test_a_turn_interrupted_before_it_began_only_ends(stage: StageTwin):
    spoken = speech()
    stage.port.interrupt(spoken.stream_id, by="user")

    (end,) = stage.port.speak(spoken)

    assert isinstance(end, SpeechEnded)
    assert (end.text, end.cancelled_by) == ("", "user")


def test_an_interrupt_of_one_epoch_leaves_the_next_alone(stage: StageTwin):
    room = uuid4()
    stage.port.interrupt(speech(room=room).stream_id, by="user")

    assert end_of(list(stage.port.speak(speech(room=room, epoch=2)))).text == TEXT


def test_places_are_counted_and_asking_twice_takes_one(stage: StageTwin):
    assert [stage.port.reserve(name) for name in ("a", "b", "a", "c")] == [
        Place(0),
        Place(1),
        Place(0),
        Place(2),
    ]
    assert stage.port.queue("b") == QueueView(1, 3, 0)


def test_past_the_limit_there_is_no_place_but_a_time_to_come_back(stage: StageTwin):
    for name in "abc":
        stage.port.reserve(name)

    refusal = stage.port.reserve("d")

    assert isinstance(refusal, Refusal)
    assert refusal.reason == "queue_full"
    assert refusal.retry_after_seconds >= 1


def test_a_place_given_back_is_free_for_somebody_else(stage: StageTwin):
    for name in "abc":
        stage.port.reserve(name)
    stage.port.give_back("b")
    stage.port.give_back("b")
    stage.port.give_back("never had one")

    assert isinstance(stage.port.reserve("d"), Place)
    assert isinstance(stage.port.reserve("b"), Refusal)


def test_a_turn_that_is_spoken_gives_its_place_back(stage: StageTwin):
    spoken = speech()
    stage.port.reserve(spoken.stream_id)
    list(stage.port.speak(spoken))

    assert stage.port.queue(spoken.stream_id) == QueueView(None, 0, 0)


def test_past_the_limit_a_degrading_queue_gives_a_lesser_place(stage: StageTwin):
    for name in "abc":
        stage.port.reserve(name)
    stage.degrade()

    place = stage.port.reserve("d")

    assert isinstance(place, Place)
    assert place.is_degraded


async def test_words_come_whole_to_whoever_listens_afterwards(stage: StageTwin):
    spoken = speech()
    await asyncio.to_thread(lambda: list(stage.port.speak(spoken)))

    text, seq = "", 0
    words = stage.port.words(spoken.stream_id)
    async for batch in words:
        for word in batch:
            if isinstance(word, SaidSoFar):
                text, seq = word.text, word.upto_seq
            elif isinstance(word, Said):
                assert word.seq == seq + 1
                text, seq = text + word.text, word.seq
        if text == TEXT:
            break
    await words.aclose()

    assert text == TEXT
