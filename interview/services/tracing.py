"""What the game adds to a trace: whose room, which turn, and how the turn went.

Without an exporter all of this costs a few calls that do nothing. A cancelled turn is no error.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, Span, StatusCode

from interview.domain import attributes
from interview.domain.ports import Speech

_tracer = trace.get_tracer("interview")


def about(room_id: UUID, turn_id: str | None = None) -> None:
    """Say whose request the current span is."""
    span = trace.get_current_span()
    span.set_attribute(attributes.ROOM_ID, str(room_id))
    if turn_id:
        span.set_attribute(attributes.TURN_ID, turn_id)


def queued(*, position: int) -> None:
    """Note on the current span that a turn has its place in the queue."""
    span = trace.get_current_span()
    span.set_attribute(attributes.QUEUED, value=True)
    span.set_attribute(attributes.QUEUE_POSITION, position)


def rejected(reason: str) -> None:
    """Note on the current span that there was no place, and why."""
    span = trace.get_current_span()
    span.set_attribute(attributes.REJECTED, value=True)
    span.set_attribute(attributes.REJECT_REASON, reason)


def name_connection(name: str, room_id: UUID) -> None:
    """Name the span of a long connection by its route, so that no id becomes a span's name."""
    span = trace.get_current_span()
    if span.is_recording():
        span.update_name(name)
    about(room_id)


@contextmanager
def turn(speech: Speech) -> Iterator[Span]:
    """Open the span of a turn being spoken; model calls become its children."""
    with _tracer.start_as_current_span(
        f"invoke_agent {speech.speaker}",
        attributes={
            attributes.OPERATION: "invoke_agent",
            attributes.AGENT: speech.speaker,
            attributes.CONVERSATION: str(speech.room_id),
            attributes.ROOM_ID: str(speech.room_id),
            attributes.TURN_ID: speech.turn_id,
            attributes.INTERVIEWER: speech.speaker,
        },
    ) as span:
        yield span


def degraded(reason: str) -> None:
    """Note on the current turn's span that somebody else finished it, and why."""
    trace.get_current_span().set_attribute(attributes.DEGRADED, reason)


@contextmanager
def weighing(room_id: UUID) -> Iterator[None]:
    """Open the span of an answer being weighed; model calls become its children."""
    with _tracer.start_as_current_span(
        "weigh_answer",
        attributes={
            attributes.ROOM_ID: str(room_id),
            attributes.CONVERSATION: str(room_id),
        },
    ):
        yield


def counselled(role: str, outcome: str) -> None:
    """Note on the current span what came of asking the judge or the director."""
    name = attributes.JUDGE if role == "judge" else attributes.DIRECTOR
    trace.get_current_span().set_attribute(name, outcome)


def turn_ended(outcome: str, *, failure: str | None = None) -> None:
    """Note on the current turn's span how it ended; ``failure`` is an error's code."""
    span = trace.get_current_span()
    span.set_attribute(attributes.OUTCOME, outcome)
    if outcome == "cancelled":
        span.set_attribute(attributes.CANCELLED, value=True)
    if failure is not None:
        span.set_attribute(attributes.ERROR_TYPE, failure)
        span.set_status(StatusCode.ERROR)


@contextmanager
def command(kind: str, room_id: UUID) -> Iterator[None]:
    """Open the span of one command on a control socket: a trace of its own, linked to the socket.

    A socket may live for an hour; its span would hold every command as a child until then.
    """
    socket = Link(trace.get_current_span().get_span_context())
    with _tracer.start_as_current_span(
        f"ws {kind}",
        context=Context(),
        kind=trace.SpanKind.SERVER,
        links=[socket],
        attributes={attributes.ROOM_ID: str(room_id)},
    ):
        yield
