"""Four ways to count: never more than the limit, and a wait that is true to the microsecond."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.meters import MOST_GRAINS, Meter, State, can_ever_pass, meter_of
from gateway.domain.rate_limit import Algorithm, Dimension, Limit, Unit

SECOND = 1_000_000
NOON = 1_789_992_000 * SECOND


def limit(
    algorithm: Algorithm, amount: int = 6, window_seconds: float = 60.0, burst: int = 0
) -> Limit:
    return Limit(Dimension.KEY, Unit.TOKENS, amount, window_seconds, algorithm, burst)


@dataclass(slots=True)
class Counted:
    """A meter in use: its state, and what passed when."""

    meter: Meter
    state: State = ()
    passed: list[tuple[int, int]] = field(default_factory=list)

    def ask(self, cost: int, at_us: int) -> int | None:
        self.state = self.meter.at(self.state, at_us)
        wait_us = self.meter.wait(self.state, cost, at_us)
        if wait_us == 0:
            self.state = self.meter.take(self.state, cost, at_us)
            self.passed.append((at_us, cost))
        return wait_us

    def level(self, at_us: int) -> tuple[int, int]:
        return self.meter.level(self.meter.at(self.state, at_us), at_us)


limits = st.builds(
    limit,
    st.sampled_from([*Algorithm]),
    amount=st.integers(1, 50) | st.sampled_from([999_983, 1_000_000, 40_000_000]),
    window_seconds=st.sampled_from([0.01, 1.0, 7.0, 60.0, 3600.0, 86400.0]) | st.floats(0.001, 100),
    burst=st.integers(0, 60),
)
wants = st.lists(
    st.tuples(st.floats(0, 1.5), st.integers(0, 12) | st.just(1)), min_size=1, max_size=40
)


def use(asked: Limit, wanted: list[tuple[float, int]]) -> tuple[Counted, int]:
    """Return the meter after the wants, each so many windows after the one before."""
    counted, now_us = Counted(meter_of(asked)), NOON
    for windows, parts in wanted:
        now_us += int(windows * windows * asked.window_us)
        counted.ask(parts * max(1, asked.amount // 8), now_us)
    return counted, now_us


@given(limits, wants)
def test_never_more_than_the_limit_in_any_window(
    asked: Limit, wanted: list[tuple[float, int]]
) -> None:
    counted, _ = use(asked, wanted)

    for index, (began_us, _) in enumerate(counted.passed):
        used = 0
        for at_us, cost in counted.passed[index:]:
            elapsed_us = at_us - began_us
            if asked.algorithm is Algorithm.LEAKY_BUCKET:
                # Whoever is not ahead of the flow may pour: only the last cost may overflow.
                assert used * asked.window_us <= (
                    asked.burst * asked.window_us + elapsed_us * asked.amount
                )
                used += cost
                continue
            used += cost
            if asked.algorithm is Algorithm.TOKEN_BUCKET:
                most = (asked.burst or asked.amount) * asked.window_us + elapsed_us * asked.amount
                assert used * asked.window_us <= most
            elif asked.algorithm is Algorithm.SLIDING_WINDOW:
                assert elapsed_us >= asked.window_us or used <= asked.amount
            else:
                is_same = at_us // asked.window_us == began_us // asked.window_us
                assert not is_same or used <= asked.amount


@given(limits, wants, st.integers(1, 12))
def test_it_passes_at_the_end_of_the_wait_and_not_a_microsecond_earlier(
    asked: Limit, wanted: list[tuple[float, int]], parts: int
) -> None:
    counted, now_us = use(asked, wanted)
    cost = parts * max(1, asked.amount // 8)
    state = counted.meter.at(counted.state, now_us)
    wait_us = counted.meter.wait(state, cost, now_us)

    if wait_us is None:
        later_us = now_us + 10 * asked.window_us
        assert counted.meter.wait(counted.meter.at(state, later_us), cost, later_us) is None
    elif wait_us:
        for at_us, is_free in ((now_us + wait_us - 1, False), (now_us + wait_us, True)):
            found = counted.meter.wait(counted.meter.at(state, at_us), cost, at_us)
            assert (found == 0) is is_free
            assert found == now_us + wait_us - at_us


@given(limits, wants, st.integers(0, 8), st.integers(0, 12), st.floats(0, 2))
def test_a_correction_is_as_if_it_had_been_right_at_once(
    asked: Limit, wanted: list[tuple[float, int]], parts: int, used_parts: int, windows: float
) -> None:
    """Exactly so for windows; a bucket that was full or empty meanwhile has lost the rest."""
    counted, now_us = use(asked, wanted)
    part = max(1, asked.amount // 8)
    meter = counted.meter
    state = meter.at(counted.state, now_us)
    guessed = meter.take(state, parts * part, now_us)
    true = meter.take(state, used_parts * part, now_us)
    later_us = now_us + int(windows * asked.window_us)
    corrected = meter.correct(meter.at(guessed, later_us), (used_parts - parts) * part, now_us)
    expected = meter.at(true, later_us)

    if asked.algorithm is Algorithm.FIXED_WINDOW:
        assert corrected == expected
    elif asked.algorithm is Algorithm.SLIDING_WINDOW:
        assert sum(corrected[1::2]) == sum(expected[1::2])
    elif later_us == now_us:
        most = min(MOST_GRAINS, max(-MOST_GRAINS, expected[0]))
        assert corrected == (most, now_us)
    elif asked.algorithm is Algorithm.TOKEN_BUCKET:
        assert corrected[0] <= max(-MOST_GRAINS, expected[0])


@given(limits, wants)
def test_a_limit_is_whole_when_its_level_says_so(
    asked: Limit, wanted: list[tuple[float, int]]
) -> None:
    counted, now_us = use(asked, wanted)
    _, whole_us = counted.level(now_us)
    fresh = Counted(counted.meter)

    assert counted.level(now_us + whole_us) == fresh.level(now_us + whole_us)


@given(limits, wants)
def test_no_number_grows_past_what_is_exact_in_lua(
    asked: Limit, wanted: list[tuple[float, int]]
) -> None:
    counted, now_us = use(asked, wanted)

    assert all(abs(number) < 1 << 53 for number in (*counted.state, *counted.meter.figures))
    assert now_us < 1 << 53


@pytest.mark.parametrize("algorithm", [*Algorithm])
def test_a_limit_of_nothing_lets_nothing_pass(algorithm: Algorithm) -> None:
    counted = Counted(meter_of(limit(algorithm, 0)))

    assert counted.ask(1, NOON) is None
    assert counted.level(NOON) == (0, 0)


@pytest.mark.parametrize("algorithm", [*Algorithm])
def test_a_clock_that_goes_back_gives_nothing_away(algorithm: Algorithm) -> None:
    counted = Counted(meter_of(limit(algorithm, burst=5)))
    for _ in range(6):
        counted.ask(1, NOON)

    wait_us = counted.ask(1, NOON - 90 * SECOND)
    assert wait_us is not None
    assert wait_us >= 90 * SECOND
    assert len(counted.passed) == (5 if algorithm is Algorithm.TOKEN_BUCKET else 6)


def test_a_clock_that_goes_back_counts_into_the_newest_slot() -> None:
    counted = Counted(meter_of(limit(Algorithm.SLIDING_WINDOW)))
    counted.ask(1, NOON)
    counted.ask(1, NOON - 5 * SECOND)

    assert counted.state == (NOON // SECOND, 2)


def test_a_token_bucket_lets_a_burst_pass_and_then_its_pace() -> None:
    counted = Counted(meter_of(limit(Algorithm.TOKEN_BUCKET)))

    assert [counted.ask(1, NOON) for _ in range(7)] == [0] * 6 + [10 * SECOND]
    assert counted.level(NOON + 25 * SECOND) == (2, 35 * SECOND)


def test_a_burst_may_be_smaller_or_larger_than_what_a_window_brings() -> None:
    small = Counted(meter_of(limit(Algorithm.TOKEN_BUCKET, burst=2)))
    large = Counted(meter_of(limit(Algorithm.TOKEN_BUCKET, burst=20)))

    assert small.ask(3, NOON) is None
    assert [small.ask(1, NOON) for _ in range(3)] == [0, 0, 10 * SECOND]
    assert [large.ask(20, NOON), large.ask(1, NOON)] == [0, 10 * SECOND]


def test_a_leaky_bucket_spaces_requests_evenly() -> None:
    counted = Counted(meter_of(limit(Algorithm.LEAKY_BUCKET)))

    assert [counted.ask(1, NOON), counted.ask(1, NOON)] == [0, 10 * SECOND]
    assert counted.level(NOON) == (0, 10 * SECOND)
    assert counted.level(NOON + 10 * SECOND) == (1, 0)
    assert counted.ask(6, NOON + 10 * SECOND) == 0
    assert counted.ask(1, NOON + 10 * SECOND) == 60 * SECOND
    assert counted.ask(7, NOON + 10 * SECOND) is None


def test_a_fixed_window_ends_on_the_clock() -> None:
    counted = Counted(meter_of(limit(Algorithm.FIXED_WINDOW)))

    assert counted.ask(6, NOON + 50 * SECOND) == 0
    assert counted.ask(1, NOON + 50 * SECOND) == 10 * SECOND
    assert counted.level(NOON + 50 * SECOND) == (0, 10 * SECOND)
    assert counted.ask(6, NOON + 60 * SECOND) == 0


def test_a_sliding_window_forgets_a_slot_when_all_of_it_is_out() -> None:
    counted = Counted(meter_of(limit(Algorithm.SLIDING_WINDOW)))
    counted.ask(4, NOON + SECOND // 2)
    counted.ask(2, NOON + 10 * SECOND)

    assert counted.ask(3, NOON + 20 * SECOND) == 41 * SECOND
    assert counted.ask(5, NOON + 20 * SECOND) == 51 * SECOND
    assert counted.level(NOON + 61 * SECOND) == (4, 10 * SECOND)


def test_a_slot_that_is_gone_is_not_corrected() -> None:
    meter = meter_of(limit(Algorithm.SLIDING_WINDOW))
    state = meter.take((), 2, NOON)

    assert meter.correct(state, -2, NOON - 300 * SECOND) == state


def test_debt_ends_where_numbers_do() -> None:
    for algorithm, worst in (
        (Algorithm.TOKEN_BUCKET, -MOST_GRAINS),
        (Algorithm.LEAKY_BUCKET, MOST_GRAINS),
    ):
        meter = meter_of(limit(algorithm))
        state = meter.at((), NOON)
        assert meter.correct(state, 1 << 50, NOON)[0] == worst


def test_a_pace_too_fine_for_the_numbers_is_rounded_down() -> None:
    odd = limit(Algorithm.TOKEN_BUCKET, 999_999_937, 86_399.999_999)
    meter = meter_of(odd)
    fill, grain, full = meter.figures

    assert full <= MOST_GRAINS
    assert 0.999 < fill * odd.window_us / (grain * odd.amount) <= 1.0


def test_a_burst_that_would_never_fill_is_refused() -> None:
    with pytest.raises(ValueError, match="too large"):
        meter_of(limit(Algorithm.TOKEN_BUCKET, 1, 86_400.0, burst=10**9))


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_what_is_more_than_the_whole_limit_can_never_pass(algorithm: Algorithm) -> None:
    thousand = limit(algorithm, amount=1000)
    assert can_ever_pass(thousand, 1000)
    assert not can_ever_pass(thousand, 1001)
