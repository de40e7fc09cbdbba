"""The score of an answer: six dimensions from evidence, weighted, capped and explained.

q = 25 * sum(weight * level) / sum(weight), then the length rule, the honesty rule and the caps.
Every signal saturates: saying a thing twice, or at length, earns nothing more. Evidence carries a
verbatim quote where there are words to show; an empty quote means that something is missing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from interview.domain.bilingual import Text
from interview.domain.persona import Dimension
from interview.domain.questions import Expectation, Question
from interview.domain.reading.answers import Answer
from interview.domain.reading.lengths import LengthBand
from interview.domain.reading.marks import Mark
from interview.domain.reading.triggers import Trigger

STRONG_MARGIN = 15.0
MAX_LEVEL = 4
RAMBLING_COST = 6.0
HONEST_BONUS = 3.0
HONEST_FLOOR = 20.0
NAMED_WORTH = 0.3

CAPS: dict[Trigger, float] = {
    Trigger.OFF_TOPIC: 25.0,
    Trigger.TOO_SHORT: 35.0,
    Trigger.SELF_REPEAT: 40.0,
    Trigger.RESUME_ECHO: 45.0,
    Trigger.BUZZWORD_ONLY: 45.0,
}

BESIDE_THE_POINT = "beside_the_point"
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
class Evidence:
    """A rule met in one dimension, with the words that met it; empty words mean absence."""

    dimension: Dimension
    quote: str
    rule: str


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


@dataclass(frozen=True, slots=True)
class _Grade:
    """A level and why."""

    level: int
    evidence: tuple[Evidence, ...] = ()


def score_answer(
    answer: Answer, *, question: Question, weights: Mapping[Dimension, int], par: float
) -> Score:
    """Return the score of an answer to ``question`` by these weights, against ``par``."""
    grades = {dimension: grade(answer, question) for dimension, grade in _GRADERS.items()}
    levels = {dimension: grade.level for dimension, grade in grades.items()}
    total = sum(weights.get(dimension, 0) for dimension in Dimension) or 1
    rules = 25 * sum(weights.get(d, 0) * levels[d] for d in Dimension) / total
    q, caps, notes = _limited(rules, answer, relevance=levels[Dimension.RELEVANCE])
    evidence = _in_order([e for grade in grades.values() for e in grade.evidence], answer)
    triggers = _triggers(answer, question, q, par)
    return Score(
        q=q,
        levels=levels,
        evidence=evidence,
        caps=caps,
        explain=_explain(q, rules, levels, notes, caps, evidence),
        triggers=triggers,
        reason=_reason(evidence, triggers, is_good=q >= par, caps=caps),
    )


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
        reason=_reason(score.evidence, triggers, is_good=q >= par, caps=score.caps),
        explain=f"q {q:g} = {note}; {score.explain}",
    )


def _limited(
    rules: float, answer: Answer, *, relevance: int
) -> tuple[float, tuple[str, ...], tuple[str, ...]]:
    """Return q after length, honesty and caps; the caps that bit; notes for the explain line."""
    q, notes = rules, []
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
        if trigger in answer.flags and q > limit:
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


def _relevance(answer: Answer, question: Question) -> _Grade:
    dimension = Dimension.RELEVANCE
    if answer.band is LengthBand.EMPTY or Trigger.OFF_TOPIC in answer.flags:
        return _Grade(0, (Evidence(dimension, "", "off_topic"),))
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
    if level == 1 and question.key_points:
        evidence.append(Evidence(dimension, "", BESIDE_THE_POINT))
    return _Grade(level, tuple(evidence))


def _honest_marks(answer: Answer) -> tuple[Mark, ...]:
    if Trigger.HONEST_UNKNOWN not in answer.flags:
        return ()
    return answer.marked("inquiry")[:1]


def _specificity(answer: Answer, question: Question) -> _Grade:
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
    evidence = [*_quotes(dimension, numbers[:3]), *_quotes(dimension, baselines[:1])]
    evidence += _quotes(dimension, measured[:1])
    if not numbers:
        evidence.append(Evidence(dimension, "", "no_number"))
        evidence += _quotes(dimension, answer.marked("vague")[:1])
    elif not baselines and not measured:
        evidence.append(Evidence(dimension, numbers[0].quote, "no_baseline"))
    return _Grade(min(level, MAX_LEVEL), tuple(evidence))


def _depth(answer: Answer, question: Question) -> _Grade:
    dimension = Dimension.DEPTH
    tradeoffs, failures = answer.marked("tradeoff_pair"), answer.marked("failure_mode")
    reasons, tools = answer.marked("reason_given"), answer.marked("named_tools")
    covered = _step(coverage(answer, question), 0.25, 0.4, 0.6, 0.8)
    mechanism = (
        2 if reasons and answer.marked("own_action", "own_decision") else bool(reasons or tools)
    )
    level = max(covered, int(mechanism)) + bool(tradeoffs or failures)
    evidence = [*_quotes(dimension, reasons[:1]), *_quotes(dimension, tradeoffs[:1])]
    evidence += _quotes(dimension, failures[:1])
    evidence += _quotes(dimension, answer.marked("buzzwords")[:2])
    if not tradeoffs and Expectation.TRADEOFF in question.expects:
        evidence.append(Evidence(dimension, "", "no_tradeoff"))
    if not failures and Expectation.FAILURE_MODE in question.expects:
        evidence.append(Evidence(dimension, "", "no_failure_mode"))
    if level <= 1:
        evidence.append(Evidence(dimension, "", "shallow"))
    return _Grade(min(level, MAX_LEVEL), tuple(evidence))


def _ownership(answer: Answer, question: Question) -> _Grade:
    dimension = Dimension.OWNERSHIP
    actions, decisions = answer.marked("own_action"), answer.marked("own_decision")
    others, plural = answer.marked("credits_others"), answer.marked("we")
    if Trigger.WE_NO_I in answer.flags:
        evidence = [*_quotes(dimension, actions[:1]), *_quotes(dimension, plural[:1], "we_only")]
        return _Grade(1 if actions else 0, tuple(evidence))
    if not actions and not decisions:
        level = 0 if plural or answer.band is LengthBand.EMPTY else 1
        return _Grade(level, (Evidence(dimension, "", "no_own_action"),))
    level = 2 + bool(len(actions) >= 2 or decisions) + bool(decisions and (others or plural))
    evidence = [*_quotes(dimension, decisions[:1]), *_quotes(dimension, actions[:2])]
    evidence += _quotes(dimension, others[:1] if level == MAX_LEVEL else ())
    return _Grade(level, tuple(evidence))


_ARC = ("situation", "own_action", "result_named", "ordered", "reason_given")


def _structure(answer: Answer, question: Question) -> _Grade:
    dimension = Dimension.STRUCTURE
    if answer.band in {LengthBand.EMPTY, LengthBand.SHORT} or answer.is_word_list:
        return _Grade(0, (Evidence(dimension, "", "fragments"),))
    parts = [rule for rule in _ARC if answer.marked(rule)]
    conclusion = answer.marked("conclusion_first")
    level = 1 + _step(len(parts), 2, 3) + bool(conclusion and len(parts) >= 2)
    level = max(level, 4 if len(parts) == len(_ARC) else 1)
    evidence = _quotes(dimension, conclusion[:1])
    for rule in ("situation", "ordered", "result_named"):
        evidence += _quotes(dimension, answer.marked(rule)[:1])
    if answer.band is LengthBand.RAMBLING:
        level = min(level, 2)
        evidence.append(Evidence(dimension, "", "rambling"))
    return _Grade(min(level, MAX_LEVEL), tuple(evidence))


def _consistency(answer: Answer, question: Question) -> _Grade:
    dimension = Dimension.CONSISTENCY
    if answer.contradictions:
        clashes = [Evidence(dimension, c.said, "contradiction") for c in answer.contradictions]
        return _Grade(0, tuple(clashes))
    copied = [t for t in (Trigger.RESUME_ECHO, Trigger.SELF_REPEAT) if t in answer.flags]
    if copied:
        return _Grade(1, tuple(Evidence(dimension, "", trigger.value) for trigger in copied))
    confirmed = answer.marked("confirms_resume")
    if not confirmed:
        return _Grade(2)
    explained = bool(answer.marked("reason_given", "how_measured", "baseline_named"))
    return _Grade(3 + explained, tuple(_quotes(dimension, confirmed[:1])))


_GRADERS: dict[Dimension, Callable[[Answer, Question], _Grade]] = {
    Dimension.RELEVANCE: _relevance,
    Dimension.SPECIFICITY: _specificity,
    Dimension.DEPTH: _depth,
    Dimension.OWNERSHIP: _ownership,
    Dimension.STRUCTURE: _structure,
    Dimension.CONSISTENCY: _consistency,
}


def _quotes(
    dimension: Dimension, marks: tuple[Mark, ...], rule: str | None = None
) -> list[Evidence]:
    return [Evidence(dimension, mark.quote, rule or mark.rule) for mark in marks]


def _in_order(found: list[Evidence], answer: Answer) -> tuple[Evidence, ...]:
    """Return the evidence, what hurts first; each (dimension, quote, rule) once."""
    unique = dict.fromkeys(found)
    return tuple(sorted(unique, key=lambda evidence: evidence.rule not in HARMFUL))


def _triggers(answer: Answer, question: Question, q: float, par: float) -> tuple[str, ...]:
    armed = [flag.value for flag in answer.flags]
    if q >= par + STRONG_MARGIN:
        armed.append(Trigger.STRONG.value)
    missing = [point for point in question.key_points if point.id not in answer.key_points]
    missing.sort(key=lambda point: -point.weight)
    return (*armed, *(f"key_point_missing:{point.id}" for point in missing))


_GRAVE = (
    "contradiction",
    "injection",
    "abuse",
    "off_topic",
    "self_repeat",
    "resume_echo",
    "honest_unknown",
    "too_short",
    "buzzword_only",
    "evasive",
)
_BLAME = (
    *_GRAVE,
    "no_number",
    "perfect_number",
    "no_baseline",
    "we_only",
    "no_tradeoff",
    "no_failure_mode",
    "no_own_action",
    BESIDE_THE_POINT,
    "rambling",
    "shallow",
)
_PRAISE = ("tradeoff_pair", "own_decision", "baseline_named", "failure_mode", "value_with_unit")
HARMFUL = frozenset((*_BLAME, "buzzwords", "vague", "fragments"))


def _reason(
    evidence: tuple[Evidence, ...], triggers: tuple[str, ...], *, is_good: bool, caps: Sequence[str]
) -> str:
    """Return what hurt or helped most; a cap that took points goes before what is absent."""
    present = {*triggers, *(item.rule for item in evidence)}
    if is_good:
        return next((rule for rule in _PRAISE if rule in present), "solid")
    if BESIDE_THE_POINT in caps and present.isdisjoint(_GRAVE):
        return BESIDE_THE_POINT
    return next((rule for rule in _BLAME if rule in present), "below_par")


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


rule_labels: dict[str, Text] = {
    "contradiction": Text(zh="前后对不上", en="Story changed"),
    "injection": Text(zh="跟机器说话", en="Talking to the wiring"),
    "abuse": Text(zh="出口伤人", en="Out of line"),
    "off_topic": Text(zh="答非所问", en="Missed the question"),
    "self_repeat": Text(zh="复读", en="Heard it already"),
    "resume_echo": Text(zh="照念简历", en="Reading aloud"),
    "honest_unknown": Text(zh="老实不知道", en="Honestly, no idea"),
    "too_short": Text(zh="惜字如金", en="Too few words"),
    "buzzword_only": Text(zh="全是大词", en="All buzz"),
    "buzzwords": Text(zh="大词", en="Buzz"),
    "vague": Text(zh="形容词", en="Adjective"),
    "evasive": Text(zh="打太极", en="Sidestep"),
    "no_number": Text(zh="没有数", en="No number"),
    "perfect_number": Text(zh="圆满得可疑", en="Too perfect"),
    "no_baseline": Text(zh="没有起点", en="No baseline"),
    "we_only": Text(zh="只见我们", en="All we, no I"),
    "no_tradeoff": Text(zh="没有代价", en="No price named"),
    "no_failure_mode": Text(zh="没出过事？", en="Nothing breaks?"),
    "no_own_action": Text(zh="你在哪儿", en="Where were you?"),
    "rambling": Text(zh="绕远了", en="Rambling"),
    "shallow": Text(zh="没往下挖", en="Surface only"),
    "fragments": Text(zh="散装句子", en="Fragments"),
    BESIDE_THE_POINT: Text(zh="没说到点子上", en="Beside the point"),
    "below_par": Text(zh="差口气", en="Below par"),
    "value_with_unit": Text(zh="有数", en="Number"),
    "baseline_named": Text(zh="有起点", en="Baseline"),
    "how_measured": Text(zh="怎么量的", en="Measured"),
    "named_tools": Text(zh="叫得出名", en="Named"),
    "reason_given": Text(zh="讲出因果", en="Reason"),
    "tradeoff_pair": Text(zh="认了代价", en="Price paid"),
    "failure_mode": Text(zh="见过翻车", en="Knows the crash"),
    "own_action": Text(zh="亲手做的", en="Own hands"),
    "own_decision": Text(zh="自己拍板", en="Own call"),
    "credits_others": Text(zh="分清功劳", en="Credits others"),
    "situation": Text(zh="有来由", en="Setting"),
    "ordered": Text(zh="有次序", en="In order"),
    "result_named": Text(zh="有结果", en="Outcome"),
    "conclusion_first": Text(zh="先说结论", en="Answer first"),
    "confirms_resume": Text(zh="与简历吻合", en="Matches the page"),
    "inquiry": Text(zh="知道怎么查", en="Knows how to find out"),
    "solid": Text(zh="站得住", en="Holds up"),
}
