"""What stands in an answer, for good or bad: rule ids, each with the words that earned it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from interview.domain.reading.lexicon import wording
from interview.domain.reading.matching import Folded, clauses, sentences, terms
from interview.domain.reading.quantities import Quantity

MAX_MARKS_PER_RULE = 3
MAX_QUOTE_CHARACTERS = 60
_NEAR = 60  # how far, in characters, the other side of a trade-off may stand


@dataclass(frozen=True, slots=True)
class Mark:
    """One rule met; ``quote`` is a verbatim piece of the answer, which begins at ``at``."""

    rule: str
    quote: str
    at: int = 0


def _words(table: str) -> re.Pattern[str]:
    return terms(tuple(table.split("|")))


_TRADEOFF = _words(wording.TRADEOFFS)
_FAILURE = _words(wording.FAILURES)
_NEGATION = re.compile(rf"(?:{_words(wording.NEGATIONS).pattern})[^,.;。]{{0,10}}$")
_BASELINE = _words(wording.BASELINES)
_ONE_WORD = re.compile(r"[\u3400-\u9fff]|[a-z0-9'-]+")
_OWN_ACTION_ZH = re.compile(
    rf"我(?!们|觉得|认为|希望|相信|"
    rf"感觉)[^,.;:!?。\n我没不想]{{0,12}}?(?:{_words(wording.ACTIONS_ZH).pattern})"
)
_OWN_ACTION_EN = re.compile(
    rf"(?<![a-z'])(?:i|i've|i'd|myself)(?: (?!never|not|don't|didn't|hardly|"
    rf"could)[a-z'-]{{1,14}}){{0,2}}? (?:{_words(wording.ACTIONS_EN).pattern})"
    rf"|(?<![a-z'])i [a-z]{{3,12}}ed(?![a-z])"
)
_DATED = re.compile(
    r"(?:19|20)\d\d ?年?|(?:去年|前年|今年|上个?月|上周|那天|当晚|凌晨|周[一二三四五六日天]|"
    r"星期[一二三四五六日]|\d{1,2} ?月(?:份|\d)|"
    r"[一二三四五六七八九十]{1,2}月|春节|双十一|双11|国庆)|"
    r"(?<![a-z])(?:january|february|march|april|june|july|august|september|october|november|"
    r"december|monday|tuesday|wednesday|"
    r"thursday|friday|saturday|sunday|last (?:year|month|week|spring|summer|autumn|winter|"
    r"quarter)|q[1-4]|black friday|"
    r"\d{1,2} ?(?:a\.?m\.?|p\.?m\.?))(?![a-z])"
)

_PHRASES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("how_measured", _words(wording.MEASURED)),
    ("reason_given", _words(wording.REASONS)),
    ("own_decision", _words(wording.DECISIONS)),
    ("credits_others", _words(wording.OTHERS)),
    ("situation", _words(wording.SITUATIONS)),
    ("result_named", _words(wording.RESULTS)),
    ("ordered", _words(wording.ORDERS)),
    ("buzzwords", _words(wording.BUZZWORDS)),
    ("vague", _words(wording.VAGUE)),
    ("evasive", _words(wording.EVASIVE)),
    ("hedged", _words(wording.HEDGES)),
    ("unknown", _words(wording.UNKNOWN)),
    ("inquiry", _words(wording.INQUIRY)),
    ("lesser_role", _words(wording.LESSER_ROLE)),
    ("perfect_number", _words(wording.PERFECT)),
    ("we", _words(wording.FIRST_PLURAL)),
    ("dated", _DATED),
)
_ARGUMENTS = (
    _words(wording.REASONS),
    _words(wording.CONDITIONS),
    _words(wording.DECISIONS),
    _TRADEOFF,
    _FAILURE,
)
_CONCLUSION = _words(wording.CONCLUSIONS)
_FIRST_SENTENCE_LIMIT = 140


def find_marks(folded: Folded, quantities: tuple[Quantity, ...]) -> tuple[Mark, ...]:
    """Return the marks of an answer, at most three of a rule, each distinct."""
    finders: tuple[Callable[[], Iterator[Mark]], ...] = (
        lambda: _numbers(folded, quantities),
        lambda: _own_actions(folded),
        lambda: _tradeoffs(folded),
        lambda: _failures(folded),
        lambda: _conclusion(folded, quantities),
        lambda: _phrases(folded),
        lambda: _baselines(folded, quantities),
    )
    kept: list[Mark] = []
    seen: dict[str, set[str]] = {}
    for finder in finders:
        for mark in finder():
            words = seen.setdefault(mark.rule, set())
            if mark.quote.lower() not in words and len(words) < MAX_MARKS_PER_RULE:
                words.add(mark.quote.lower())
                kept.append(mark)
    return tuple(kept)


def arguments(folded: Folded, quantities: tuple[Quantity, ...]) -> tuple[tuple[int, int], ...]:
    """Return the places of what makes more of a word than its mention, in order."""
    found = [(number.start, number.end) for number in quantities if number.unit or number.is_named]
    for pattern in (_OWN_ACTION_ZH, _OWN_ACTION_EN, *_ARGUMENTS):
        found += (match.span() for match in pattern.finditer(folded.text))
    return tuple(sorted(found))


def mark_at(folded: Folded, rule: str, start: int, end: int) -> Mark:
    """Return a mark on these places of the folded text, cut to a quotable length."""
    end = min(end, start + MAX_QUOTE_CHARACTERS)
    return Mark(rule, folded.quote(start, end), folded.span(start, end)[0])


def _numbers(folded: Folded, quantities: tuple[Quantity, ...]) -> Iterator[Mark]:
    """Yield the numbers with a unit, each value once however often it is said."""
    seen: set[tuple[float, str]] = set()
    for quantity in quantities:
        if not (quantity.unit or quantity.is_named) or (quantity.value, quantity.unit) in seen:
            continue
        seen.add((quantity.value, quantity.unit))
        rule = "perfect_number" if quantity.is_perfect else "value_with_unit"
        yield mark_at(folded, rule, quantity.start, quantity.end)
        if quantity.baseline is not None:
            yield mark_at(folded, "baseline_named", *_stretch(quantity))


def _stretch(quantity: Quantity) -> tuple[int, int]:
    return max(quantity.clause[0], quantity.start - 24), quantity.end


def _own_actions(folded: Folded) -> Iterator[Mark]:
    for pattern in (_OWN_ACTION_ZH, _OWN_ACTION_EN):
        for match in pattern.finditer(folded.text):
            yield mark_at(folded, "own_action", match.start(), match.end())


def _tradeoffs(folded: Folded) -> Iterator[Mark]:
    """Yield the trade-offs that name both sides: words before the turn, and words after it."""
    for start, end in sentences(folded.text):
        for match in _TRADEOFF.finditer(folded.text, start, end):
            before = _ONE_WORD.findall(
                folded.text, max(start, match.start() - _NEAR), match.start()
            )
            after = _ONE_WORD.findall(folded.text, match.end(), min(end, match.end() + _NEAR))
            if len(after) >= 2 and len(before) + len(after) >= 6:
                yield mark_at(folded, "tradeoff_pair", match.start(), end)


def _failures(folded: Folded) -> Iterator[Mark]:
    """Yield the failures owned up to; "no failures" is none."""
    for start, end in clauses(folded.text):
        for match in _FAILURE.finditer(folded.text, start, end):
            if not _NEGATION.search(folded.text[max(start, match.start() - 16) : match.start()]):
                if len(_ONE_WORD.findall(folded.text, start, end)) >= 4:
                    yield mark_at(folded, "failure_mode", start, end)
                break


def _conclusion(folded: Folded, quantities: tuple[Quantity, ...]) -> Iterator[Mark]:
    """Yield the first sentence when it answers before it explains."""
    first = next(sentences(folded.text), None)
    if first is None or first[1] - first[0] > _FIRST_SENTENCE_LIMIT:
        return
    has_number = any(q.unit and first[0] <= q.start < first[1] for q in quantities)
    if has_number or _CONCLUSION.search(folded.text, *first):
        yield mark_at(folded, "conclusion_first", *first)


def _phrases(folded: Folded) -> Iterator[Mark]:
    for rule, pattern in _PHRASES:
        for match in pattern.finditer(folded.text):
            yield mark_at(folded, rule, match.start(), match.end())


def _baselines(folded: Folded, quantities: tuple[Quantity, ...]) -> Iterator[Mark]:
    """Yield the words of comparison that stand in one sentence with a number."""
    for start, end in sentences(folded.text):
        if any(quantity.unit and start <= quantity.start < end for quantity in quantities):
            for match in _BASELINE.finditer(folded.text, start, end):
                yield mark_at(folded, "baseline_named", match.start(), match.end())
