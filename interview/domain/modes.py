"""The arithmetic of both modes: par, damage, approval, chance and final score.

Source: the balance table of the ruleset, reproduced by simulation (4,000 runs per point, q drawn
from a normal distribution with deviation 12, temper 1, a panel of three).
"""

import math
from collections.abc import Mapping
from enum import StrEnum

MAX_HP = 100
MAX_APPROVAL = 100
COLD_MEAN = 20
INJECTION_COST = 5
INJECTIONS_TO_UNRANK = 3
CONTRADICTION_COST = 10
_WITNESS_SHARE = 0.35
STREAK_FOR_SHIELD = 3
HEAL_MARGIN = 15.0
HEAL = 4
OVERTIME_AFTER = 20

ROUND_POINTS = 100
GOOD_ANSWER_POINTS = 10
HINT_COST = 15
CONVINCE_ROUND_POINTS = 1000


class FailureReason(StrEnum):
    """Why a game was lost."""

    HP_ZERO = "hp_zero"
    WALKED_OUT = "walked_out"
    PANEL_COLD = "panel_cold"
    OUT_OF_ROUNDS = "out_of_rounds"
    CONTRADICTION_FATAL = "contradiction_fatal"
    INTEGRITY = "integrity"
    ABANDONED = "abandoned"
    TIMEOUT = "timeout"


def survive_par(number: int) -> float:
    """Return the q that round ``number`` (from 1) expects: 55 rising to 88, in overtime 95."""
    if number > OVERTIME_AFTER:
        return 95.0
    return float(min(88, 55 + 2 * (number - 1)))


def survive_base(number: int) -> float:
    """Return the base damage of round ``number``: 20 rising to 70, then 6 more a round."""
    base = min(70, 20 + 3 * (number - 1))
    return float(base + 6 * max(0, number - OVERTIME_AFTER))


def damage(number: int, *, q: float, temper: float, is_shielded: bool) -> int:
    """Return the hp an answer costs in round ``number``; 0 at par or above, half under a shield."""
    par = survive_par(number)
    if q >= par:
        return 0
    hurt = round(2 * survive_base(number) * (par - q) / par * temper)
    return (hurt + 1) // 2 if is_shielded else hurt


def heal(q: float, *, par: float) -> int:
    """Return the hp an answer gives back: 4 when it beats par by 15."""
    return HEAL if q >= par + HEAL_MARGIN else 0


def next_streak(streak: int, *, q: float, par: float) -> int:
    """Return how many answers in a row have now met par."""
    return streak + 1 if q >= par else 0


def earns_shield(streak: int) -> bool:
    """Return whether this streak has just earned a shield: at 3, 6, 9 ..."""
    return streak > 0 and streak % STREAK_FOR_SHIELD == 0


def convince_par(number: int) -> float:
    """Return the q that round ``number`` (from 1) of Convince expects: 55 rising to 72."""
    return min(72.0, 55 + 1.2 * (number - 1))


def approval_gain(q: float, *, par: float) -> float:
    """Return what the asker's approval moves by: -20 to +18."""
    return max(-20.0, min(18.0, (q - par) * 0.9))


def hears_out(number: int, *, seats: int) -> bool:
    """Return whether round ``number`` is too early for anybody to leave or stop listening.

    As many rounds as there are seats are heard to the end, so that nobody is out before the
    rules have shown themselves, and one good answer can still call somebody back.
    """
    return number < seats


def witness_gain(q: float, *, par: float) -> float:
    """Return what a listener's approval moves by; ``q`` is by the listener's own weights."""
    return _WITNESS_SHARE * approval_gain(q, par=par)


def chance_from_hp(hp: float) -> float:
    """Return V, the chance the panel gives the candidate, 0 to 100, from hp."""
    return _logistic((hp - 50) / 15)


def chance_from_approval(mean_approval: float) -> float:
    """Return V, the chance the panel gives the candidate, 0 to 100, from the mean approval."""
    return _logistic((mean_approval - 55) / 10)


def _logistic(z: float) -> float:
    return 100 / (1 + math.exp(-z))


def survive_score(*, rounds: int, hp: int, n_good: int, n_hints: int) -> int:
    """Return the final score of Survive; ``hp`` is what was left at the last full round."""
    points = ROUND_POINTS * rounds + hp + GOOD_ANSWER_POINTS * n_good
    return max(0, points - HINT_COST * n_hints)


def convince_score(
    *,
    is_won: bool,
    rounds: int,
    approval: Mapping[str, int],
    n_hints: int,
    max_rounds: int,
    convinced_at: int,
) -> int:
    """Return the final score of Convince: fewer rounds, then fewer hints, then approval surplus.

    A lost game scores its mean approval, which is below any win. ``max_rounds`` and
    ``convinced_at`` are the scenery's.
    """
    if not is_won:
        return _mean(approval)
    points = CONVINCE_ROUND_POINTS * rounds_saved(rounds, max_rounds=max_rounds)
    surplus = approval_surplus(approval, convinced_at=convinced_at)
    cost = n_hints * convince_hint_cost(convinced_at)
    return max(MAX_APPROVAL + 1, points + surplus - cost)


def rounds_saved(rounds: int, *, max_rounds: int) -> int:
    """Return how many rounds a won Convince counts: those not needed, and the last one."""
    return max(1, max_rounds + 1 - rounds)


def approval_surplus(approval: Mapping[str, int], *, convinced_at: int) -> int:
    """Return by how much the panel's mean approval is above what convinces."""
    return max(0, _mean(approval) - convinced_at)


def _mean(approval: Mapping[str, int]) -> int:
    return round(sum(approval.values()) / len(approval))


def convince_hint_cost(convinced_at: int) -> int:
    """Return what a hint takes off a win: one more than any surplus, so that hints rank first."""
    return MAX_APPROVAL - convinced_at + 1
