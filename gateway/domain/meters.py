"""The four ways to count what flows, as pure arithmetic on a few whole numbers.

A state is what is remembered between two requests; () is a limit nobody has used. First bring
it up to now with ``at``, then ask ``wait``, then ``take``. Times are whole microseconds and
levels whole grains, the largest unit in which both a unit of use and what a microsecond brings
are whole: no rounding, so that the twin in Lua, whose numbers are exact up to 2**53, always
agrees. All four let pass at ``wait`` and not a microsecond earlier.

- A token bucket fills evenly and is full at first: bursts pass, the mean holds.
- A leaky bucket drains evenly and is empty at first: requests pass evenly spaced. Whoever is
  not ahead of the flow (by more than the burst) may pour, and the next one waits it out.
- A fixed window counts from one multiple of the window to the next.
- A sliding window counts every moment's past window. It remembers sixty slots per window
  instead of every request, and keeps a slot until all of it is out: bounded memory, never more
  than the limit in any window, at most a slot too late. (Interpolating between two counters is
  smaller still, but may let more than the limit through, and a refund has no place in it.)
"""

from functools import lru_cache
from math import gcd
from typing import Protocol

from gateway.domain.rate_limit import Algorithm, Limit

State = tuple[int, ...]

N_SLOTS = 60
MOST_GRAINS = 1 << 51  # two of them, and their difference, are exact in Lua as well


class Meter(Protocol):
    """One limit's arithmetic; ``figures`` is all that its twin needs to know of it."""

    kind: int
    figures: tuple[int, ...]

    def at(self, state: State, now_us: int) -> State:
        """Return the state as it is by now."""
        ...

    def wait(self, state: State, cost: int, now_us: int) -> int | None:
        """Return in how many microseconds the cost will pass: 0 now, None never."""
        ...

    def take(self, state: State, cost: int, now_us: int) -> State:
        """Return the state after the cost has passed."""
        ...

    def correct(self, state: State, more: int, taken_us: int) -> State:
        """Return the state as if that much more (or less) had been taken then."""
        ...

    def level(self, state: State, now_us: int) -> tuple[int, int]:
        """Return what is left, and in how many microseconds it is whole again."""
        ...


class TokenBucket:
    """Level in grains (below zero: debt), and since when."""

    kind = 1

    def __init__(self, limit: Limit) -> None:
        self._units = (limit.burst or limit.amount) if limit.amount else 0
        self._fill, self._grain = _pace(limit, self._units)
        self._full = self._units * self._grain
        self.figures: tuple[int, ...] = (self._fill, self._grain, self._full)

    def at(self, state: State, now_us: int) -> State:
        """Return the state with what has dripped in by now."""
        if not state:
            return (self._full, now_us)
        level, since_us = state
        elapsed_us = max(0, now_us - since_us)
        return (min(self._full, level + elapsed_us * self._fill), since_us + elapsed_us)

    def wait(self, state: State, cost: int, now_us: int) -> int | None:
        """Return when enough will have dripped in."""
        if cost * self._grain > self._full or not self._fill:
            return None
        lacking = cost * self._grain - state[0]
        return 0 if lacking <= 0 else state[1] - now_us + _steps(lacking, self._fill)

    def take(self, state: State, cost: int, now_us: int) -> State:
        """Return the state without the cost."""
        return (state[0] - cost * self._grain, state[1])

    def correct(self, state: State, more: int, taken_us: int) -> State:
        """Return the state with the difference taken out, or put back as far as it holds."""
        level = state[0] - more * self._grain
        return (max(-MOST_GRAINS, min(self._full, level)), state[1])

    def level(self, state: State, now_us: int) -> tuple[int, int]:
        """Return whole units left, and the time until it is full."""
        whole_us = _steps(self._full - state[0], self._fill) if self._fill else 0
        return max(0, state[0] // self._grain), whole_us


class LeakyBucket:
    """Water in grains, and since when."""

    kind = 2

    def __init__(self, limit: Limit) -> None:
        self._most = limit.amount + limit.burst if limit.amount else 0
        self._leak, self._grain = _pace(limit, self._most + limit.burst)
        self._brim = limit.burst * self._grain
        self.figures: tuple[int, ...] = (self._leak, self._grain, self._brim, self._most)

    def at(self, state: State, now_us: int) -> State:
        """Return the state without what has leaked by now."""
        if not state:
            return (0, now_us)
        water, since_us = state
        elapsed_us = max(0, now_us - since_us)
        return (max(0, water - elapsed_us * self._leak), since_us + elapsed_us)

    def wait(self, state: State, cost: int, now_us: int) -> int | None:
        """Return when the water will be down to the brim; a whole window at once never passes."""
        if cost > self._most or not self._leak:
            return None
        over = state[0] - self._brim
        return 0 if over <= 0 else state[1] - now_us + _steps(over, self._leak)

    def take(self, state: State, cost: int, now_us: int) -> State:
        """Return the state with the cost poured in."""
        return (state[0] + cost * self._grain, state[1])

    def correct(self, state: State, more: int, taken_us: int) -> State:
        """Return the state with the difference poured in, or taken out as far as it holds."""
        return (min(MOST_GRAINS, max(0, state[0] + more * self._grain)), state[1])

    def level(self, state: State, now_us: int) -> tuple[int, int]:
        """Return how many single units would pass at once, and the time until it is empty."""
        if not self._leak:
            return 0, 0
        room = self._brim - state[0]
        return (room // self._grain + 1 if room >= 0 else 0), _steps(state[0], self._leak)


class FixedWindow:
    """Which window, and what was used in it."""

    kind = 3

    def __init__(self, limit: Limit) -> None:
        self._amount, self._window_us = limit.amount, limit.window_us
        self.figures: tuple[int, ...] = (self._amount, self._window_us)

    def at(self, state: State, now_us: int) -> State:
        """Return the window of now; a clock that went back stays in its window."""
        index = now_us // self._window_us
        return state if state and state[0] >= index else (index, 0)

    def wait(self, state: State, cost: int, now_us: int) -> int | None:
        """Return when the next window begins."""
        if cost > self._amount:
            return None
        if state[1] + cost <= self._amount:
            return 0
        return (state[0] + 1) * self._window_us - now_us

    def take(self, state: State, cost: int, now_us: int) -> State:
        """Return the state with the cost counted."""
        return (state[0], state[1] + cost)

    def correct(self, state: State, more: int, taken_us: int) -> State:
        """Return the state with the difference counted, if it is still the same window."""
        if taken_us // self._window_us != state[0]:
            return state
        return (state[0], max(0, state[1] + more))

    def level(self, state: State, now_us: int) -> tuple[int, int]:
        """Return what is left of the window, in use and in time."""
        left_us = (state[0] + 1) * self._window_us - now_us if state[1] else 0
        return max(0, self._amount - state[1]), left_us


class SlidingWindow:
    """Pairs of a slot and what was used in it, oldest first."""

    kind = 4

    def __init__(self, limit: Limit) -> None:
        self._amount, self._window_us = limit.amount, limit.window_us
        self._slot_us = -(-limit.window_us // N_SLOTS)
        self.figures: tuple[int, ...] = (self._amount, self._window_us, self._slot_us)

    def at(self, state: State, now_us: int) -> State:
        """Return the slots of which something is still in the past window."""
        n_gone = 0
        while n_gone < len(state) and self._gone_us(state[n_gone]) <= now_us:
            n_gone += 2
        return state[n_gone:]

    def wait(self, state: State, cost: int, now_us: int) -> int | None:
        """Return when enough slots will have gone."""
        if cost > self._amount:
            return None
        excess = sum(state[1::2]) + cost - self._amount
        wait_us = 0
        for slot, used in zip(state[::2], state[1::2], strict=True):
            if excess <= 0:
                break
            excess -= used
            wait_us = self._gone_us(slot) - now_us
        return wait_us

    def take(self, state: State, cost: int, now_us: int) -> State:
        """Return the state with the cost in the newest slot."""
        slot = now_us // self._slot_us
        if state and state[-2] >= slot:
            return (*state[:-1], state[-1] + cost)
        return (*state, slot, cost)

    def correct(self, state: State, more: int, taken_us: int) -> State:
        """Return the state with the difference in its slot, if that is still remembered."""
        slot = taken_us // self._slot_us
        for index in range(0, len(state), 2):
            if state[index] == slot:
                used = max(0, state[index + 1] + more)
                return (*state[: index + 1], used, *state[index + 2 :])
        return state

    def level(self, state: State, now_us: int) -> tuple[int, int]:
        """Return what is left, and the time until the newest slot has gone."""
        left_us = self._gone_us(state[-2]) - now_us if state else 0
        return max(0, self._amount - sum(state[1::2])), left_us

    def _gone_us(self, slot: int) -> int:
        return (slot + 1) * self._slot_us + self._window_us


_KINDS: dict[Algorithm, type[TokenBucket | LeakyBucket | FixedWindow | SlidingWindow]] = {
    Algorithm.TOKEN_BUCKET: TokenBucket,
    Algorithm.LEAKY_BUCKET: LeakyBucket,
    Algorithm.FIXED_WINDOW: FixedWindow,
    Algorithm.SLIDING_WINDOW: SlidingWindow,
}


@lru_cache(maxsize=4096)
def meter_of(limit: Limit) -> Meter:
    """Return the limit's arithmetic; raise ValueError when its figures are too far apart."""
    return _KINDS[limit.algorithm](limit)


def can_ever_pass(limit: Limit, cost: int) -> bool:
    """Return whether the cost would pass a limit that nobody has used."""
    meter = meter_of(limit)
    return meter.wait(meter.at((), 0), cost, 0) is not None


def _pace(limit: Limit, most_units: int) -> tuple[int, int]:
    """Return the grains a microsecond brings and the grains of a unit.

    Where so many units in exact grains would be too large a number, the grains are coarser and
    the pace is rounded down: never more than the limit.
    """
    divisor = gcd(limit.amount, limit.window_us)
    fill, grain = limit.amount // divisor, limit.window_us // divisor
    if most_units * grain > MOST_GRAINS:
        coarser = MOST_GRAINS // most_units
        fill, grain = fill * coarser // grain, coarser
        if not fill:
            raise ValueError("The burst is too large for so slow a limit.")
    return fill, grain


def _steps(way: int, stride: int) -> int:
    return -(-way // stride)
