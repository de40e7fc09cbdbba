"""What of an answer is kept: all of it or nothing, and only a good end."""

import pytest

from gateway.domain.errors import UpstreamError
from gateway.domain.kept import LARGEST_KEPT_BYTES, Gathering, Kept, size_of
from gateway.domain.messages import (
    Delta,
    Failed,
    Finish,
    FinishReason,
    Passthrough,
    ReasoningDelta,
    Retract,
    Seam,
    Start,
    TextDelta,
    ToolCallDelta,
    Usage,
    UsageUpdate,
)

START = Start("x", "acme", "m-1")
DONE = Finish(FinishReason.STOP, Usage(3, 9))


def kept(*deltas: Delta, terminal: Delta = DONE) -> Kept | None:
    gathering = Gathering()
    for delta in deltas:
        gathering.take(delta)
    return gathering.kept(terminal, provider="acme", model="m-1", at=100.0)


def test_a_whole_answer_is_kept_as_it_was_said():
    said = (START, ReasoningDelta("hm"), TextDelta("a"), TextDelta("b"), UsageUpdate(Usage(1, 2)))
    found = kept(*said, ToolCallDelta(0, "{}"), terminal=Finish(FinishReason.TOOL_CALLS))
    assert found is not None
    assert found.deltas == (*said, ToolCallDelta(0, "{}"))
    assert (found.provider, found.model, found.is_bound) == ("acme", "m-1", False)


def test_neighbouring_frames_become_one_piece_of_the_same_bytes():
    found = kept(START, Passthrough(b"a", 1), Passthrough(b"b"), UsageUpdate(Usage(1, 2)))
    assert found is not None
    assert found.deltas == (START, Passthrough(b"ab", 1), UsageUpdate(Usage(1, 2)))
    assert found.is_bound


def test_a_whole_body_stays_as_it_is():
    found = kept(START, Passthrough(b"{}", 1, is_whole=True))
    assert found is not None
    assert found.deltas[1] == Passthrough(b"{}", 1, is_whole=True)


@pytest.mark.parametrize("reason", sorted(set(FinishReason) - {"stop", "tool_calls"}))
def test_an_answer_that_came_to_no_good_end_is_not_kept(reason):
    assert kept(START, TextDelta("a"), terminal=Finish(reason)) is None


def test_a_failure_is_not_kept():
    assert kept(START, TextDelta("a"), terminal=Failed(UpstreamError())) is None


@pytest.mark.parametrize("odd", [Seam("clio", "c-1", 3), Retract("policy")])
def test_an_answer_with_a_seam_or_something_taken_back_is_not_kept(odd):
    assert kept(START, TextDelta("a"), odd, TextDelta("b")) is None


def test_nothing_and_too_much_are_not_kept():
    assert kept() is None
    half = Passthrough(b"x" * (LARGEST_KEPT_BYTES // 2), 1)
    assert kept(START, half, half) is None


def test_it_is_fresh_until_its_seconds_have_passed():
    found = kept(START, TextDelta("a"))
    assert found is not None
    assert found.is_fresh(at=159.9, seconds=60.0)
    assert not found.is_fresh(at=160.0, seconds=60.0)


def test_words_weigh_more_than_what_has_none():
    assert size_of(START) == 96
    assert size_of(Passthrough(b"four")) == 100
    assert size_of(TextDelta("four")) == size_of(ToolCallDelta(0, "four")) == 112
