"""What an answer does to the room: composure or approval, who is won or lost, and the end.

Pure: the same function judges the answer given and, for the report, the best answer there was.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from interview.domain import modes
from interview.domain.events import Result
from interview.domain.modes import FailureReason
from interview.domain.position import Position
from interview.domain.room import Room, WinReason
from interview.domain.scenery import Mode, WinRule

FATAL_CONTRADICTIONS = 4
FATAL_INJECTIONS = 5


@dataclass(frozen=True, slots=True)
class Marks:
    """What the panel gives an answer: q by each persona's own weights, and what was caught."""

    asker: str
    by_persona: Mapping[str, float]
    is_contradiction: bool = False
    is_injection: bool = False


@dataclass(frozen=True, slots=True)
class Effect:
    """The room after the answer. ``chance`` is V, 0 to 100."""

    hp: int
    approval: Mapping[str, int]
    chance: float
    newly_convinced: tuple[str, ...] = ()
    unconvinced: tuple[str, ...] = ()
    walked_out: tuple[str, ...] = ()
    used_shield: bool = False
    reaches_goal: bool = False
    ended: tuple[Result, str] | None = None


def judge(room: Room, position: Position, marks: Marks) -> Effect:
    """Return what the answer does; the room itself is left as it was."""
    rule = _survive if room.mode is Mode.SURVIVE else _convince
    return rule(room, position, marks)


def chance(room: Room) -> float:
    """Return V as things stand, 0 to 100."""
    if room.mode is Mode.SURVIVE:
        return modes.chance_from_hp(room.hp)
    return modes.chance_from_approval(_mean(room.approval))


def _survive(room: Room, position: Position, marks: Marks) -> Effect:
    q = marks.by_persona[marks.asker]
    temper = position.persona(marks.asker).temper
    hurt = modes.damage(room.round, q=q, temper=temper, is_shielded=False)
    used_shield = room.shielded and hurt > 0
    if used_shield:
        hurt = modes.damage(room.round, q=q, temper=temper, is_shielded=True)
    hurt += modes.INJECTION_COST if marks.is_injection else 0
    hp = max(0, min(modes.MAX_HP, room.hp - hurt + modes.heal(q, par=room.par)))
    reaches_goal = hp > 0 and not room.goal_reached and room.round >= position.scenery.goal_rounds
    return Effect(
        hp=hp,
        approval=room.approval,
        chance=modes.chance_from_hp(hp),
        used_shield=used_shield,
        reaches_goal=reaches_goal,
        ended=_survive_end(room, hp, marks),
    )


def _survive_end(room: Room, hp: int, marks: Marks) -> tuple[Result, str] | None:
    reason = FailureReason.HP_ZERO if hp <= 0 else _fatal(room, marks)
    if reason is None:
        return None
    if room.goal_reached:
        return Result.WON, WinReason.GOAL_REACHED
    return Result.LOST, reason


def _convince(room: Room, position: Position, marks: Marks) -> Effect:
    rule = position.scenery.approval
    unconvinced = tuple(room.convinced[-1:]) if marks.is_contradiction else ()
    approval = {
        persona: _new_approval(room, persona, marks, is_unlocked=persona in unconvinced)
        for persona in room.panel
    }
    still = [persona for persona in room.convinced if persona not in unconvinced]
    newly = tuple(
        persona
        for persona, points in approval.items()
        if persona not in room.convinced
        and persona in room.has_asked
        and points >= rule.convinced_at
    )
    hears_out = modes.hears_out(room.round, seats=len(room.panel))
    leaving = () if hears_out else tuple(p for p, n in approval.items() if n <= rule.walkout_at)
    given_up = None if hears_out else _given_up(approval, leaving)
    return Effect(
        hp=room.hp,
        approval=approval,
        chance=modes.chance_from_approval(_mean(approval)),
        newly_convinced=newly,
        unconvinced=unconvinced,
        walked_out=leaving,
        ended=_convince_end(room, position, marks, {*still, *newly}, given_up),
    )


def _new_approval(room: Room, persona: str, marks: Marks, *, is_unlocked: bool) -> int:
    points = room.approval[persona]
    if is_unlocked:
        return max(0, points - modes.CONTRADICTION_COST)
    if persona in room.convinced:
        return points
    gain_of = modes.approval_gain if persona == marks.asker else modes.witness_gain
    gain = gain_of(marks.by_persona[persona], par=room.par)
    gain -= modes.INJECTION_COST if marks.is_injection and persona == marks.asker else 0
    return max(0, min(modes.MAX_APPROVAL, round(points + gain)))


def _given_up(approval: Mapping[str, int], leaving: tuple[str, ...]) -> FailureReason | None:
    """Return how the panel has had enough, once it no longer hears the candidate out."""
    if leaving:
        return FailureReason.WALKED_OUT
    return FailureReason.PANEL_COLD if _mean(approval) <= modes.COLD_MEAN else None


def _convince_end(
    room: Room,
    position: Position,
    marks: Marks,
    convinced: set[str],
    given_up: FailureReason | None,
) -> tuple[Result, str] | None:
    rule = position.scenery.approval
    fatal = _fatal(room, marks)
    if fatal is not None:
        return Result.LOST, fatal
    if _is_won(rule.rule, room.panel, position.scenery.chair, convinced):
        return Result.WON, WinReason.PANEL_CONVINCED
    if given_up is not None:
        return Result.LOST, given_up
    if room.round >= rule.max_rounds:
        return Result.LOST, FailureReason.OUT_OF_ROUNDS
    return None


def _is_won(rule: WinRule, panel: list[str], chair: str, convinced: set[str]) -> bool:
    if rule is WinRule.ALL:
        return len(convinced) == len(panel)
    if rule is WinRule.MAJORITY:
        return 2 * len(convinced) > len(panel)
    return chair in convinced and len(convinced) > 1


def _fatal(room: Room, marks: Marks) -> FailureReason | None:
    if room.n_contradictions + marks.is_contradiction >= FATAL_CONTRADICTIONS:
        return FailureReason.CONTRADICTION_FATAL
    if room.n_injections + marks.is_injection >= FATAL_INJECTIONS:
        return FailureReason.INTEGRITY
    return None


def _mean(approval: Mapping[str, int]) -> float:
    return sum(approval.values()) / len(approval)
