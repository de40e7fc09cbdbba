"""Numbers in running text, with their unit, what they measure and what they started from."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from interview.domain.reading.lexicon import subjects, units, wording
from interview.domain.reading.lexicon.units import SECONDS
from interview.domain.reading.matching import Folded, clauses, keyed, terms

MAX_QUANTITIES = 200
# How far, in characters, words may stand from the number they are about.
_WORDS_BEFORE, _WORDS_AFTER = 80, 60


@dataclass(frozen=True, slots=True)
class Quantity:
    """One number as said. ``key`` is ``metric.*`` or ``team.size``; empty when only counted.

    name: the noun or qualifier that stands with it, such as ``p99``; folded. start, end: place in
    the folded text, with the unit. is_start: it is a starting value ("from 820 ms"), not a result.
    """

    value: float
    unit: str
    key: str
    name: str
    start: int
    end: int
    clause: tuple[int, int]
    is_delta: bool = False
    is_start: bool = False
    is_named: bool = False
    qualifier: str = ""
    baseline: float | None = None

    @property
    def is_perfect(self) -> bool:
        """Return whether the number is too round to be true: 100 %, ten-fold, no incident."""
        if self.unit == "%":
            return self.value == 100
        if self.unit == "x":
            return self.value >= 10
        return self.key in {"metric.incidents", "metric.error_rate"} and self.value == 0

    @property
    def slot(self) -> str:
        """Return the name under which a claims ledger keeps this number; it is comparable there."""
        kind = "delta" if self.is_delta else "level"
        family = "s" if self.unit in SECONDS else self.unit
        return f"{self.key}|{self.qualifier}|{family}|{kind}"

    @property
    def canonical(self) -> float:
        """Return the value in the unit family's base: seconds for times."""
        return self.value * SECONDS.get(self.unit, 1.0)


_UNIT_WORDS, _UNIT_OF = keyed(units.UNITS)
_UNIT_PATTERN = re.compile(_UNIT_WORDS.pattern.replace("(?<![a-z0-9])", ""))  # "310ms" has no gap

_NUMBER = re.compile(
    r"(?P<money>[$¥€£])? ?(?<![a-z0-9.%])(?P<digits>\d{1,15}(?:,\d{3}){0,4}(?:\.\d{1,6})?)"
    r"(?: ?(?P<mag>万亿|千万|百万|十万|亿|万|千|million|billion|thousand|(?:mm|bn|k|w|m|"
    r"b)(?![a-z0-9])))?"
    r"(?: ?(?P<plus>[+多余]))?"
)
_HAN_NUMBER = re.compile(
    r"(?P<share>百分之)?(?P<han>[零一二两三四五六七八九十百千]{1,7})(?P<wan>万|亿)?(?P<more>多|"
    r"余|几)?"
)
_EN_NUMBER = re.compile(rf"(?<![a-z0-9'-])(?P<en>{'|'.join(units.EN_NUMBERS)})(?![a-z0-9'])")
_FIXED = terms((*units.FRACTIONS, *units.MULTIPLES))
_DATE_AFTER = re.compile(
    r" ?(?:年(?!的?(?:时间|经验|多|来|半))|月|日|号|点(?!钟)|a\.?m\b|p\.?m\b|o'clock|:\d\d|[./-]\d)"
)
_CLOCK = re.compile(r"\d:$")
_LISTING = re.compile(r" ?[.)、](?!\d)")
_ANY_WORD = re.compile(r" ?(?:更|a |more |full |production )?(?P<word>[a-z][a-z-]{2,20})")
_NO_UNIT_WORDS = frozenset(wording.NO_UNITS.split())
_IDIOMS_OF_ONE = frozenset({"count", "people", "users", "day", "incidents", "patients", "x"})

_DIGIT = re.compile(r"\d")
_TEAM_OF = re.compile(r"(?:team|group|crew|staff|squad) of ?$")
_METRIC_PATTERN, _METRIC_OF = keyed((("", subjects.NO_METRICS), *subjects.METRICS))
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
_FACTOR_AFTER = re.compile(
    r" (?:faster|slower|more|less|fewer|higher|lower|larger|bigger|smaller|cheaper|better|longer|"
    r"shorter|quicker|over (?!a )|as (?:many|much|fast|large|long|high)|"
    r"the (?!day|week|month)|what|its|their|our)"
)
_FACTOR_BEFORE = re.compile(
    r"(?<![a-z])(?:by|grew|grown|rose|increased|improved|multiplied|up)"
    r"(?: (?:about|nearly|over))? ?$"
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
        for number in _numbers(folded.text, clause):
            found.append(_described(folded.text, number, found))
            if len(found) == limit:
                return tuple(_with_starts(folded.text, found))
    return tuple(_with_starts(folded.text, found))


def _numbers(text: str, clause: tuple[int, int]) -> Iterator[Quantity]:
    """Yield the bare numbers of one clause, each with the unit that follows it."""
    found = [*_digit_numbers(text, clause), *_word_numbers(text, clause)]
    end = -1
    for quantity in sorted(found, key=lambda q: (q.start, -q.end)):
        if quantity.start >= end:
            end = quantity.end
            yield replace(quantity, unit="x") if _is_factor(text, quantity) else quantity


def _is_factor(text: str, number: Quantity) -> bool:
    """Return whether "three times" says how much more, and not how often."""
    if number.unit != "count" or not text.endswith("times", 0, number.end):
        return False
    return bool(
        _FACTOR_AFTER.match(text, number.end)
        or _FACTOR_BEFORE.search(text, max(0, number.start - 16), number.start)
    )


def _digit_numbers(text: str, clause: tuple[int, int]) -> Iterator[Quantity]:
    for match in _NUMBER.finditer(text, *clause):
        if _is_date_or_mark(text, match):
            continue
        value = float(match["digits"].replace(",", "")) * units.MAGNITUDES.get(
            match["mag"] or "", 1.0
        )
        unit, end = _unit_after(text, match.end(), clause[1])
        if match["money"]:
            unit, end = "money", match.end()
        yield _bare(value, unit, match.start(), end, clause)


def _is_date_or_mark(text: str, match: re.Match[str]) -> bool:
    start, end = match.start("digits"), match.end("digits")
    if start and (
        text[start - 1] in "第/#vq•"
        or _CLOCK.search(text, max(0, start - 3), start)
        or text.endswith("per ", 0, start)
    ):
        return True
    is_line_start = not text[:start].rpartition("\n")[2].strip() if start < 4096 else False
    if (start == 0 or text[start - 1] == "\n" or is_line_start) and _LISTING.match(text, end):
        return True
    if match["mag"]:
        return False
    value = match["digits"]
    is_year = value[:2] in {"19", "20"} and bool(re.fullmatch(r"\d{4}(?:\.\d{1,2})?", value))
    if is_year and not _UNIT_PATTERN.match(text, end):
        return True
    return (
        bool(_DATE_AFTER.match(text, end))
        and (is_year or float(value.replace(",", "")) <= 31)
        and (is_year or not text.startswith(("年", " 年"), end))
    )


def _word_numbers(text: str, clause: tuple[int, int]) -> Iterator[Quantity]:
    for match in _FIXED.finditer(text, *clause):
        word = match[0]
        if word in units.MULTIPLES:
            yield _bare(units.MULTIPLES[word], "x", match.start(), match.end(), clause)
        else:
            yield _bare(units.FRACTIONS[word], "%", match.start(), match.end(), clause)
    for match in _EN_NUMBER.finditer(text, *clause):
        unit, end = _unit_after(text, match.end(), clause[1])
        if unit:
            yield _bare(units.EN_NUMBERS[match["en"]], unit, match.start(), end, clause)
    for match in _HAN_NUMBER.finditer(text, *clause):
        quantity = _han_quantity(text, match, clause)
        if quantity is not None:
            yield quantity


def _han_quantity(text: str, match: re.Match[str], clause: tuple[int, int]) -> Quantity | None:
    if match.start() and text[match.start() - 1] in "第.0123456789":
        return None
    value = _han_value(match["han"]) * (units.MAGNITUDES[match["wan"]] if match["wan"] else 1)
    if match["share"]:
        return _bare(value, "%", match.start(), match.end(), clause)
    if (
        text.startswith("成", match.end())
        and value <= 10
        and not text.startswith("成为", match.end())
    ):
        return _bare(value * 10, "%", match.start(), match.end() + 1, clause)
    if text.startswith("点", match.end()):
        return None
    unit, end = _unit_after(text, match.end(), clause[1])
    if not unit or (value == 1 and unit in _IDIOMS_OF_ONE):
        return None
    return _bare(value, unit, match.start(), end, clause)


def _han_value(digits: str) -> float:
    total, current = 0, 0
    for digit in digits:
        if digit in units.HAN_TENS:
            total += max(current, 1) * units.HAN_TENS[digit]
            current = 0
        else:
            current = units.HAN_DIGITS[digit]
    return float(total + current)


def _unit_after(text: str, position: int, limit: int) -> tuple[str, int]:
    """Return the unit right after a number and where it ends; "" when there is none."""
    at = position + 1 if text.startswith((" ", "-"), position) else position
    match = _UNIT_PATTERN.match(text, at)
    if match and match.end() <= limit:
        return _UNIT_OF[match[0]], match.end()
    word = _ANY_WORD.match(text, position, limit)
    if word and word["word"] not in _NO_UNIT_WORDS:
        noun = _UNIT_PATTERN.match(text, word.end() + 1)
        if noun and _METRIC_OF.get(text[word.start("word") : noun.end()]) == "":
            return "count", noun.end()  # "40 rose beds"
        if noun and text[word.end()] == " " and noun.end() <= limit:
            return _UNIT_OF[noun[0]], noun.end()  # "18 ICU beds"
        return _UNIT_OF.get(word["word"], "count"), word.end()
    return "", position


def _bare(value: float, unit: str, start: int, end: int, clause: tuple[int, int]) -> Quantity:
    return Quantity(value=value, unit=unit, key="", name="", start=start, end=end, clause=clause)


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
    nouns = [m[0] for m in _METRIC_PATTERN.finditer(near) if _fits(_METRIC_OF[m[0]], number.unit)]
    return (nouns[-1], _METRIC_OF[nouns[-1]]) if nouns else ("", "")


def _is_span(text: str, number: Quantity) -> bool:
    """Return whether a time is how long something went on, not a measured value."""
    near = text[max(number.clause[0], number.start - 16) : number.start]
    return number.unit in SECONDS and bool(_SPAN_BEFORE.search(near))


def _nearest_noun(text: str, number: Quantity) -> tuple[str, str]:
    """Return the (word, metric key) that stands nearest in the clause, those before it first."""
    best: tuple[int, str, str] | None = None
    if _is_span(text, number):
        return "", ""
    for match in _METRIC_PATTERN.finditer(text, *_around(number)):
        key = _METRIC_OF[match[0]]
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
