"""Why a mark is what it is: what hurt or helped most, and what each rule is called."""

from collections.abc import Sequence

from interview.domain.bilingual import Text
from interview.domain.questions import Question
from interview.domain.reading.answers import Answer
from interview.domain.reading.triggers import Trigger
from interview.domain.scoring.findings import BESIDE_THE_POINT, Evidence

STRONG_MARGIN = 15.0


def worst_first(found: list[Evidence]) -> tuple[Evidence, ...]:
    """Return the evidence, what hurts first; each (dimension, quote, rule) once."""
    unique = dict.fromkeys(found)
    return tuple(sorted(unique, key=lambda evidence: evidence.rule not in HARMFUL))


def armed(answer: Answer, question: Question, q: float, par: float) -> tuple[str, ...]:
    """Return what a follow-up may be fired by: flags, then missing points, heaviest first."""
    flags = [flag.value for flag in answer.flags]
    if q >= par + STRONG_MARGIN:
        flags.append(Trigger.STRONG.value)
    missing = [point for point in question.key_points if point.id not in answer.key_points]
    missing.sort(key=lambda point: -point.weight)
    return (*flags, *(f"key_point_missing:{point.id}" for point in missing))


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
    "left_aside",
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


def reason_for(
    evidence: tuple[Evidence, ...], triggers: tuple[str, ...], *, is_good: bool, caps: Sequence[str]
) -> str:
    """Return what hurt or helped most; a cap that took points goes before what is absent."""
    present = {*triggers, *(item.rule for item in evidence)}
    if is_good:
        return next((rule for rule in _PRAISE if rule in present), "solid")
    if BESIDE_THE_POINT in caps and present.isdisjoint(_GRAVE):
        return BESIDE_THE_POINT
    return next((rule for rule in _BLAME if rule in present), "below_par")


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
    "left_aside": Text(zh="绕过追问", en="Left that aside"),
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
    "answers": Text(zh="答上了追问", en="Answers it"),
    "untold": Text(zh="规则看不出", en="rules cannot tell"),
    "asked_number": Text(zh="追问：多少", en="asked for a number"),
    "asked_moment": Text(zh="追问：何时", en="asked when"),
    "asked_owner": Text(zh="追问：是谁", en="asked who"),
    "asked_reason": Text(zh="追问：为什么", en="asked why"),
    "asked_detail": Text(zh="追问：细节", en="asked for a detail"),
    "named_person": Text(zh="叫得出是谁", en="Names who"),
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
