"""Numbers in running text, with their unit, what they measure and what they started from."""

import re
from dataclasses import replace

from interview.domain.reading.figures import METRIC_OF, METRIC_PATTERN, Quantity, bare_numbers
from interview.domain.reading.lexicon import subjects
from interview.domain.reading.lexicon.units import SECONDS
from interview.domain.reading.matching import Folded, clauses, terms

__all__ = ["MAX_QUANTITIES", "Quantity", "find_quantities"]

MAX_QUANTITIES = 200
# How far, in characters, words may stand from the number they are about.
_WORDS_BEFORE, _WORDS_AFTER = 80, 60


_DIGIT = re.compile(r"\d")
_TEAM_OF = re.compile(r"(?:team|group|crew|staff|squad) of ?$")
_TEAM = terms(tuple(subjects.TEAM.split("|")))
_QUALIFIERS = re.compile(
    r"p ?50|p ?90|p ?95|p ?99(?:\.9)?9?|p999|平均|均值|中位|峰值|最差|最高|最低|最慢|最坏|最好|"
    r"目标|超时|预算|上限|阈值|告警|压测|单次|"
    r"首字|首屏|average|mean|median|peak|worst|best|target|goal|timeout|time out|budget|limit|"
    r"threshold|alert|first token|"
    r"cap of|slowest|at most|at least|load test|staging"
)
_FROM_BEFORE = re.compile(
    r"(?:从|由|自|原来|原先|之前|此前|起初|最早|原本|优化前|改之前|接手时|基线|一开始|from|"
    r"used to be|it was|baseline of|baseline was|started at|"
    r"stood at|was at|were at|originally|initially|before|previously)"
    r",?(?:p ?\d{2,3}|[^,.;。\d]){0,22}$"
)
_FROM_BEHIND = re.compile(
    r"(?:down from|up from|相比|比|对比|compared (?:to|with)|against|versus|vs)[^,.;。\d]{0,14}$"
)
_INTO = re.compile(r"到|至|降|升|涨|减|变|成|->|→|—>|=>|~|now|to\b|after|then|today|现在|后来|后")
_RISES = re.compile(
    r"提升|提高|降低|降|减少|增长|增加|下降|上升|缩短|节省|节约|省|涨|cut|reduc|improv|increas|"
    r"decreas|grew|grow|lift|rais|boost|lower|"
    r"sav|up|down|fewer|faster|more|less|drop|fell|rose"
)
_LEVEL_BEFORE = re.compile(
    r"(?:到了?|至|达|达到|为|是|在|to|at|of|is|was|reached|hit)(?: ?(?:约|近|超过|大约|about|"
    r"around|over|nearly|under))? ?$"
)

_KEY_OF_UNIT = {
    "ms": "metric.latency",
    "qps": "metric.throughput",
    "patients": "metric.patients",
    "users": "metric.users",
    "incidents": "metric.incidents",
    "gb": "metric.size",
    "tb": "metric.size",
    "pb": "metric.size",
}
_SPAN_BEFORE = re.compile(
    r"(?:over|in|within|for|about|after|用了|花了|历时|持续|每|连续)"
    r"(?: the| an?)?(?: last| first)? ?$"
)
_SIZES = frozenset({"", "count", "kb", "mb", "gb", "tb", "pb"})
_FITTING_KEYS = {
    "money": frozenset({"metric.cost", "metric.revenue", "metric.budget", "metric.growth"}),
    "qps": frozenset({"metric.throughput"}),
    "patients": frozenset({"metric.patients"}),
}


def find_quantities(folded: Folded, *, limit: int = MAX_QUANTITIES) -> tuple[Quantity, ...]:
    """Return the numbers of a text in order, at most ``limit``; dates and list marks left out."""
    found: list[Quantity] = []
    for clause in clauses(folded.text):
        for number in bare_numbers(folded.text, clause):
            found.append(_described(folded.text, number, found))
            if len(found) == limit:
                return tuple(_with_starts(folded.text, found))
    return tuple(_with_starts(folded.text, found))


def _described(text: str, number: Quantity, earlier: list[Quantity]) -> Quantity:
    """Return the number with what it measures, read off its clause or the clause before it."""
    noun = _nearest_noun(text, number)
    near = text[max(number.clause[0], number.start - 16) : number.start]
    qualifiers = _QUALIFIERS.findall(near) or _QUALIFIERS.findall(
        text[number.end : min(number.clause[1], number.end + 8)]
    )
    described = replace(
        number,
        qualifier=qualifiers[-1].replace(" ", "") if qualifiers else "",
        is_delta=_is_delta(text, number),
    )
    if _TEAM_OF.search(near) and number.unit in {"", "people", "count"}:
        return replace(described, key="team.size", name="team", unit="people", is_named=True)
    is_team = number.unit == "people" and bool(_TEAM.search(text, *_around(number)))
    if number.unit == "people" and (is_team or noun == ("", "")):
        return replace(described, key="team.size" if is_team else "", name="team", is_named=is_team)
    if noun[1]:
        return replace(described, key=noun[1], name=noun[0], is_named=True)
    follows = earlier and earlier[-1].unit == number.unit and number.start - earlier[-1].end < 24
    if follows and earlier[-1].is_named:
        return replace(described, key=earlier[-1].key, name=earlier[-1].name, is_named=True)
    word, key = _noun_before_clause(text, number)
    if key:
        return replace(
            described,
            key=key,
            name=word,
            is_named=True,
            qualifier=described.qualifier or _qualifier(word),
        )
    return replace(described, key=_KEY_OF_UNIT.get(number.unit, ""))


def _qualifier(word: str) -> str:
    return word if _QUALIFIERS.fullmatch(word) else ""


def _noun_before_clause(text: str, number: Quantity) -> tuple[str, str]:
    """Return the last fitting metric noun of the sentence before the clause, near by."""
    if number.unit not in {"ms", "s", "min", "h", "%", "x"} or _is_span(text, number):
        return "", ""
    start = number.clause[0]
    near = re.split(r"[.。;!?\n]", text[max(0, start - 30) : start])[-1]
    nouns = [m[0] for m in METRIC_PATTERN.finditer(near) if _fits(METRIC_OF[m[0]], number.unit)]
    return (nouns[-1], METRIC_OF[nouns[-1]]) if nouns else ("", "")


def _is_span(text: str, number: Quantity) -> bool:
    """Return whether a time is how long something went on, not a measured value."""
    near = text[max(number.clause[0], number.start - 16) : number.start]
    return number.unit in SECONDS and bool(_SPAN_BEFORE.search(near))


def _nearest_noun(text: str, number: Quantity) -> tuple[str, str]:
    """Return the (word, metric key) that stands nearest in the clause, those before it first."""
    best: tuple[int, str, str] | None = None
    if _is_span(text, number):
        return "", ""
    for match in METRIC_PATTERN.finditer(text, *_around(number)):
        key = METRIC_OF[match[0]]
        if not _fits(key, number.unit) or match.start() < number.start < match.end():
            continue
        before = match.end() <= number.start
        distance = number.start - match.end() if before else match.start() - number.end + 12
        if before and _DIGIT.search(text, match.end(), number.start):
            distance += 15  # that noun has a number of its own
        if best is None or distance < best[0]:
            best = distance, match[0], key
    return best[1:] if best else ("", "")


def _around(number: Quantity) -> tuple[int, int]:
    """Return the part of the clause that can tell what a number is: a clause may be a page long."""
    start, end = number.clause
    return max(start, number.start - _WORDS_BEFORE), min(end, number.end + _WORDS_AFTER)


def _fits(key: str, unit: str) -> bool:
    if not key or (key == "metric.size" and unit not in _SIZES):
        return False
    if unit in _FITTING_KEYS:
        return key in _FITTING_KEYS[unit]
    if key == "metric.patients":
        return unit in {"people", ""}
    if unit in SECONDS:
        is_short = SECONDS[unit] <= SECONDS["day"]
        return key == "metric.time_saved" or (key == "metric.latency" and is_short)
    if key == "metric.latency":
        return unit in {"%", "x", ""}
    if key in {"metric.availability", "metric.conversion", "metric.accuracy", "metric.coverage"}:
        return unit in {"%", "x", ""}
    return True


def _is_delta(text: str, number: Quantity) -> bool:
    if number.unit not in {"%", "x"}:
        return False
    near = text[max(number.clause[0], number.start - 30) : number.start]
    if _LEVEL_BEFORE.search(near):
        return False
    return bool(_RISES.search(text, *_around(number)))


def _with_starts(text: str, found: list[Quantity]) -> list[Quantity]:
    """Return the numbers with starting values marked and handed to the results they led to."""
    marked = list(found)
    for index, number in enumerate(marked):
        near = text[max(0, number.start - 40) : number.start]
        previous = marked[index - 1] if index else None
        if previous is not None and _leads_to(text, previous, number):
            marked[index] = replace(
                number,
                baseline=previous.value * _ratio(previous, number),
                qualifier=number.qualifier or previous.qualifier,
            )
            marked[index - 1] = replace(previous, is_start=True)
        elif previous is not None and _FROM_BEHIND.search(near) and _same_family(previous, number):
            marked[index - 1] = replace(previous, baseline=number.value * _ratio(number, previous))
            marked[index] = replace(number, is_start=True)
        elif _FROM_BEFORE.search(near):
            marked[index] = replace(number, is_start=True)
    return marked


def _ratio(start: Quantity, result: Quantity) -> float:
    return SECONDS.get(start.unit, 1.0) / SECONDS.get(result.unit, 1.0) if start.unit else 1.0


def _leads_to(text: str, first: Quantity, second: Quantity) -> bool:
    between = text[first.end : second.start]
    if len(between) > 40 or not _same_family(first, second) or _FROM_BEHIND.search(between):
        return False
    if not _INTO.search(between):
        return False
    is_arrow = bool(re.fullmatch(r" ?(?:->|→|=>|—>|到|降到|升到|涨到|to|down to|up to) ?", between))
    return first.is_start or is_arrow


def _same_family(first: Quantity, second: Quantity) -> bool:
    if first.unit in SECONDS and second.unit in SECONDS:
        return True
    return first.unit == second.unit or not first.unit
