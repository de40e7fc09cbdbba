"""Statements that cannot both hold: an answer against the résumé and against earlier answers.

The claims ledger keeps each comparable number under a slot: what is measured, which percentile,
which unit family, level or change. Only numbers of one slot are ever compared.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from interview.domain.reading.dates import date_ranges
from interview.domain.reading.lexicon import wording
from interview.domain.reading.lexicon.units import SECONDS
from interview.domain.reading.marks import Mark
from interview.domain.reading.matching import Folded, terms
from interview.domain.reading.quantities import Quantity
from interview.domain.reading.resume import Fact, Resume

TOLERANCE = 0.2
MONTHS_OF_GRACE = 3.0

_UNSETTLED = frozenset(
    wording.UNSETTLED.split()
)  # a worst day or a target may differ from the result
_TEAM = terms(tuple(wording.TEAM_OF_ONES_OWN.split("|")))
_TEAM_BEFORE, _TEAM_AFTER = 24, 8  # how far, in characters, its word may stand


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two statements that cannot both hold; ``source`` is a fact id or a slot of the ledger."""

    source: str
    said: str
    was: str


def contradictions(
    folded: Folded,
    numbers: Sequence[Quantity],
    marks: Sequence[Mark],
    *,
    resume: Resume,
    claims: Mapping[str, float],
) -> tuple[Contradiction, ...]:
    """Return where an answer contradicts the résumé or the ledger, numbers first."""
    return (
        *_number_clashes(folded, numbers, resume, claims),
        *_role_clashes(marks, resume),
        *_date_clashes(folded, resume),
    )


def claims_of(numbers: Sequence[Quantity], claims: Mapping[str, float]) -> dict[str, float]:
    """Return the comparable values said now that are not in the ledger yet, by slot."""
    said: dict[str, float] = {}
    for number in comparable(numbers):
        if number.qualifier and ledger_slot(number) not in claims:
            said.setdefault(ledger_slot(number), number.canonical)
    return said


def comparable(numbers: Sequence[Quantity]) -> Iterator[Quantity]:
    """Yield the numbers that state how things are: results with a noun, no starts, no targets."""
    for number in numbers:
        if number.is_named and not number.is_start and number.qualifier not in _UNSETTLED:
            yield number


def confirms(number: Quantity, fact: Fact) -> bool:
    """Return whether a number repeats what the résumé claims."""
    return _is_about(fact, number) and is_close(number.canonical, _canonical(fact))


def is_close(one: float, other: float) -> bool:
    """Return whether a value agrees with the one claimed before, within a fifth of it."""
    return abs(one - other) <= TOLERANCE * max(abs(other), 1e-9)


def ledger_slot(number: Quantity) -> str:
    """Return the slot of the claims ledger a number is kept in; its noun is part of the name."""
    return f"{number.slot}|{number.name}"


def _number_clashes(
    folded: Folded, numbers: Sequence[Quantity], resume: Resume, claims: Mapping[str, float]
) -> Iterator[Contradiction]:
    """Yield one clash per slot; an answer that also says the old value does not clash with it.

    However it says it: "P99 was 910 ms, now it is 280" tells where 280 came from.
    """
    slots: dict[str, list[Quantity]] = {}
    for number in comparable(numbers):
        if number.key != "team.size" or _is_of_a_team(folded, number):
            slots.setdefault(number.slot, []).append(number)
    for said in slots.values():
        number = said[0]
        known = _known(number, resume, claims)
        if known and not any(
            is_close(n.canonical, value)
            for n in numbers
            if _is_same_kind(n, number)
            for value in known.values()
        ):
            source = next(iter(known))
            fact = next((fact for fact in resume.facts if fact.id == source), None)
            was = fact.said if fact is not None else _spoken(known[source], number)
            yield Contradiction(source, folded.quote(number.start, number.end), was)


def _is_of_a_team(folded: Folded, number: Quantity) -> bool:
    """Return whether people are counted as a team: "two people disagreed" is no size of one."""
    start, end = number.clause
    before = folded.text[max(start, number.start - _TEAM_BEFORE) : number.start]
    after = folded.text[number.end : min(end, number.end + _TEAM_AFTER)]
    return bool(_TEAM.search(before) or _TEAM.search(after))


def _is_same_kind(one: Quantity, other: Quantity) -> bool:
    """Return whether two numbers measure one thing in one kind of unit, whatever qualifies them."""
    kinds = [(n.key, n.is_delta, "s" if n.unit in SECONDS else n.unit) for n in (one, other)]
    return kinds[0] == kinds[1]


def _known(number: Quantity, resume: Resume, claims: Mapping[str, float]) -> dict[str, float]:
    """Return the values already claimed for the same thing, by source, the résumé's first."""
    known = {fact.id: _canonical(fact) for fact in resume.facts if _is_about(fact, number)}
    if ledger_slot(number) in claims:
        known[ledger_slot(number)] = claims[ledger_slot(number)]
    return known


def _is_about(fact: Fact, number: Quantity) -> bool:
    """Return whether a fact and a number speak of the same thing and can be compared."""
    if not fact.slot or fact.slot != number.slot:
        return False
    return bool(number.qualifier) or fact.name == number.name


def _canonical(fact: Fact) -> float:
    return (fact.value or 0.0) * SECONDS.get(fact.unit, 1.0)


def _spoken(value: float, like: Quantity) -> str:
    unit = like.unit if like.unit in {*SECONDS, "%", "qps"} else ""
    return f"{value / SECONDS.get(like.unit, 1.0):g}{unit}"


def _role_clashes(marks: Sequence[Mark], resume: Resume) -> Iterator[Contradiction]:
    lesser = next((mark for mark in marks if mark.rule == "lesser_role"), None)
    big = next((fact for fact in resume.facts if fact.key in {"role.led", "role.owned"}), None)
    if lesser is not None and big is not None:
        yield Contradiction(big.id, lesser.quote, big.quote)


def _date_clashes(folded: Folded, resume: Resume) -> Iterator[Contradiction]:
    """Yield date ranges that begin as one on the résumé does and last a different time."""
    for year, months, start, end in date_ranges(folded):
        known = [f for f in resume.facts if f.key == "date.range" and f.name == year]
        lasted = [fact.value for fact in known if fact.value is not None]
        if months is None or not lasted or len(lasted) < len(known):
            continue
        grace = max(MONTHS_OF_GRACE, TOLERANCE * months)
        if all(abs(months - value) > grace for value in lasted):
            yield Contradiction(known[0].id, folded.quote(start, end), known[0].quote)
