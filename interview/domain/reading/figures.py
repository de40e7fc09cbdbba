"""The bare numbers of a text: digits and number words, each with the unit that follows it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from interview.domain.reading.lexicon import subjects, units, wording
from interview.domain.reading.lexicon.units import SECONDS
from interview.domain.reading.matching import keyed, terms


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


METRIC_PATTERN, METRIC_OF = keyed((("", subjects.NO_METRICS), *subjects.METRICS))
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
_FACTOR_AFTER = re.compile(
    r" (?:faster|slower|more|less|fewer|higher|lower|larger|bigger|smaller|cheaper|better|longer|"
    r"shorter|quicker|over (?!a )|as (?:many|much|fast|large|long|high)|"
    r"the (?!day|week|month)|what|its|their|our)"
)
_FACTOR_BEFORE = re.compile(
    r"(?<![a-z])(?:by|grew|grown|rose|increased|improved|multiplied|up)"
    r"(?: (?:about|nearly|over))? ?$"
)


def bare_numbers(text: str, clause: tuple[int, int]) -> Iterator[Quantity]:
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
        if noun and METRIC_OF.get(text[word.start("word") : noun.end()]) == "":
            return "count", noun.end()  # "40 rose beds"
        if noun and text[word.end()] == " " and noun.end() <= limit:
            return _UNIT_OF[noun[0]], noun.end()  # "18 ICU beds"
        return _UNIT_OF.get(word["word"], "count"), word.end()
    return "", position


def _bare(value: float, unit: str, start: int, end: int, clause: tuple[int, int]) -> Quantity:
    return Quantity(value=value, unit=unit, key="", name="", start=start, end=end, clause=clause)
