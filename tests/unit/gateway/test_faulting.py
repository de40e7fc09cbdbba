"""Where a fault on purpose cuts an answer, and what a refusal on purpose is understood to say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.adapters.providers.failures.codes import kind_of_status
from gateway.domain.errors import RateLimitedError
from gateway.domain.faults import FaultProfile, FaultRule
from gateway.domain.messages import Passthrough, TextDelta
from gateway.services.faulting import parted, refusal

ROLE = b'data: {"choices":[{"delta":{"role":"assistant","content":""}}]}\n\n'
WORD = b'data: {"choices":[{"delta":{"content":"a"}}]}\n\n'
LAST = b'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n'
USAGE = b'data: {"choices":[],"usage":{"prompt_tokens":1}}\n\n'
PIECE = b'event: content_block_delta\ndata: {"type":"content_block_delta","delta":{"text":"a"}}\n\n'
STOP = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'


@pytest.mark.parametrize("word", [WORD, PIECE])
@pytest.mark.parametrize("last", [LAST, USAGE, STOP])
def test_frames_are_cut_behind_the_last_word_that_is_left(word: bytes, last: bytes):
    passed = Passthrough(ROLE + word + word + word + last, 3)

    assert parted(passed, 2) == (
        Passthrough(ROLE + word + word, 2),
        Passthrough(word + last, 1),
    )


def test_an_end_that_came_with_the_last_word_can_be_told_from_it():
    passed = Passthrough(WORD + LAST + USAGE, 1)

    assert parted(passed, 1) == (Passthrough(WORD, 1), Passthrough(LAST + USAGE, 0))


@pytest.mark.parametrize(
    ("delta", "n_tokens"),
    [
        (TextDelta("a"), 3),
        (Passthrough(b"{}", 1, is_whole=True), 3),
        (Passthrough(WORD + WORD, 2), 0),
        (Passthrough(ROLE, 0), 3),
        (Passthrough(b"data: nothing anybody reads\n\n", 1), 3),
    ],
)
def test_what_cannot_be_cut_comes_after_the_fault(delta: TextDelta | Passthrough, n_tokens: int):
    assert parted(delta, n_tokens) == (None, delta)


@given(st.lists(st.sampled_from([ROLE, WORD, PIECE, LAST, USAGE, STOP])), st.integers(0, 9))
def test_no_byte_is_lost_and_none_is_made(frames: list[bytes], n_tokens: int):
    n_contents = sum(frame in {WORD, PIECE} for frame in frames)

    before, after = parted(Passthrough(b"".join(frames), n_contents), n_tokens)

    assert isinstance(after, Passthrough)
    assert before is None or isinstance(before, Passthrough)
    assert (before.data if before else b"") + after.data == b"".join(frames)
    assert (before.n_contents if before else 0) + after.n_contents == n_contents
    assert before is None or before.n_contents <= n_tokens


@pytest.mark.parametrize("status", range(400, 600))
def test_a_status_on_purpose_means_what_it_means_from_a_vendor(status: int):
    error = refusal(FaultRule("r", FaultProfile.STATUS, status=status))

    assert type(error) is kind_of_status(status)


@pytest.mark.parametrize(("seconds", "told"), [(0.0, None), (2.5, 2.5)])
def test_a_rate_limit_on_purpose_says_when_to_come_back_if_it_is_told_to(
    seconds: float, told: float | None
):
    error = refusal(FaultRule("r", FaultProfile.RATE_LIMITED, seconds=seconds))

    assert isinstance(error, RateLimitedError)
    assert error.retry_after_seconds == told
