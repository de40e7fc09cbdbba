"""What follows a failure, and what still fits into the time that is left."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.catalog import RetryPolicy
from gateway.domain.errors import (
    ConnectionFailedError,
    ContentFilteredError,
    ContextTooLongError,
    CredentialError,
    DeadlinePhase,
    GatewayError,
    LimitExceededError,
    ProviderTimeoutError,
    ProviderUnavailableError,
    RateLimitedError,
    StreamTruncatedError,
    UpstreamError,
)
from gateway.domain.messages import Deadlines
from gateway.domain.retrying import (
    Again,
    GiveUp,
    NextTarget,
    Situation,
    Step,
    WaitForTarget,
    backoff_seconds,
    carved,
    next_step,
)

POLICY = RetryPolicy(n_retries=2, n_attempts=5)
ALONE = Situation(n_attempts=1, n_here=1, remaining_seconds=30.0)
WITH_OTHER = replace(ALONE, has_other=True)
LATE = ProviderTimeoutError("late", phase=DeadlinePhase.FIRST)
IN_TWO = RateLimitedError("slow down", retry_after_seconds=2.0)


def step(error: GatewayError, situation: Situation, **policy: object) -> Step:
    """Return the next step without jitter."""
    return next_step(error, replace(POLICY, **policy), situation, roll=0.0)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "alone", "with_other"),
    [
        (ContentFilteredError("no"), GiveUp("final"), GiveUp("final")),
        (
            LimitExceededError("ours", limit="rpm", retry_after_seconds=1.0),
            GiveUp("final"),
            GiveUp("final"),
        ),
        (ContextTooLongError("long"), GiveUp("final"), NextTarget(needs_more_room=True)),
        (CredentialError("key"), GiveUp("targets"), NextTarget()),
        (UpstreamError("500"), Again(0.2), Again(0.2)),
        (ProviderUnavailableError("503"), Again(0.2), Again(0.2)),
        (ConnectionFailedError("reset"), Again(0.2), Again(0.2)),
        (StreamTruncatedError("cut"), Again(0.2), Again(0.2)),
        (LATE, Again(0.2), NextTarget()),
        (RateLimitedError("429"), Again(0.2), Again(0.2)),
        (IN_TWO, Again(2.0), NextTarget()),
    ],
    ids=lambda value: type(value).__name__,
)
def test_each_failure_has_its_next_step(error: GatewayError, alone: Step, with_other: Step) -> None:
    assert (step(error, ALONE), step(error, WITH_OTHER)) == (alone, with_other)


def test_a_route_may_prefer_to_wait_for_its_primary() -> None:
    assert step(IN_TWO, WITH_OTHER, waits_for_primary=True) == Again(2.0)


def test_what_broke_over_the_request_is_tried_once_more_only() -> None:
    second = replace(WITH_OTHER, n_attempts=2, n_here=2)

    assert step(UpstreamError("500"), second) == NextTarget()
    assert step(ProviderUnavailableError("503"), second) == Again(0.4)
    assert step(ProviderUnavailableError("503"), replace(second, n_here=3)) == NextTarget()


def test_a_target_without_retries_is_asked_once() -> None:
    assert step(UpstreamError("500"), ALONE, n_retries=0) == GiveUp("targets")


def test_attempts_are_capped_over_all_targets() -> None:
    assert step(UpstreamError("500"), replace(WITH_OTHER, n_attempts=5)) == GiveUp("attempts")


def test_no_attempt_starts_that_cannot_finish() -> None:
    assert step(UpstreamError("500"), replace(WITH_OTHER, remaining_seconds=0.01)) == GiveUp(
        "deadline"
    )
    assert step(IN_TWO, replace(ALONE, remaining_seconds=1.5)) == GiveUp("targets")


def test_everybody_rests_and_the_first_to_return_is_waited_for() -> None:
    resting = replace(ALONE, rest_seconds=3.0)

    assert step(CredentialError("key"), resting) == WaitForTarget(3.0)
    assert step(CredentialError("key"), replace(resting, remaining_seconds=2.0)) == GiveUp(
        "targets"
    )


def test_backoffs_double_and_jitter_shortens_them() -> None:
    assert [backoff_seconds(n, roll=0.0) for n in (1, 2, 3, 4, 5, 6, 7)] == [
        0.2,
        0.4,
        0.8,
        1.6,
        3.2,
        6.4,
        8.0,
    ]
    assert backoff_seconds(1, roll=1.0) == 0.1


DEADLINES = Deadlines(connect_seconds=5, first_seconds=10, idle_seconds=10, total_seconds=30)


def test_deadlines_that_fit_stay_as_they_are() -> None:
    assert carved(DEADLINES, 30.0, has_other=True) is DEADLINES


def test_one_attempt_does_not_use_up_the_time_of_the_others() -> None:
    assert carved(DEADLINES, 10.0, has_other=True) == Deadlines(5, 6.0, 10, 10.0)
    assert carved(DEADLINES, 4.0, has_other=False) == Deadlines(4.0, 4.0, 10, 4.0)


def test_a_whole_answer_may_take_as_long_as_its_pieces() -> None:
    assert carved(DEADLINES, 30.0, has_other=False, is_streamed=False) == Deadlines(5, 20, 10, 30)


def test_nothing_is_carved_from_nothing() -> None:
    assert carved(DEADLINES, 0.01, has_other=False) is None


@given(
    remaining=st.floats(0.05, 1000),
    has_other=st.booleans(),
    is_streamed=st.booleans(),
    first=st.floats(0, 1000),
)
def test_no_deadline_lies_beyond_the_budget(
    remaining: float, has_other: bool, is_streamed: bool, first: float
) -> None:
    given_deadlines = Deadlines(5.0, first, 60.0, 600.0)

    found = carved(given_deadlines, remaining, has_other=has_other, is_streamed=is_streamed)

    assert found is not None
    assert found.total_seconds <= remaining
    assert found.first_seconds <= remaining
    assert found.connect_seconds <= max(remaining, 0.0)


@given(
    error=st.sampled_from([UpstreamError("x"), LATE, IN_TWO, CredentialError("k")]),
    n_attempts=st.integers(1, 10),
    n_here=st.integers(1, 10),
    remaining=st.floats(0, 60),
    has_other=st.booleans(),
    rest=st.one_of(st.none(), st.floats(0, 60)),
    roll=st.floats(0, 1, exclude_max=True),
)
def test_no_wait_is_longer_than_what_is_left(
    error: GatewayError,
    n_attempts: int,
    n_here: int,
    remaining: float,
    has_other: bool,
    rest: float | None,
    roll: float,
) -> None:
    situation = Situation(n_attempts, min(n_here, n_attempts), remaining, has_other, rest)

    found = next_step(error, POLICY, situation, roll=roll)

    if isinstance(found, Again):
        assert found.after_seconds < remaining
        assert n_attempts < POLICY.n_attempts
    if isinstance(found, WaitForTarget):
        assert found.seconds < remaining
    if isinstance(found, NextTarget):
        assert has_other
