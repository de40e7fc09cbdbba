"""What the settlement page tells: how the game went, read off the log after the verdict.

Rule-based and complete without a model: the verdict graph, three moments worth a second look, and
a score that adds up line by line.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from interview.domain import events as ev
from interview.domain import modes
from interview.domain.events import Event, Result
from interview.domain.room import Room
from interview.domain.scenery import Mode

_LEAST_TURN = 1.0  # points of V


@dataclass(slots=True)
class Played:
    """One round as it was played."""

    round: int
    speaker: str
    question_id: str
    question: str
    answer: str
    scored: ev.AnswerScored

    @property
    def swing(self) -> float:
        """Return how far the verdict moved, in points of V; negative is a loss."""
        return self.scored.verdict_after - self.scored.verdict_before


class MomentKind(StrEnum):
    """Why a round is worth a second look."""

    WORST = "worst"
    BEST = "best"
    TURNING = "turning"


@dataclass(frozen=True, slots=True)
class Moment:
    """A round, and why it is shown."""

    kind: MomentKind
    played: Played


@dataclass(frozen=True, slots=True)
class ScoreLine:
    """One line of the sum; ``label`` is a key the page has words for."""

    label: str
    points: int
    count: int = 0


@dataclass(slots=True)
class Settlement:
    """The whole story."""

    rounds: list[Played] = field(default_factory=list)
    moments: list[Moment] = field(default_factory=list)
    lines: list[ScoreLine] = field(default_factory=list)


def settle(room: Room, events: Iterable[Event]) -> Settlement:
    """Return the story of a settled room."""
    rounds = played_rounds(events)
    return Settlement(rounds=rounds, moments=_moments(rounds), lines=_lines(room))


def played_rounds(events: Iterable[Event]) -> list[Played]:
    """Return the answered rounds in order."""
    rounds: list[Played] = []
    planned: ev.TurnPlanned | None = None
    heard, answer = "", ""
    for event in events:
        match event.payload:
            case ev.TurnPlanned() as plan:
                planned = plan
            case ev.TurnDone(text=text):
                heard = text
            case ev.TurnCancelled(kept_text=text) | ev.TurnFailed(kept_text=text):
                heard = text
            case ev.AnswerSubmitted(text=text):
                answer = text
            case ev.AnswerScored() as scored if planned is not None:
                rounds.append(
                    Played(
                        round=scored.round,
                        speaker=planned.speaker,
                        question_id=planned.question_id,
                        question=heard,
                        answer=answer,
                        scored=scored,
                    )
                )
            case _:
                pass
    return rounds


def _moments(rounds: Sequence[Played]) -> list[Moment]:
    """Return the worst, the best and the turning point, each round at most once.

    The best answer is chosen first, so that of two rounds the better one is never shown as what
    hurt; where nothing moved the verdict, nothing is called a turning point.
    """
    if not rounds:
        return []
    best = max(rounds, key=lambda played: (_margin(played), played.round))
    left = [played for played in rounds if played is not best]
    if not left:
        kind = MomentKind.BEST if _margin(best) >= 0 else MomentKind.WORST
        return [Moment(kind, best)]
    worst = min(left, key=lambda played: (played.swing, _margin(played)))
    chosen = [Moment(MomentKind.WORST, worst), Moment(MomentKind.BEST, best)]
    turning = max(left, key=lambda played: (played is not worst, abs(played.swing)))
    if turning is not worst and abs(turning.swing) >= _LEAST_TURN:
        chosen.append(Moment(MomentKind.TURNING, turning))
    return chosen


def _margin(played: Played) -> float:
    return played.scored.q - played.scored.par


def _lines(room: Room) -> list[ScoreLine]:
    """Return the lines of the sum; their points add up to the room's score."""
    if room.mode is Mode.SURVIVE:
        lines = [
            _counted("rounds", modes.ROUND_POINTS, room.rounds_answered),
            ScoreLine("composure", room.hp_at_last_round, room.hp_at_last_round),
            _counted("brilliant", modes.GOOD_ANSWER_POINTS, room.n_good),
            _counted("hints", -modes.HINT_COST, room.n_hints),
        ]
    elif room.result is Result.WON:
        saved = modes.rounds_saved(room.rounds_answered, max_rounds=room.max_rounds)
        surplus = modes.approval_surplus(room.approval, convinced_at=room.convinced_at)
        lines = [
            _counted("saved", modes.CONVINCE_ROUND_POINTS, saved),
            ScoreLine("surplus", surplus),
            _counted("hints", -modes.convince_hint_cost(room.convinced_at), room.n_hints),
        ]
    else:
        lines = [ScoreLine("panel", room.score)]
    rest = room.score - sum(line.points for line in lines)
    return [*lines, ScoreLine("floor", rest)] if rest else lines


def _counted(label: str, points_each: int, count: int) -> ScoreLine:
    return ScoreLine(label, points_each * count, count)
