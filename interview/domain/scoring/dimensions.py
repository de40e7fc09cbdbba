"""Six dimensions, each graded 0 to 4 from what the answer says and lacks."""

from collections.abc import Callable

from interview.domain.persona import Dimension
from interview.domain.questions import Expectation, Question
from interview.domain.reading.answers import Answer
from interview.domain.reading.lengths import LengthBand
from interview.domain.reading.marks import Mark
from interview.domain.reading.reaching import Outcome
from interview.domain.reading.triggers import Trigger
from interview.domain.scoring.findings import BESIDE_THE_POINT, MAX_LEVEL, Evidence, Grade, quotes

NAMED_WORTH = 0.3


def coverage(answer: Answer, question: Question) -> float:
    """Return the share, by weight, of the key points that the answer says something about.

    A point that is only named counts a little.
    """
    total = sum(point.weight for point in question.key_points)
    if total == 0:
        return 0.0
    argued = sum(point.weight for point in question.key_points if point.id in answer.argued)
    named = sum(point.weight for point in question.key_points if point.id in answer.key_points)
    return (argued + NAMED_WORTH * (named - argued)) / total


_EXPECTED_RULES = {
    Expectation.NUMBER: ("value_with_unit", "perfect_number"),
    Expectation.TRADEOFF: ("tradeoff_pair",),
    Expectation.FAILURE_MODE: ("failure_mode",),
    Expectation.OWNERSHIP: ("own_action", "own_decision"),
}


def _step(value: float, *bounds: float) -> int:
    """Return how many of the rising bounds the value reaches."""
    return sum(value >= bound for bound in bounds)


def _relevance(answer: Answer, question: Question) -> Grade:
    dimension = Dimension.RELEVANCE
    if answer.band is LengthBand.EMPTY or Trigger.OFF_TOPIC in answer.flags:
        return Grade(0, (Evidence(dimension, "", "off_topic"),))
    met = [bool(answer.marked(*_EXPECTED_RULES[item])) for item in question.expects]
    expected = sum(met) / len(met) if met else 0.5
    covered = coverage(answer, question) if question.key_points else expected
    level = 1 + _step(covered, 0.35, 0.5, 0.65)
    if Trigger.HONEST_UNKNOWN in answer.flags and answer.has_plan:
        level = max(level, 2)
    evidence = [Evidence(dimension, mark.quote, "inquiry") for mark in _honest_marks(answer)]
    evidence += [Evidence(dimension, m.quote, "evasive") for m in answer.marked("evasive")[:1]]
    if Trigger.EVASIVE in answer.flags:
        level = min(level, 1)
    reached = answer.reach
    if reached is not None and reached.outcome is Outcome.MISSED:
        level = min(level, 2)
        evidence.append(Evidence(dimension, "", "left_aside"))
    elif reached is not None and reached.is_concrete:
        level = max(level, 2)
    if level == 1 and question.key_points:
        evidence.append(Evidence(dimension, "", BESIDE_THE_POINT))
    return Grade(level, tuple(evidence))


def _honest_marks(answer: Answer) -> tuple[Mark, ...]:
    if Trigger.HONEST_UNKNOWN not in answer.flags:
        return ()
    return answer.marked("inquiry")[:1]


def _specificity(answer: Answer, question: Question) -> Grade:
    dimension = Dimension.SPECIFICITY
    numbers = answer.marked("value_with_unit", "perfect_number")
    baselines = answer.marked("baseline_named") if numbers else ()
    measured = answer.marked("how_measured")
    texture = len(answer.marked("named_tools")) + len(answer.marked("dated")) >= 2
    if numbers:
        level = 2 + bool(baselines) + bool(measured)
        level = max(level, 3 if len(numbers) >= 3 else 2)
    else:
        level = int(texture or bool(answer.marked("dated")))
    evidence = [*quotes(dimension, numbers[:3]), *quotes(dimension, baselines[:1])]
    evidence += quotes(dimension, measured[:1])
    if not numbers:
        evidence.append(Evidence(dimension, "", "no_number"))
        evidence += quotes(dimension, answer.marked("vague")[:1])
    elif not baselines and not measured:
        evidence.append(Evidence(dimension, numbers[0].quote, "no_baseline"))
    return Grade(min(level, MAX_LEVEL), tuple(evidence))


def _depth(answer: Answer, question: Question) -> Grade:
    dimension = Dimension.DEPTH
    tradeoffs, failures = answer.marked("tradeoff_pair"), answer.marked("failure_mode")
    reasons, tools = answer.marked("reason_given"), answer.marked("named_tools")
    covered = _step(coverage(answer, question), 0.25, 0.4, 0.6, 0.8)
    mechanism = (
        2 if reasons and answer.marked("own_action", "own_decision") else bool(reasons or tools)
    )
    level = max(covered, int(mechanism)) + bool(tradeoffs or failures)
    evidence = [*quotes(dimension, reasons[:1]), *quotes(dimension, tradeoffs[:1])]
    evidence += quotes(dimension, failures[:1])
    evidence += quotes(dimension, answer.marked("buzzwords")[:2])
    if not tradeoffs and Expectation.TRADEOFF in question.expects:
        evidence.append(Evidence(dimension, "", "no_tradeoff"))
    if not failures and Expectation.FAILURE_MODE in question.expects:
        evidence.append(Evidence(dimension, "", "no_failure_mode"))
    if level <= 1:
        evidence.append(Evidence(dimension, "", "shallow"))
    return Grade(min(level, MAX_LEVEL), tuple(evidence))


def _ownership(answer: Answer, question: Question) -> Grade:
    dimension = Dimension.OWNERSHIP
    actions, decisions = answer.marked("own_action"), answer.marked("own_decision")
    others, plural = answer.marked("credits_others"), answer.marked("we")
    if Trigger.WE_NO_I in answer.flags:
        evidence = [*quotes(dimension, actions[:1]), *quotes(dimension, plural[:1], "we_only")]
        return Grade(1 if actions else 0, tuple(evidence))
    if not actions and not decisions:
        level = 0 if plural or answer.band is LengthBand.EMPTY else 1
        return Grade(level, (Evidence(dimension, "", "no_own_action"),))
    level = 2 + bool(len(actions) >= 2 or decisions) + bool(decisions and (others or plural))
    evidence = [*quotes(dimension, decisions[:1]), *quotes(dimension, actions[:2])]
    evidence += quotes(dimension, others[:1] if level == MAX_LEVEL else ())
    return Grade(level, tuple(evidence))


_ARC = ("situation", "own_action", "result_named", "ordered", "reason_given")


def _structure(answer: Answer, question: Question) -> Grade:
    dimension = Dimension.STRUCTURE
    if answer.band in {LengthBand.EMPTY, LengthBand.SHORT} or answer.is_word_list:
        return Grade(0, (Evidence(dimension, "", "fragments"),))
    parts = [rule for rule in _ARC if answer.marked(rule)]
    conclusion = answer.marked("conclusion_first")
    level = 1 + _step(len(parts), 2, 3) + bool(conclusion and len(parts) >= 2)
    level = max(level, 4 if len(parts) == len(_ARC) else 1)
    evidence = quotes(dimension, conclusion[:1])
    for rule in ("situation", "ordered", "result_named"):
        evidence += quotes(dimension, answer.marked(rule)[:1])
    if answer.band is LengthBand.RAMBLING:
        level = min(level, 2)
        evidence.append(Evidence(dimension, "", "rambling"))
    return Grade(min(level, MAX_LEVEL), tuple(evidence))


def _consistency(answer: Answer, question: Question) -> Grade:
    dimension = Dimension.CONSISTENCY
    if answer.contradictions:
        clashes = [Evidence(dimension, c.said, "contradiction") for c in answer.contradictions]
        return Grade(0, tuple(clashes))
    copied = [t for t in (Trigger.RESUME_ECHO, Trigger.SELF_REPEAT) if t in answer.flags]
    if copied:
        return Grade(1, tuple(Evidence(dimension, "", trigger.value) for trigger in copied))
    confirmed = answer.marked("confirms_resume")
    if not confirmed:
        return Grade(2)
    explained = bool(answer.marked("reason_given", "how_measured", "baseline_named"))
    return Grade(3 + explained, tuple(quotes(dimension, confirmed[:1])))


GRADERS: dict[Dimension, Callable[[Answer, Question], Grade]] = {
    Dimension.RELEVANCE: _relevance,
    Dimension.SPECIFICITY: _specificity,
    Dimension.DEPTH: _depth,
    Dimension.OWNERSHIP: _ownership,
    Dimension.STRUCTURE: _structure,
    Dimension.CONSISTENCY: _consistency,
}
