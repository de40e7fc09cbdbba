"""Every accent of OpenAI's wire, replayed whole and cut at every byte."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pytest

from gateway.adapters.providers.openai_chat.passing import Passing
from gateway.adapters.providers.openai_chat.reading import Reading
from gateway.adapters.providers.sse import SseDecoder
from gateway.adapters.providers.vendors import vendor_of
from gateway.domain import errors, messages
from gateway.domain.catalog import Provider, Target
from gateway.domain.errors import ProviderError
from gateway.domain.messages import (
    ChatRequest,
    Delta,
    Dialect,
    Failed,
    Finish,
    Passthrough,
    Start,
    TextDelta,
    ToolCallDelta,
    Usage,
    UsageUpdate,
)

RECORDINGS = Path(__file__).parents[2] / "recordings" / "openai_chat"


@dataclass(frozen=True)
class Recording:
    """One answer of one vendor, and what it means."""

    name: str
    vendor: str
    wire: bytes
    deltas: list[Delta]
    error: tuple[type[ProviderError], str] | None
    stop: tuple[str, ...]
    is_whole: bool
    passes: bool


def delta(said: dict[str, Any]) -> Delta:
    """Return the delta a recording writes as an object."""
    kind = getattr(messages, said["is"])
    given = {field.name: said[field.name] for field in fields(kind) if field.name in said}
    if isinstance(given.get("usage"), dict):
        given["usage"] = Usage(**given["usage"])
    return kind(**given)


def recording(path: Path) -> Recording:
    said = json.loads(path.read_text(encoding="utf-8"))
    error = said["error"]
    return Recording(
        name=path.stem,
        vendor=said["vendor"],
        wire="".join(said["wire"]).encode(),
        deltas=[delta(found) for found in said["deltas"]],
        error=error and (getattr(errors, error["is"]), error["raw_code"]),
        stop=tuple(said["asked"].get("stop", ())),
        is_whole=said["whole"],
        passes=said["passes"],
    )


ALL = [recording(path) for path in sorted(RECORDINGS.glob("*.json"))]
STREAMS = [found for found in ALL if not found.is_whole]
WHOLE = [found for found in ALL if found.is_whole]
PASSED = [found for found in STREAMS if found.passes]
Outcome = tuple[list[Delta], tuple[type[ProviderError], str] | None]


def reading(of: Recording, *, passes: bool = False, hides_usage: bool = False) -> Reading:
    provider = Provider("p", "openai_chat", Dialect.OPENAI, vendor=of.vendor)
    request = ChatRequest("q", "", "m", stop=of.stop)
    target = Target(provider, "m")
    if passes:
        return Passing(request, target, vendor_of(provider), hides_usage=hides_usage)
    return Reading(request, target, vendor_of(provider))


def replayed(found: Reading, reads: Iterable[bytes]) -> Outcome:
    """Return what is told when the bytes come in these reads, and how it fails."""
    decoder, deltas = SseDecoder(), []
    try:
        for read in reads:
            if not found.is_over:
                deltas += said(found.take(decoder.feed(read)), deltas)
        if not found.is_over:
            deltas += said(found.take(decoder.close()), deltas)
        deltas += said(found.end(), deltas)
    except Interrupted as interrupted:
        return interrupted.outcome
    return deltas, None


class Interrupted(Exception):  # noqa: N818  not a failure: how one was told
    """What had been told before it failed."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome


def said(told: Iterable[Delta], before: list[Delta]) -> list[Delta]:
    new: list[Delta] = []
    try:
        new.extend(told)  # keeps what came before a failure
    except ProviderError as error:
        raise Interrupted(([*before, *new], (type(error), error.raw_code))) from None
    return new


def at_every_byte(wire: bytes) -> Iterable[list[bytes]]:
    """Yield the wire cut in two at every place, then byte by byte."""
    for at in range(1, len(wire)):
        yield [wire[:at], wire[at:]]
    yield [wire[at : at + 1] for at in range(len(wire))]


@pytest.mark.parametrize("of", STREAMS, ids=lambda of: of.name)
def test_a_stream_means_what_is_written_beside_it(of: Recording) -> None:
    assert replayed(reading(of), [of.wire]) == (of.deltas, of.error)


@pytest.mark.parametrize("of", STREAMS, ids=lambda of: of.name)
def test_where_the_network_cuts_a_stream_changes_nothing(of: Recording) -> None:
    expected = (of.deltas, of.error)

    for reads in at_every_byte(of.wire):
        assert replayed(reading(of), reads) == expected


@pytest.mark.parametrize("of", WHOLE, ids=lambda of: of.name)
def test_a_body_means_what_is_written_beside_it(of: Recording) -> None:
    found = reading(of)
    told: list[Delta] = []
    error = None
    try:
        told.extend(found.whole(of.wire))
        told.extend(found.end())
    except ProviderError as raised:
        error = (type(raised), raised.raw_code)

    assert (told, error) == (of.deltas, of.error)


@pytest.mark.parametrize("of", STREAMS, ids=lambda of: of.name)
def test_every_answer_keeps_the_promises_of_the_normal_form(of: Recording) -> None:
    starts = [found for found in of.deltas if isinstance(found, Start)]
    ends = [found for found in of.deltas if isinstance(found, Finish | Failed)]
    heads = [found for found in of.deltas if isinstance(found, ToolCallDelta) and found.name]

    assert len(starts) <= 1
    assert of.deltas[:1] == starts
    assert len(ends) == (of.error is None)
    assert of.error is not None or of.deltas[-1:] == ends
    assert len({head.id for head in heads}) == len(heads)
    assert all(head.id for head in heads)


def passed_bytes(deltas: list[Delta]) -> bytes:
    return b"".join(found.data for found in deltas if isinstance(found, Passthrough))


def told_beside(deltas: list[Delta]) -> list[Delta]:
    return [found for found in deltas if isinstance(found, Start | Finish)]


def frames(wire: bytes) -> list[bytes]:
    decoder = SseDecoder()
    return [found.raw for found in (*decoder.feed(wire), *decoder.close())]


@pytest.mark.parametrize("of", PASSED, ids=lambda of: of.name)
def test_a_stream_passed_on_is_what_came_wherever_it_is_cut(of: Recording) -> None:
    expected = replayed(reading(of, passes=True), [of.wire])
    came = b"".join(frames(of.wire))

    assert came.startswith(passed_bytes(expected[0]))
    for reads in at_every_byte(of.wire):
        deltas, error = replayed(reading(of, passes=True), reads)
        assert passed_bytes(deltas) == passed_bytes(expected[0])
        assert told_beside(deltas) == told_beside(expected[0])
        assert error == expected[1]


@pytest.mark.parametrize("of", PASSED, ids=lambda of: of.name)
def test_a_stream_passed_on_begins_and_ends_as_one_understood(of: Recording) -> None:
    deltas, error = replayed(reading(of, passes=True), [of.wire])
    n_said = sum(isinstance(found, TextDelta) for found in of.deltas)

    assert error == of.error
    assert told_beside(deltas) == told_beside(of.deltas) or of.name in JUDGED_BY_FLAG
    assert n_said <= sum(found.n_contents for found in deltas if isinstance(found, Passthrough))


# Verdicts of a filter outside the reason: a client of the dialect reads them itself.
JUDGED_BY_FLAG = {"qianfan_flagged", "ark_moderated"}


@pytest.mark.parametrize("of", PASSED, ids=lambda of: of.name)
def test_usage_that_only_we_asked_for_is_not_passed_on(of: Recording) -> None:
    deltas, _ = replayed(reading(of, passes=True, hides_usage=True), [of.wire])
    usages = [found.usage for found in of.deltas if isinstance(found, UsageUpdate)]

    assert b"".join(without_usage(frames(of.wire))).startswith(passed_bytes(deltas))
    assert [found.usage for found in deltas if isinstance(found, UsageUpdate)][-1:] == usages[-1:]


def without_usage(frames: list[bytes]) -> Iterable[bytes]:
    """Yield the frames without those that hold nothing but figures at the end."""
    has_reason = False
    for frame in frames:
        chunk = chunk_of(frame)
        choices = chunk.get("choices") or []
        says = any(
            choice.get("finish_reason") or any((choice.get("delta") or {}).values())
            for choice in choices
        )
        is_figures = bool(chunk.get("usage")) and not says and (has_reason or not choices)
        has_reason = has_reason or any(choice.get("finish_reason") for choice in choices)
        if not is_figures:
            yield frame


def chunk_of(frame: bytes) -> dict[str, Any]:
    data = b"".join(line[5:] for line in frame.splitlines() if line.startswith(b"data:"))
    try:
        found = json.loads(data)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
