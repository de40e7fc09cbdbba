"""Every recorded quirk becomes the deltas it says, wherever the network cuts the bytes."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from gateway.adapters.providers.anthropic.passing import Passing
from gateway.adapters.providers.anthropic.reading import Reading as AnthropicReading
from gateway.adapters.providers.gemini.reading import Reading as GeminiReading
from gateway.adapters.providers.sse import SseDecoder
from gateway.domain.errors import ProviderError
from gateway.domain.messages import (
    Delta,
    Finish,
    Passthrough,
    Start,
    ToolCallDelta,
    UsageUpdate,
)
from tests.recordings import Recording, recordings, told

WHO: dict[str, Any] = {"request_id": "q", "provider": "p", "model": "m"}
CASES = [
    pytest.param(vendor, case, id=f"{vendor}-{case.name}")
    for vendor in ("anthropic", "gemini")
    for case in recordings(vendor)
]
ANTHROPIC_CASES = [pytest.param(case, id=case.name) for case in recordings("anthropic")]
Replay = Callable[[Iterable[bytes]], tuple[list[Delta], list[str] | None]]


def replay_anthropic(
    reads: Iterable[bytes], reading: AnthropicReading | None = None
) -> tuple[list[Delta], list[str] | None]:
    reading, decoder = reading or AnthropicReading(**WHO), SseDecoder()
    deltas: list[Delta] = []
    try:
        for read in reads:
            deltas.extend(reading.take(decoder.feed(read)))
        deltas.extend(reading.take(decoder.close()))
        deltas.append(reading.end())
    except ProviderError as error:
        return deltas, [type(error).__name__, error.raw_code]
    return deltas, None


def replay_gemini(reads: Iterable[bytes]) -> tuple[list[Delta], list[str] | None]:
    reading, decoder = GeminiReading(**WHO), SseDecoder()
    deltas: list[Delta] = []
    try:
        for read in reads:
            for delta in reading.take(decoder.feed(read), read):
                deltas.append(delta)
        deltas.extend(reading.take(decoder.close()))
        deltas.append(reading.end())
    except ProviderError as error:
        return deltas, [type(error).__name__, error.raw_code]
    return deltas, None


REPLAYS: dict[str, Replay] = {"anthropic": replay_anthropic, "gemini": replay_gemini}


@pytest.mark.parametrize(("vendor", "case"), CASES)
def test_a_stream_becomes_the_deltas_it_says(vendor: str, case: Recording) -> None:
    deltas, error = REPLAYS[vendor]([case.stream])

    assert ([told(delta) for delta in deltas], error) == (case.deltas, case.error)


@pytest.mark.parametrize(("vendor", "case"), CASES)
def test_it_makes_no_difference_where_the_bytes_are_cut(vendor: str, case: Recording) -> None:
    whole = REPLAYS[vendor]([case.stream])

    for at in range(1, len(case.stream)):
        assert REPLAYS[vendor]([case.stream[:at], case.stream[at:]]) == whole
    assert REPLAYS[vendor](bytes([byte]) for byte in case.stream) == whole


@pytest.mark.parametrize(("vendor", "case"), CASES)
def test_a_stream_keeps_the_promises_of_the_normal_form(vendor: str, case: Recording) -> None:
    deltas, error = REPLAYS[vendor]([case.stream])
    calls = [delta for delta in deltas if isinstance(delta, ToolCallDelta)]
    openings = [call for call in calls if call.id]

    assert [type(delta) for delta in deltas].count(Start) == bool(deltas)
    assert not deltas or isinstance(deltas[0], Start)
    assert [isinstance(delta, Finish) for delta in deltas].count(True) == (error is None)
    assert error is not None or isinstance(deltas[-1], Finish)
    assert len({call.id for call in openings}) == len(openings)
    assert [call.index for call in openings] == list(range(len(openings)))
    assert all(call.name for call in openings)


def replay_passing(reads: Iterable[bytes]) -> tuple[list[Delta], list[str] | None]:
    return replay_anthropic(reads, Passing(**WHO))


def passed(deltas: Iterable[Delta]) -> bytes:
    return b"".join(delta.data for delta in deltas if isinstance(delta, Passthrough))


@pytest.mark.parametrize("case", ANTHROPIC_CASES)
def test_what_is_passed_on_is_what_came_whatever_the_cut(case: Recording) -> None:
    deltas, error = replay_passing([case.stream])

    for at in range(1, len(case.stream)):
        found, found_error = replay_passing([case.stream[:at], case.stream[at:]])
        assert (passed(found), found_error) == (passed(deltas), error)
        assert error is not None or found[-1] == deltas[-1]


@pytest.mark.parametrize("case", ANTHROPIC_CASES)
def test_passing_on_says_of_a_stream_what_reading_it_says(case: Recording) -> None:
    read, read_error = replay_anthropic([case.stream])
    deltas, error = replay_passing([case.stream])

    kinds = (Start, Finish)
    assert [delta for delta in deltas if isinstance(delta, kinds)] == [
        delta for delta in read if isinstance(delta, kinds)
    ]
    # Of the figures of one read only the last are of interest.
    figures = [delta for delta in read if isinstance(delta, UsageUpdate)]
    assert [delta for delta in deltas if isinstance(delta, UsageUpdate)] == figures[-1:]
    assert error == read_error


def test_everything_up_to_the_terminal_frame_is_passed_on() -> None:
    case = next(case for case in recordings("anthropic") if case.name == "tools_of_the_vendor")

    deltas, _ = replay_passing([case.stream])

    assert passed(deltas) == case.stream.partition(b"event: message_stop")[0]


def test_what_came_before_a_failure_is_passed_on_and_the_failure_is_not() -> None:
    case = next(case for case in recordings("anthropic") if case.name == "error_after_content")

    deltas, error = replay_passing([case.stream])

    assert passed(deltas) == case.stream.partition(b"event: error")[0]
    assert error == ["UpstreamError", "api_error"]


def test_frames_are_counted_by_the_content_they_carry() -> None:
    case = next(case for case in recordings("anthropic") if case.name == "tools")

    deltas, _ = replay_passing([case.stream])

    contents = [delta.n_contents for delta in deltas if isinstance(delta, Passthrough)]
    # One piece of text, two openings of calls, four pieces of arguments.
    assert contents == [7]
