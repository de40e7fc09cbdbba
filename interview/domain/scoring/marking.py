"""The mark: levels by a persona's weights, then the rules of length, honesty and caps."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from interview.domain.persona import Dimension
from interview.domain.questions import Question
from interview.domain.reading.answers import Answer
from interview.domain.reading.lengths import LengthBand
from interview.domain.reading.reaching import Outcome, Reach
from interview.domain.reading.triggers import Trigger
from interview.domain.scoring.dimensions import GRADERS
from interview.domain.scoring.findings import BESIDE_THE_POINT, Evidence, Grade
from interview.domain.scoring.follow_ups import OUTCOMES, graded
from interview.domain.scoring.reasons import STRONG_MARGIN, armed, reason_for, worst_first

RAMBLING_COST = 6.0
HONEST_BONUS = 3.0
HONEST_FLOOR = 20.0

CAPS: dict[Trigger, float] = {
    Trigger.OFF_TOPIC: 25.0,
    Trigger.TOO_SHORT: 35.0,
    Trigger.SELF_REPEAT: 40.0,
    Trigger.RESUME_ECHO: 45.0,
    Trigger.BUZZWORD_ONLY: 45.0,
}

_RELEVANCE_LIMITS = {0: 40.0, 1: 40.0, 2: 50.0}

_SHORT_NAMES = {
    Dimension.RELEVANCE: "rel",
    Dimension.SPECIFICITY: "spec",
    Dimension.DEPTH: "depth",
    Dimension.OWNERSHIP: "own",
    Dimension.STRUCTURE: "struct",
    Dimension.CONSISTENCY: "cons",
}


@dataclass(frozen=True, slots=True)
class Score:
    """The mark of one answer by one persona's weights.

    reason: the rule id that hurt most (or, for a good answer, helped most); a key of rule_labels.
    triggers: names of armed triggers, then ``key_point_missing:<id>``, heaviest point first.
    """

    q: float
    levels: dict[Dimension, int]
    evidence: tuple[Evidence, ...]
    caps: tuple[str, ...]
    explain: str
    triggers: tuple[str, ...]
    reason: str


def score_answer(
    answer: Answer, *, question: Question, weights: Mapping[Dimension, int], par: float
) -> Score:
    """Return the score of an answer to ``question`` by these weights, against ``par``.

    What answers a follow-up is scored as that, and not as an answer to the whole question.
    """
    grades = {dimension: grade(answer, question) for dimension, grade in GRADERS.items()}
    counted = _counted(grades, answer)
    levels = {dimension: grade.level for dimension, grade in counted.items()}
    total = sum(weights.get(dimension, 0) for dimension in levels) or 1
    rules = 25 * sum(weights.get(d, 0) * level for d, level in levels.items()) / total
    q, caps, notes = _limited(rules, answer, relevance=levels[Dimension.RELEVANCE])
    evidence = worst_first([e for grade in counted.values() for e in grade.evidence])
    triggers = armed(answer, question, q, par)
    return Score(
        q=q,
        levels=levels,
        evidence=evidence,
        caps=caps,
        explain=_explain(q, rules, levels, notes, caps, evidence),
        triggers=triggers,
        reason=reason_for(evidence, triggers, is_good=q >= par, caps=caps),
    )


def _counted(grades: Mapping[Dimension, Grade], answer: Answer) -> Mapping[Dimension, Grade]:
    """Return the grades that count: of an answer to a follow-up, what it asked for."""
    reached = answer.reach
    if reached is None:
        return grades
    if reached.outcome is Outcome.MET:
        return {**graded(reached), Dimension.CONSISTENCY: grades[Dimension.CONSISTENCY]}
    if answer.band is LengthBand.SHORT:  # so few words have no structure to grade
        return {d: grade for d, grade in grades.items() if d is not Dimension.STRUCTURE}
    return grades


def restated(score: Score, *, q: float, par: float, note: str) -> Score:
    """Return the score at another q: the same findings, the arithmetic retold by ``note``."""
    others = tuple(t for t in score.triggers if t != Trigger.STRONG)
    n_armed = next((n for n, t in enumerate(others) if ":" in t), len(others))
    strong = (Trigger.STRONG.value,) if q >= par + STRONG_MARGIN else ()
    triggers = (*others[:n_armed], *strong, *others[n_armed:])
    return replace(
        score,
        q=q,
        triggers=triggers,
        reason=reason_for(score.evidence, triggers, is_good=q >= par, caps=score.caps),
        explain=f"q {q:g} = {note}; {score.explain}",
    )


def _limited(
    rules: float, answer: Answer, *, relevance: int
) -> tuple[float, tuple[str, ...], tuple[str, ...]]:
    """Return q after length, honesty and caps; the caps that bit; notes for the explain line."""
    q, notes = rules, _told(answer.reach)
    if answer.band is LengthBand.EMPTY:
        return 0.0, (Trigger.TOO_SHORT.value,), ()
    if answer.band is LengthBand.RAMBLING:
        q -= RAMBLING_COST
        notes.append(f"rambling -{RAMBLING_COST:g}")
    is_honest = Trigger.HONEST_UNKNOWN in answer.flags
    if is_honest and answer.has_plan:
        q += HONEST_BONUS
        notes.append(f"honest +{HONEST_BONUS:g}")
    caps = []
    for trigger, limit in CAPS.items():
        is_allowed = trigger is Trigger.TOO_SHORT and answer.reach is not None
        if trigger in answer.flags and q > limit and not is_allowed:
            q = limit
            caps.append(trigger.value)
    limit = _RELEVANCE_LIMITS.get(relevance, 100.0)
    if q > limit:
        q = limit
        caps.append(BESIDE_THE_POINT)
    if is_honest and not answer.has_plan:
        q = min(q, HONEST_FLOOR)
        caps.append(Trigger.HONEST_UNKNOWN.value)
    if is_honest and q < HONEST_FLOOR:
        q = HONEST_FLOOR
        notes.append(f"honest floor {HONEST_FLOOR:g}")
    return round(max(0.0, min(100.0, q)), 1), tuple(caps), tuple(notes)


def _told(reached: Reach | None) -> list[str]:
    """Return the note that says what a follow-up asked for, and what became of it."""
    return [f"asked_{reached.want}: {OUTCOMES[reached.outcome]}"] if reached else []


def _explain(
    q: float,
    rules: float,
    levels: Mapping[Dimension, int],
    notes: tuple[str, ...],
    caps: tuple[str, ...],
    evidence: tuple[Evidence, ...],
) -> str:
    named = ", ".join(f"{_SHORT_NAMES[dimension]} {level}" for dimension, level in levels.items())
    adjusted = "".join(f"; {note}" for note in notes)
    n_spans = sum(bool(item.quote) for item in evidence)
    return (
        f"q {q:g} = rules {round(rules, 1):g} ({named}){adjusted}; "
        f"caps: {', '.join(caps) or 'none'}; evidence: {n_spans} spans"
    )
