"""When a target is left alone, for how long, and who may try it again."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.breaker import (
    CLOSED,
    Breaker,
    BreakerPolicy,
    BreakerState,
    Bucket,
    Report,
    Standing,
    Verdict,
    cooldown_seconds,
    probed,
    reported,
    standing,
)

POLICY = BreakerPolicy(min_reports=4, cooldown_seconds=5.0, max_cooldown_seconds=30.0)
FAILED = Verdict(Report.FAILED)


def after(*reports: Report, breaker: Breaker | None = None, at: float = 0.0) -> Breaker:
    """Return the breaker after the reports, without jitter."""
    breaker = breaker or Breaker()
    for each in reports:
        breaker = reported(breaker, Verdict(each), POLICY, at=at, roll=0.0)
    return breaker


def test_a_breaker_opens_when_half_of_enough_reports_are_failures() -> None:
    closed = after(Report.OK, Report.OK, Report.FAILED)
    opened = after(Report.FAILED, breaker=closed)

    assert standing(closed, at=0.0) == CLOSED
    assert standing(opened, at=1.0) == Standing(BreakerState.OPEN, 4.0)
    assert standing(opened, at=5.0) == Standing(BreakerState.HALF_OPEN)


def test_three_failures_of_three_are_too_few_to_tell() -> None:
    assert standing(after(*[Report.FAILED] * 3), at=0.0) == CLOSED


@pytest.mark.parametrize(
    ("reports", "state"),
    [
        ([Report.SLOW] * 4, BreakerState.OPEN),
        ([Report.SLOW] * 3 + [Report.OK], BreakerState.CLOSED),
        ([Report.SLOW] * 3 + [Report.FAILED], BreakerState.OPEN),
    ],
    ids=["all slow", "mostly slow", "slow or failed"],
)
def test_slow_first_tokens_count_at_their_own_share(
    reports: list[Report], state: BreakerState
) -> None:
    assert standing(after(*reports), at=0.0).state is state


def test_reports_leave_the_window_by_tenths() -> None:
    old = after(Report.FAILED, Report.FAILED, at=0.0)
    newer = after(Report.OK, breaker=old, at=3.0)
    newest = after(Report.FAILED, breaker=newer, at=30.0)

    assert newer.buckets == (Bucket(0, n_failed=2), Bucket(1, n_ok=1))
    assert newest.buckets == (Bucket(1, n_ok=1), Bucket(10, n_failed=1))


def test_a_vendors_retry_after_is_kept_to_the_second() -> None:
    opened = reported(
        Breaker(), Verdict(Report.FAILED, 42.0, is_long=True), POLICY, at=10.0, roll=0.9
    )

    assert opened.open_until == 52.0


def test_nobody_is_left_alone_for_more_than_an_hour() -> None:
    opened = reported(Breaker(), Verdict(Report.FAILED, 86_400.0), POLICY, at=0.0, roll=0.0)

    assert opened.open_until == 3600.0


def test_a_long_blame_opens_at_once() -> None:
    opened = reported(Breaker(), Verdict(Report.FAILED, is_long=True), POLICY, at=0.0, roll=0.9)

    assert opened.open_until == 300.0


def test_an_open_breaker_hears_only_of_longer_waits() -> None:
    opened = reported(Breaker(), Verdict(Report.FAILED, 30.0), POLICY, at=0.0, roll=0.0)

    for news in (FAILED, Verdict(Report.OK), Verdict(Report.FAILED, 3.0)):
        assert reported(opened, news, POLICY, at=1.0, roll=0.0) == opened
    longer = reported(opened, Verdict(Report.FAILED, 60.0), POLICY, at=1.0, roll=0.0)
    assert longer.open_until == 61.0


def test_one_probe_at_a_time() -> None:
    opened = Breaker(open_until=5.0, n_openings=1)

    assert probed(Breaker(), POLICY, at=0.0) is None
    assert probed(opened, POLICY, at=4.9) is None
    taken = probed(opened, POLICY, at=5.0)
    assert taken == replace(opened, probe_until=35.0)
    assert probed(taken, POLICY, at=6.0) is None
    assert standing(taken, at=6.0) == Standing(BreakerState.HALF_OPEN, 29.0)
    assert probed(taken, POLICY, at=35.0) is not None


def test_a_good_probe_forgets_everything() -> None:
    probing = Breaker(open_until=5.0, n_openings=3, probe_until=35.0)

    assert after(Report.OK, breaker=probing, at=6.0) == Breaker()


@pytest.mark.parametrize("bad", [Report.FAILED, Report.SLOW])
def test_a_bad_probe_opens_for_twice_as_long(bad: Report) -> None:
    probing = Breaker(open_until=5.0, n_openings=1, probe_until=35.0)

    opened = after(bad, breaker=probing, at=6.0)

    assert opened == Breaker(open_until=16.0, n_openings=2)


def test_a_probe_without_news_is_given_back() -> None:
    probing = Breaker(open_until=5.0, n_openings=1, probe_until=35.0)

    assert after(Report.VOID, breaker=probing, at=6.0) == replace(probing, probe_until=0.0)


@given(n=st.integers(1, 200), roll=st.floats(0, 1, exclude_max=True))
def test_a_cooldown_doubles_up_to_its_longest_and_a_quarter(n: int, roll: float) -> None:
    seconds = cooldown_seconds(n, POLICY, roll=roll)

    plain = min(30.0, 5.0 * 2 ** (n - 1))
    assert plain <= seconds <= plain * 1.25


@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(Report), st.floats(0, 20), st.one_of(st.none(), st.floats(0, 100))
        ),
        max_size=40,
    )
)
def test_at_any_time_at_most_one_probe_is_out_and_every_opening_ends(
    steps: list[tuple[Report, float, float | None]],
) -> None:
    breaker, now = Breaker(), 0.0
    for report, seconds, retry_after in steps:
        now += seconds
        taken = probed(breaker, POLICY, at=now)
        if taken is not None:
            assert probed(taken, POLICY, at=now) is None
            breaker = taken
        breaker = reported(breaker, Verdict(report, retry_after), POLICY, at=now, roll=0.5)
        assert len(breaker.buckets) <= 10
        assert standing(breaker, at=now + 3601.0).state is not BreakerState.OPEN
