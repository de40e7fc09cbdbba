"""A résumé read into claims: text in, facts out, by rules alone.

Every fact quotes the résumé word for word, so that a question can hold the line up to the
candidate. Reading is deterministic and linear in the length of the text.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

from interview.domain.bilingual import Language
from interview.domain.reading import dates, topics
from interview.domain.reading.excerpts import excerpt, longest
from interview.domain.reading.lexicon import subjects, wording
from interview.domain.reading.lexicon.units import SECONDS
from interview.domain.reading.matching import Folded, clauses, fold, keyed, language_of, terms
from interview.domain.reading.quantities import Quantity, find_quantities
from interview.domain.reading.redaction import redact

MAX_CHARACTERS = 100_000
MAX_FACTS = 120
MAX_FACTS_PER_KEY = 12
SHORT_STAY_MONTHS = 6


class Weakness(StrEnum):
    """Where a claim gives way when pushed."""

    NO_BASELINE = "no_baseline"
    NO_OWNER = "no_owner"
    SCALE_UNKNOWN = "scale_unknown"
    BUZZWORD = "buzzword"
    PERFECT_NUMBER = "perfect_number"
    DURATION_VS_CLAIM = "duration_vs_claim"


@dataclass(frozen=True, slots=True)
class Fact:
    """One claim. ``quote`` is ``Resume.text[start:end]``; ``keys`` are all it answers to.

    value and baseline are in ``unit``; a date range counts months. name: noun or qualifier.
    """

    id: str
    key: str
    quote: str
    start: int
    end: int
    keys: tuple[str, ...] = ()
    value: float | None = None
    unit: str = ""
    name: str = ""
    baseline: float | None = None
    role: str = ""
    weaknesses: tuple[Weakness, ...] = ()
    section: str = ""
    slot: str = ""
    said: str = ""


@dataclass(frozen=True, slots=True)
class Resume:
    """A résumé as given, and the claims found in it."""

    text: str
    language: Language
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of the folded text and what is known of it."""

    start: int
    end: int
    section: str
    quantities: tuple[Quantity, ...]
    role: str
    n_buzzwords: int


_SECTIONS = (
    (
        "experience",
        "工作经历|工作经验|工作履历|职业经历|实习经历|临床经历|任职经历|experience|"
        "work experience|employment|employment history|"
        "professional experience|work history|clinical experience|career history|internships",
    ),
    (
        "projects",
        "项目经历|项目经验|代表项目|重点项目|projects|selected projects|key projects|"
        "project experience",
    ),
    (
        "skills",
        "技能|专业技能|技术栈|技能清单|核心技能|技能特长|skills|technical skills|core skills|"
        "tech stack|technologies|competencies|clinical skills",
    ),
    ("education", "教育背景|教育经历|教育|学历|education|academic background"),
    (
        "certificates",
        "证书|资格证书|资质|获奖|荣誉|certifications|certificates|licenses|licences|licensure|"
        "awards|licenses and certifications",
    ),
    (
        "summary",
        "自我评价|个人简介|个人总结|简介|个人优势|summary|profile|about|about me|objective",
    ),
)
_SECTION_PATTERN, _SECTION_OF = keyed(_SECTIONS)
_HEADING_MARKS = re.compile(r"^[\s#*=\-_>·•■●▪【\[（(|~:]+|[\s#*=\-_:】\])）|~]+$")
_HEADING_REST = re.compile(r"(?: ?(?:与|和|及|、|&|/|and |, ).{1,24})?")

_ROLE_PATTERN, _ROLE_OF = keyed((("", wording.NO_ROLES), *wording.ROLES))
_ROLE_RANK = {key: rank for rank, (key, _) in enumerate(wording.ROLES)}
_WEAK_ROLE = "role.participated"
_BUZZ = terms(tuple(wording.BUZZWORDS.split("|")))
_DEGREE = terms(tuple(subjects.DEGREES.split("|")))
_CERTIFICATE = terms(tuple(subjects.CERTIFICATES.split("|")))

_BULLET = re.compile(r"[-*•·●■▪+]|\d{1,2}[.)、]\s")
_LONGEST_HEADING = 80


@lru_cache(maxsize=64)
def read_resume(text: str) -> Resume:
    """Return the résumé's claims, in the order they stand; at most MAX_CHARACTERS are read."""
    kept = text[:MAX_CHARACTERS]
    folded = replace(fold(redact(kept)), origin=kept)  # a telephone number is not a claim
    lines = _lines(folded)
    drafts = [fact for line in lines for fact in _facts_of_line(folded, line)]
    numbered = _numbered(_with_short_stays(drafts))
    return Resume(text=kept, language=language_of(kept, "en"), facts=tuple(numbered))


def claim(fact: Fact) -> str:
    """Return the résumé's own words to hold up: 40 characters of Chinese, 60 of English at most."""
    return fact.quote[: longest(fact.quote)].strip()


def _lines(folded: Folded) -> list[_Line]:
    quantities = find_quantities(folded, limit=MAX_FACTS * 8)
    lines: list[_Line] = []
    section, index, position = "", 0, 0
    for raw in folded.text.split("\n"):
        start, end = position, position + len(raw)
        position = end + 1
        heading = _heading(raw)
        if heading:
            section = heading
            continue
        first = index
        while index < len(quantities) and quantities[index].start < end:
            index += 1
        if raw.strip():
            lines.append(_line(folded, start, end, section, quantities[first:index]))
    return lines


def _heading(raw: str) -> str:
    """Return the section a line opens, or "" for a line of content."""
    title = _HEADING_MARKS.sub("", raw[:60])
    match = _SECTION_PATTERN.match(title)
    if match is None or not _HEADING_REST.fullmatch(title, match.end()):
        return ""
    return _SECTION_OF[match[0]]


def _line(
    folded: Folded, start: int, end: int, section: str, quantities: tuple[Quantity, ...]
) -> _Line:
    return _Line(
        start=start,
        end=end,
        section=section,
        quantities=quantities,
        role=_role_of(folded, start, end),
        n_buzzwords=len({match[0] for match in _BUZZ.finditer(folded.text, start, end)}),
    )


def _role_of(folded: Folded, start: int, end: int) -> str:
    """Return the strongest role a line claims; one that opens with "took part" claims no more."""
    found = (_ROLE_OF[match[0]] for match in _ROLE_PATTERN.finditer(folded.text, start, end))
    roles = [role for role in found if role]
    if roles[:1] == [_WEAK_ROLE]:
        return _WEAK_ROLE
    return min(roles, key=_ROLE_RANK.__getitem__, default="")


def _facts_of_line(folded: Folded, line: _Line) -> Iterator[Fact]:
    """Yield the claims of one line: topics and numbers as they stand, then who, when and papers."""
    if not _names_an_employer(folded, line):
        found = [*_topics(folded, line), *_metrics(folded, line)]
        yield from sorted(found, key=lambda fact: (fact.start, fact.end, fact.key))
        yield from _role(folded, line)
    yield from _dates(folded, line)
    yield from _papers(folded, line)


def _names_an_employer(folded: Folded, line: _Line) -> bool:
    """Return whether the line is a heading, which claims nothing but its dates.

    In plain text that is a short line with dates, no bullet and no number of its own.
    """
    text = folded.text[line.start : line.end].strip()
    if text.startswith("#"):
        return True
    is_short = len(text) <= _LONGEST_HEADING and not _BULLET.match(text)
    return is_short and not line.quantities and dates.RANGE.search(text) is not None


def _topics(folded: Folded, line: _Line) -> Iterator[Fact]:
    seen: set[str] = set()
    for key, start, end in topics.named(folded, line.start, line.end):
        if key in seen:
            continue
        seen.add(key)
        core = (start, end)
        draft = _draft(folded, line, key, core, _clause_of(folded, line, core))
        yield replace(draft, name=folded.quote(*core), weaknesses=_topic_weaknesses(line))


def _topic_weaknesses(line: _Line) -> tuple[Weakness, ...]:
    if line.section in {"skills", "education", "certificates"}:
        return ()
    weak = _line_weaknesses(line)
    if not line.quantities:
        weak.append(Weakness.SCALE_UNKNOWN)
    return tuple(weak)


def _line_weaknesses(line: _Line) -> list[Weakness]:
    weak: list[Weakness] = []
    if line.role in {"", _WEAK_ROLE}:
        weak.append(Weakness.NO_OWNER)
    if line.n_buzzwords > 1:
        weak.append(Weakness.BUZZWORD)
    return weak


def _metrics(folded: Folded, line: _Line) -> Iterator[Fact]:
    for quantity in line.quantities:
        if quantity.is_start or not (quantity.unit or quantity.is_named):
            continue
        key = quantity.key or "metric.other"
        if key == "metric.other" and quantity.unit in {*SECONDS, ""}:
            continue
        draft = _draft(folded, line, key, (quantity.start, quantity.end), quantity.clause)
        yield replace(
            draft,
            value=quantity.value,
            unit=quantity.unit,
            name=quantity.qualifier or quantity.name,
            baseline=quantity.baseline,
            weaknesses=_metric_weaknesses(line, quantity, key),
            slot=quantity.slot if quantity.is_named else "",
            said=folded.quote(quantity.start, quantity.end),
        )


_ABSOLUTE = frozenset(
    {
        "metric.other",
        "metric.budget",
        "metric.size",
        "metric.patients",
        "team.size",
        "metric.availability",
    }
)


def _metric_weaknesses(line: _Line, quantity: Quantity, key: str) -> tuple[Weakness, ...]:
    weak = _line_weaknesses(line)
    if quantity.is_perfect:
        weak.append(Weakness.PERFECT_NUMBER)
    elif key not in _ABSOLUTE and quantity.baseline is None:
        weak.append(Weakness.NO_BASELINE)
    return tuple(weak)


def _role(folded: Folded, line: _Line) -> Iterator[Fact]:
    if not line.role or line.section in {"skills", "education", "certificates", "summary"}:
        return
    match = next(
        match
        for match in _ROLE_PATTERN.finditer(folded.text, line.start, line.end)
        if _ROLE_OF[match[0]] == line.role
    )
    core = (match.start(), match.end())
    clause = _clause_of(folded, line, core)
    yield replace(
        _draft(folded, line, line.role, core, clause, is_forward=True),
        name=match[0],
        weaknesses=_topic_weaknesses(line),
    )


def _dates(folded: Folded, line: _Line) -> Iterator[Fact]:
    for match in dates.RANGE.finditer(folded.text, line.start, line.end):
        core = (match.start(), match.end())
        yield replace(
            _draft(folded, line, "date.range", core, core),
            value=dates.months_of(match),
            unit="month",
            name=f"{match['y1']}",
        )


def _papers(folded: Folded, line: _Line) -> Iterator[Fact]:
    if line.role or line.section in {"experience", "projects"}:
        return
    for key, pattern in (("edu", _DEGREE), ("cert", _CERTIFICATE)):
        match = pattern.search(folded.text, line.start, line.end)
        if match:
            core = (match.start(), match.end())
            yield _draft(folded, line, key, core, _clause_of(folded, line, core))


def _clause_of(folded: Folded, line: _Line, core: tuple[int, int]) -> tuple[int, int]:
    """Return the clause of the line that ``core`` begins in."""
    places = [
        (line.start + start, line.start + end)
        for start, end in clauses(folded.text[line.start : line.end])
    ]
    return next((place for place in places if place[0] <= core[0] < place[1]), core)


def _draft(
    folded: Folded,
    line: _Line,
    key: str,
    core: tuple[int, int],
    clause: tuple[int, int],
    *,
    is_forward: bool = False,
) -> Fact:
    start, end = folded.span(*excerpt(folded.text, core, clause, is_forward=is_forward))
    quote = folded.origin[start:end]
    start += len(quote) - len(quote.lstrip())
    quote = quote.strip()
    return Fact(
        id="",
        key=key,
        quote=quote,
        start=start,
        end=start + len(quote),
        keys=(key, *subjects.IMPLIED.get(key, ())),
        role=line.role,
        section=line.section,
    )


def _with_short_stays(facts: Sequence[Fact]) -> list[Fact]:
    """Return the facts, big claims marked that were made within a short stay."""
    marked = list(facts)
    stay: int | None = None
    for index, fact in enumerate(facts):
        if fact.key == "date.range":
            is_short = fact.value is not None and 0 < fact.value <= SHORT_STAY_MONTHS
            stay = index if is_short else None
        elif stay is not None and fact.section in {"education", "skills"}:
            stay = None
        elif stay is not None and _is_big(fact):
            for at in (index, stay):
                if Weakness.DURATION_VS_CLAIM not in marked[at].weaknesses:
                    weak = (*marked[at].weaknesses, Weakness.DURATION_VS_CLAIM)
                    marked[at] = replace(marked[at], weaknesses=weak)
    return marked


def _is_big(fact: Fact) -> bool:
    if fact.key in {"role.led", "role.managed"}:
        return True
    if fact.value is None:
        return False
    return (fact.unit == "%" and fact.value >= 50) or (fact.unit == "x" and fact.value >= 2)


def _numbered(drafts: Sequence[Fact]) -> Iterator[Fact]:
    """Yield the facts to keep, numbered: each topic once, where it was put to work if anywhere."""
    best: dict[str, int] = {}
    for index, fact in enumerate(drafts):
        if fact.key.startswith(("tech.", "skill.")):
            known = best.get(fact.key)
            if known is None or (drafts[known].section == "skills" and fact.section != "skills"):
                best[fact.key] = index
    counts: dict[str, int] = {}
    number = 0
    for index, fact in enumerate(drafts):
        if best.get(fact.key, index) != index or number == MAX_FACTS:
            continue
        counts[fact.key] = counts.get(fact.key, 0) + 1
        if counts[fact.key] <= MAX_FACTS_PER_KEY:
            number += 1
            yield replace(fact, id=f"F{number}")
