"""A turn with an editor: what the model may not say is not said, and the turn is finished."""

import asyncio
from dataclasses import dataclass, field, replace

from gateway.domain.caller import Caller
from gateway.domain.errors import GatewayError, ProviderTimeoutError, ProviderUnavailableError
from gateway.domain.messages import (
    ChatRequest,
    Delta,
    Finish,
    FinishReason,
    Script,
    Start,
    TextDelta,
    Usage,
    UsageSource,
)
from gateway.domain.ports import Ports
from gateway.domain.speech import (
    Closing,
    Degraded,
    FirstToken,
    Outcome,
    Piece,
    Segment,
    SpeechOrder,
    Started,
    Ticket,
)
from gateway.services import asking_once, streaming
from gateway.services.heartbeat import Heart
from tests.fakes.gateway import (
    ONE_TRY,
    FakeProvider,
    MemoryLedger,
    Recorder,
    make_catalog,
    make_ports,
    make_target,
)

START = Start("q", "fake", "model")
DONE = Finish(FinishReason.STOP, Usage(30, 9, UsageSource.PROVIDER))
SCRIPT_DONE = Finish(FinishReason.STOP, Usage(0, 4, UsageSource.PROVIDER))


@dataclass
class Censor:
    """An editor that lets words through up to a ``|``, and then wants no more."""

    closing: Closing = field(default_factory=Closing)
    taken: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    @property
    def is_enough(self) -> bool:
        """Return whether the mark was reached."""
        return any("|" in text for text in self.taken)

    def take(self, text: str) -> str:
        """Return what stands before the mark."""
        self.taken.append(text)
        return text.partition("|")[0]

    def close(self, failure: str) -> Closing:
        """Return the closing the test wants."""
        self.failures.append(failure)
        return self.closing


async def speak(editor: Censor, *steps: Delta | BaseException | None) -> tuple[list[Piece], Ports]:
    """Return the pieces of a turn spoken by a model with an understudy."""
    provider = FakeProvider()
    provider.say("fake/model", tuple(steps))
    provider.say("fake/script", (Start("q", "fake", "script"), TextDelta("Asked."), SCRIPT_DONE))
    catalog = make_catalog(make_target(model="model"), retry=ONE_TRY)
    route = replace(
        next(iter(catalog.routes.values())),
        model="script",
        targets=(make_target(model="script"),),
    )
    model = replace(next(iter(catalog.routes.values())), model="model")
    ports = make_ports(
        provider=provider, catalog=replace(catalog, routes={"model": model, "script": route})
    )
    order = SpeechOrder(
        stream_id="room.t1.1",
        lease_id="room.t1",
        epoch=1,
        request=ChatRequest("q", "", "model"),
        ticket=Ticket("turns", "t1"),
        attributes={"room.id": "the room"},
        editor=editor,
        understudy=ChatRequest("q", "", "script", script=Script("Planned.", pace_cps=9.0)),
    )
    outbox = Recorder()
    speaking = streaming.speak(
        order=order, ports=ports, heart=Heart(ports, beat_seconds=60), outbox=outbox
    )
    if None in steps:
        task = asyncio.create_task(speaking)
        await provider.is_hanging.wait()
        await streaming.cancel(stream_id=order.stream_id, by="user", ports=ports)
        await task
    else:
        await speaking
    return outbox.pieces, ports


def kinds(pieces: list[Piece]) -> list[str]:
    """Return the names of the kinds."""
    return [type(piece).__name__ for piece in pieces]


def outcome(pieces: list[Piece]) -> Outcome:
    """Return the end."""
    assert isinstance(pieces[-1], Outcome)
    return pieces[-1]


async def test_an_editor_that_has_nothing_against_it_lets_the_model_speak_to_the_end() -> None:
    editor = Censor(Closing(text="it?"))

    pieces, _ = await speak(editor, START, TextDelta("Who "), TextDelta("owned "), DONE)

    assert kinds(pieces) == ["Started", "FirstToken", "Segment", "Outcome"]
    assert (outcome(pieces).text, outcome(pieces).finish) == ("Who owned it?", FinishReason.STOP)
    assert (outcome(pieces).usage, editor.failures) == (DONE.usage, [""])


async def test_when_it_is_enough_the_provider_is_closed_and_nothing_more_is_said() -> None:
    editor = Censor()

    pieces, ports = await speak(editor, START, TextDelta("Who?| Me"), TextDelta("!"), DONE)

    assert (outcome(pieces).text, outcome(pieces).finish) == ("Who?", FinishReason.STOP)
    assert outcome(pieces).provider_closed
    assert editor.taken == ["Who?| Me"]
    assert isinstance(ports.ledger, MemoryLedger)
    assert [entry.room_id for entry in ports.ledger.entries.values()] == ["the room"]


async def test_a_failure_before_the_first_word_is_spoken_over_by_the_understudy() -> None:
    editor = Censor(Closing(reason="provider_unavailable", instead="Asked."))

    pieces, _ = await speak(editor, ProviderUnavailableError("down"))

    assert kinds(pieces) == ["Degraded", "Started", "FirstToken", "Segment", "Outcome"]
    assert pieces[0] == Degraded("model", "script", "provider_unavailable")
    assert isinstance(pieces[1], Started)
    assert pieces[1].model == "script"
    assert (outcome(pieces).text, outcome(pieces).failure) == ("Asked.", None)
    assert editor.failures == ["provider_unavailable"]


async def test_a_failure_after_words_is_finished_in_the_same_stream_and_paid_for() -> None:
    editor = Censor(Closing(reason="stream_truncated", instead=" Asked."))

    pieces, _ = await speak(editor, START, TextDelta("Well."), ProviderUnavailableError("cut"))

    assert kinds(pieces) == ["Started", "FirstToken", "Segment", "Degraded", "Segment", "Outcome"]
    assert isinstance(pieces[1], FirstToken)
    assert pieces[3] == Degraded("fake/model", "script", "stream_truncated")
    said = "".join(piece.text for piece in pieces if isinstance(piece, Segment))
    assert said == outcome(pieces).text == "Well.Asked."
    assert outcome(pieces).usage.output_total > 0


async def test_a_refusal_is_told_to_the_editor_as_a_failure() -> None:
    editor = Censor(Closing(reason="refusal", instead="Asked."))

    pieces, _ = await speak(editor, START, Finish(FinishReason.REFUSAL, Usage(30, 0)))

    assert (editor.failures, outcome(pieces).text) == (["refusal"], "Asked.")


async def test_a_cancelled_turn_is_not_finished_by_anybody() -> None:
    editor = Censor(Closing(text="never", reason="never", instead="never"))

    pieces, _ = await speak(editor, START, TextDelta("Well"), None)

    assert (outcome(pieces).text, outcome(pieces).finish) == ("Well", FinishReason.CANCELLED)
    assert editor.failures == []


# --- A short question -----------------------------------------------------------------------


async def ask(*steps: Delta | BaseException | None, seconds: float = 60.0) -> asking_once.Answer:
    """Ask a model that takes the steps."""
    ports = make_ports(provider=FakeProvider(*steps))
    return await asking_once.ask(
        ChatRequest("q", "fake", "m"),
        caller=Caller(room_id="the room"),
        attributes={},
        budget_seconds=seconds,
        ports=ports,
        heart=Heart(ports, beat_seconds=60),
    )


async def test_a_short_question_gets_the_whole_answer() -> None:
    answer = await ask(START, TextDelta("li"), TextDelta("n"), DONE)

    assert (answer.text, answer.provider, answer.usage) == ("lin", "fake", DONE.usage)


async def test_a_short_question_raises_the_failure_and_does_not_outlast_its_budget() -> None:
    failures: list[GatewayError] = []
    for steps, seconds in (((ProviderUnavailableError("down"),), 60.0), ((START, None), 0.02)):
        try:
            await ask(*steps, seconds=seconds)
        except GatewayError as error:
            failures.append(error)

    assert isinstance(failures[0], ProviderUnavailableError)
    assert isinstance(failures[1], ProviderTimeoutError)
