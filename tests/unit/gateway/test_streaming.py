"""A spoken turn: deltas to the relay, segments and one outcome to the record."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from gateway.domain.errors import LeaseHeldError, ProviderUnavailableError
from gateway.domain.messages import (
    ChatRequest,
    Delta,
    Finish,
    FinishReason,
    Retract,
    Start,
    TextDelta,
    Usage,
    UsageSource,
)
from gateway.domain.ports import LeaseClaim, Ports
from gateway.domain.relay import End
from gateway.domain.speech import FirstToken, Outcome, Segment, SpeechOrder, Started, Ticket
from gateway.services import streaming
from gateway.services.heartbeat import Heart
from tests.fakes.gateway import FakeProvider, MemoryRelay, Recorder, make_ports

START = Start("q", "fake", "m")
DONE = Finish(FinishReason.STOP, Usage(3, 9, UsageSource.PROVIDER))
ORDER = SpeechOrder(
    stream_id="room.t1.1",
    lease_id="room.t1",
    epoch=1,
    request=ChatRequest("q", "fake", "m"),
    ticket=Ticket("turns", "t1"),
    attributes={"game.room.id": "room"},
)


@dataclass(slots=True)
class Stage:
    """A turn that is being spoken."""

    ports: Ports
    heart: Heart
    outbox: Recorder
    task: asyncio.Task[None]

    @property
    def relay(self) -> MemoryRelay:
        """The relay it is spoken into."""
        assert isinstance(self.ports.relay, MemoryRelay)
        return self.ports.relay

    @property
    def outcome(self) -> Outcome:
        """The last piece."""
        last = self.outbox.pieces[-1]
        assert isinstance(last, Outcome)
        return last

    @property
    def segments(self) -> str:
        """The segments' texts, joined."""
        return "".join(p.text for p in self.outbox.pieces if isinstance(p, Segment))


@asynccontextmanager
async def stage(*steps: Delta | BaseException | None) -> AsyncIterator[Stage]:
    """Begin a turn in which the provider takes the steps."""
    provider = FakeProvider(*steps)
    ports = make_ports(provider=provider)
    heart = Heart(ports, beat_seconds=60)
    outbox = Recorder()
    task = asyncio.create_task(
        streaming.speak(order=ORDER, ports=ports, heart=heart, outbox=outbox)
    )
    if None in steps:
        await provider.is_hanging.wait()
    else:
        await asyncio.wait([task])
    yield Stage(ports, heart, outbox, task)
    task.cancel()
    await asyncio.wait([task])


async def test_a_turn_is_started_first_token_segments_and_one_outcome() -> None:
    async with stage(START, TextDelta("Who "), TextDelta("owned it?"), DONE) as spoken:
        started, first, segment, outcome = spoken.outbox.pieces

    assert started == Started("fake", "m", "primary", 0.0, 0)
    assert isinstance(first, FirstToken)
    assert isinstance(segment, Segment)
    assert isinstance(outcome, Outcome)
    assert (segment.text, segment.upto_seq) == ("Who owned it?", 2)
    assert (outcome.text, outcome.finish, outcome.usage) == (
        "Who owned it?",
        FinishReason.STOP,
        DONE.usage,
    )


async def test_the_relay_carries_the_same_text_and_the_reason_of_the_end() -> None:
    async with stage(START, TextDelta("Who "), TextDelta("owned it?"), DONE) as spoken:
        assert spoken.relay.text("room.t1.1") == "Who owned it?"
        assert spoken.relay.stored["room.t1.1"][-1] == End(2, "stop")


async def test_a_long_text_is_cut_every_two_hundred_characters() -> None:
    async with stage(START, *[TextDelta("0123456789")] * 45, DONE) as spoken:
        segments = [piece for piece in spoken.outbox.pieces if isinstance(piece, Segment)]

    assert [len(segment.text) for segment in segments] == [200, 200, 50]
    assert [segment.upto_seq for segment in segments] == [20, 40, 45]
    assert spoken.segments == spoken.outcome.text


async def test_what_a_silent_provider_left_lying_is_made_durable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(streaming, "SEGMENT_SECONDS", 0.0)
    async with stage(START, TextDelta("So..."), None) as spoken:
        while not spoken.segments:  # noqa: ASYNC110  the timer fires in the loop's next rounds
            await asyncio.sleep(0)

        assert spoken.segments == "So..."


async def test_a_full_outbox_keeps_the_text_for_the_next_segment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(streaming, "SEGMENT_SECONDS", 0.0)
    async with stage(START, TextDelta("So..."), None) as spoken:
        spoken.outbox.is_full = True
        for _ in range(5):
            await asyncio.sleep(0)
        assert spoken.segments == ""

        await streaming.cancel(stream_id="room.t1.1", by="user", ports=spoken.ports)
        await spoken.task

        assert spoken.segments == spoken.outcome.text == "So..."


async def test_a_cancel_keeps_the_text_and_names_who_stopped() -> None:
    async with stage(START, TextDelta("Show me"), None) as spoken:
        assert await streaming.cancel(stream_id="room.t1.1", by="user", ports=spoken.ports)
        assert not await streaming.cancel(stream_id="room.t1.1", by="user", ports=spoken.ports)
        await spoken.task

        outcome = spoken.outcome

    assert (outcome.text, outcome.finish, outcome.cancelled_by, outcome.provider_closed) == (
        "Show me",
        FinishReason.CANCELLED,
        "user",
        True,
    )
    assert outcome.cancel_latency_ms is not None
    assert spoken.segments == "Show me"
    assert spoken.relay.stored["room.t1.1"][-1] == End(1, "cancelled")


async def test_a_failure_keeps_the_text_and_says_whether_to_try_again() -> None:
    async with stage(START, TextDelta("Sho"), ProviderUnavailableError("down")) as spoken:
        outcome = spoken.outcome

    assert outcome.failure is not None
    assert (outcome.text, outcome.finish) == ("Sho", FinishReason.ERROR)
    assert (outcome.failure.code, outcome.failure.retryable) == ("provider_unavailable", True)
    assert spoken.relay.stored["room.t1.1"][-1] == End(1, "error")


async def test_what_is_taken_back_ends_the_turn_where_it_was_heard() -> None:
    async with stage(START, TextDelta("Sho"), Retract("filter"), TextDelta("w"), DONE) as spoken:
        outcome = spoken.outcome

    assert (outcome.text, outcome.finish) == ("Sho", FinishReason.CONTENT_FILTER)
    assert spoken.relay.stored["room.t1.1"][-1] == End(1, "content_filter")


async def test_a_turn_is_alive_while_it_is_spoken_and_not_after() -> None:
    async with stage(START, TextDelta("a"), None) as spoken:
        ids = ("room.t1", "room.t2")
        assert await streaming.alive(lease_ids=ids, ports=spoken.ports) == {"room.t1"}

        await streaming.cancel(stream_id="room.t1.1", by="user", ports=spoken.ports)
        await spoken.task

        assert await streaming.alive(lease_ids=ids, ports=spoken.ports) == set()


async def test_the_second_worker_for_an_epoch_is_turned_away_without_a_piece() -> None:
    async with stage(START, TextDelta("a"), None) as spoken:
        other = Recorder()

        with pytest.raises(LeaseHeldError):
            await streaming.speak(order=ORDER, ports=spoken.ports, heart=spoken.heart, outbox=other)

        assert other.pieces == []


async def test_a_newer_epoch_ends_the_older_one_as_fenced() -> None:
    async with stage(START, TextDelta("old"), None) as spoken:
        await spoken.ports.leases.acquire(LeaseClaim("room.t1", epoch=2, owner="new"))

        await spoken.heart.beat()
        await spoken.task

        outcome = spoken.outcome
        assert outcome.failure is not None
        assert (outcome.finish, outcome.failure.code) == (FinishReason.ERROR, "fenced")
        assert outcome.cancelled_by is None
        assert await streaming.alive(lease_ids=("room.t1",), ports=spoken.ports) == {"room.t1"}


async def test_a_turn_lives_until_its_outcome_is_written_down() -> None:
    async with stage(START, None) as spoken:
        spoken.outbox.pen.clear()
        await streaming.cancel(stream_id=ORDER.stream_id, by="user", ports=spoken.ports)
        await spoken.outbox.is_asked_for_pen.wait()
        assert await streaming.alive(lease_ids=("room.t1",), ports=spoken.ports) == {"room.t1"}

        spoken.outbox.pen.set()
        await spoken.task

        assert await streaming.alive(lease_ids=("room.t1",), ports=spoken.ports) == set()


async def test_a_turn_that_is_abandoned_ends_its_stream_and_frees_its_lease() -> None:
    async with stage(START, TextDelta("a"), None) as spoken:
        spoken.task.cancel()
        await asyncio.wait([spoken.task])

        assert spoken.relay.stored["room.t1.1"][-1] == End(1, "error")
        assert await streaming.alive(lease_ids=("room.t1",), ports=spoken.ports) == set()
