"""Whether an answer reaches what a follow-up asked for, and with which of its words.

A short answer is read as a whole; in a longer one a sentence must speak of the subject to count.
So the answer may be as short as the question allows, and stock sentences answer nothing.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from interview.domain.bilingual import Language
from interview.domain.reading import pronouns
from interview.domain.reading.aims import Aim, Want, subject_words
from interview.domain.reading.lengths import distinct_length
from interview.domain.reading.lexicon import asking, units, wording
from interview.domain.reading.marks import Mark, find_marks, mark_at
from interview.domain.reading.matching import Folded, fold, sentences, terms
from interview.domain.reading.quantities import find_quantities

BRIEF: dict[Language, int] = {"zh": 40, "en": 30}  # distinct words or characters
_MAX_SENTENCES = 40


class Outcome(StrEnum):
    """What became of a follow-up: answered, left aside, or more than the rules can tell."""

    MET = "met"
    MISSED = "missed"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Reach:
    """How far an answer goes towards what was asked.

    want: what it gave, or was asked for; sure: whether the words themselves fit the question.
    quote: the words that answer; marks: what else stands with them, each rule and quote once.
    """

    want: Want
    outcome: Outcome
    quote: Mark | None = None
    is_sure: bool = False
    marks: tuple[Mark, ...] = ()
    is_concrete: bool = False

    @property
    def n_details(self) -> int:
        """Return how many kinds of detail stand with the words that answer."""
        return len({mark.rule for mark in self.marks})


def reach(folded: Folded, aim: Aim, *, language: Language) -> Reach:
    """Return how far a text goes towards what the follow-up asked for."""
    is_brief = distinct_length(folded.text, language) <= BRIEF[language]
    places = list(sentences(folded.text))[:_MAX_SENTENCES]
    said = [
        _Sentence(folded.part(*place), aim, is_brief=is_brief, is_first=place == places[0])
        for place in places
    ]
    is_unknown = any("unknown" in sentence.rules for sentence in said)
    heard = [s for s in said if not (is_unknown and s.rules & _PLANS)]
    for want in aim.wants:
        fitting = [sentence for sentence in heard if sentence.answers(want)]
        if fitting:
            first = fitting[0]
            standing = heard if is_brief else [s for s in heard if s in fitting or s.is_on_subject]
            return Reach(
                want=want,
                outcome=Outcome.MET,
                quote=first.words(),
                is_sure=any(sentence.is_sure(want) for sentence in fitting),
                marks=tuple(_details(standing, want)),
                is_concrete=True,
            )
    is_missed = bool(folded.text.strip()) and all(_lacks(folded, want) for want in aim.wants)
    return Reach(
        want=aim.wants[0],
        outcome=Outcome.MISSED if is_missed else Outcome.OPEN,
        is_concrete=any(sentence.is_fair for sentence in heard),
    )


_HARD = frozenset(
    {
        "value_with_unit",
        "dated",
        "own_decision",
        "tradeoff_pair",
        "failure_mode",
        "how_measured",
        "baseline_named",
    }
)
_SOFT = frozenset({"reason_given", "own_action", "credits_others", "result_named", "ordered"})
_EMPTY = frozenset({"evasive", "unknown"})
_PLANS = frozenset({"inquiry", "unknown"})  # to find out is a plan, and no answer yet


def _words(table: str) -> re.Pattern[str]:
    return terms(tuple(table.split("|")))


_NONE_OR_ONE = _words(asking.NONE_OR_ONE)
_REASON = _words(wording.REASONS)
_OTHERS = _words(wording.OTHERS)
_WE = re.compile(r"(?<![a-z])we(?![a-z])|我们|咱们|大家")
_BARE_NUMBER = re.compile(
    rf"\d|(?<![a-z])(?:{'|'.join(units.EN_NUMBERS)})(?![a-z])|[两二三四五六七八九十百千万]"
)
_ANY_NUMBER = re.compile(rf"{_BARE_NUMBER.pattern}|{_NONE_OR_ONE.pattern}|[一几半]")
_CLOCK = re.compile(
    r"\d{1,2}:\d\d|\d{1,2} ?点(?!钟)|(?:week|day|month|minute|hour) \d|"
    r"第[一二三四五六七八九十\d]+ ?(?:天|周|个月|年|分钟|小时|季|次|步)"
)
_YES_OR_NO = re.compile(rf"\s*(?:{_words(asking.YES_OR_NO).pattern})(?![\u3400-\u9fff])")
_PERSON_EN = re.compile(
    r"(?<=[a-z,;:] )(?<!\bAs )(?<!\bas )[A-Z][a-z]+(?![a-z])|"
    r"^[A-Z][a-z]+(?= (?:did|was|is|had|has|wrote|found|made|said|drew|built|took|told|does|"
    r"and I|[a-z]+ed)\b)"
)
_NO_PERSON = frozenset(asking.NOT_NAMES.split())
_PERSON_ZH = re.compile(
    r"[小老阿][\u3400-\u9fff](?=[,，、。的是就也跟同来那用做写画找发拍提说先在回停关开拦救修]|$)|"
    r"[\u3400-\u9fff](?:总|工|姐|哥|老师|主任|经理|医生)(?![\u3400-\u9fff]程)"
)


class _Sentence:
    """One sentence of an answer, held against the aim."""

    def __init__(self, folded: Folded, aim: Aim, *, is_brief: bool, is_first: bool) -> None:
        self._folded = folded
        self._text = folded.text.strip()
        self._aim = aim
        self._is_brief = is_brief
        self._is_short_reply = is_brief and is_first
        self.numbers = find_quantities(folded)
        marks = (*find_marks(folded, self.numbers), *self._people(), *self._clocks())
        self.marks = tuple(mark for mark in marks if not self._is_named_only(mark))
        self.rules = frozenset(mark.rule for mark in self.marks)
        self.is_on_subject = self._is_on_subject()

    def words(self) -> Mark:
        """Return the sentence as a quotable mark."""
        return mark_at(self._folded, "answers", 0, len(self._folded.text))

    @property
    def is_concrete(self) -> bool:
        """Return whether it says something that could be checked."""
        rules = self.rules
        return rules.isdisjoint(_EMPTY) and (bool(rules & _HARD) or len(rules & _SOFT) >= 2)

    @property
    def is_fair(self) -> bool:
        """Return whether it may well answer, though the rules cannot tell."""
        is_heard = self._is_brief or self.is_on_subject
        return is_heard and (self.is_concrete or (self._is_brief and self._names_the_point()))

    def answers(self, want: Want) -> bool:
        """Return whether it is what was asked for, about what was asked."""
        if self.rules & _EMPTY:
            return False
        return (self._is_brief or self.is_on_subject) and _FITS[want](self)

    def is_sure(self, want: Want) -> bool:
        """Return whether nothing but the question itself explains these words."""
        if want is Want.NUMBER and any(n.unit in self._aim.units for n in self.numbers):
            return True
        return self.is_on_subject or (want is Want.OWNER and "named_person" in self.rules)

    def fits_number(self) -> bool:
        """Return whether it has a number of the unit asked for; of any, where none was named."""
        wanted = self._aim.units
        if any(number.unit in wanted for number in self.numbers):
            return True
        rest = point.sub("", self._text) if (point := self._aim.point) else self._text
        bare = self._is_short_reply and bool(_BARE_NUMBER.search(rest))
        if wanted:
            return (bare and not any(n.unit for n in self.numbers)) or self._has_none()
        usual = any(n.unit in self._aim.usual or n.is_named for n in self.numbers)
        return usual or bool(self.is_on_subject and self.numbers) or bare or self._has_none()

    def _has_none(self) -> bool:
        return self._is_short_reply and bool(_NONE_OR_ONE.match(self._text))

    def fits_moment(self) -> bool:
        """Return whether it names a time."""
        return "dated" in self.rules or any(number.unit in units.SECONDS for number in self.numbers)

    def fits_owner(self) -> bool:
        """Return whether it says who: the candidate, or somebody else."""
        if "named_person" in self.rules or pronouns.count_i(self._text):
            return True
        return bool(_OTHERS.search(self._text)) and not _WE.search(self._text)

    def fits_reason(self) -> bool:
        """Return whether it says why."""
        return bool(self.rules & {"reason_given", "tradeoff_pair"}) and self.is_concrete

    def fits_detail(self) -> bool:
        """Return whether it says something of the subject that could be checked."""
        return self.is_on_subject and self.is_concrete

    def _is_named_only(self, mark: Mark) -> bool:
        """Return whether a detail is nothing but the name of the point itself."""
        point = self._aim.point
        if point is None or mark.rule not in _HARD | _SOFT:
            return False
        words = fold(mark.quote).text
        return any(words in match[0] for match in point.finditer(self._text))

    def _names_the_point(self) -> bool:
        point = self._aim.point
        return point is not None and bool(point.search(self._text))

    def _is_on_subject(self) -> bool:
        point = self._aim.point
        if point is not None and point.search(self._text):
            return True
        if _YES_OR_NO.match(self._text):
            return self._is_brief
        return not self._aim.words.isdisjoint(subject_words(self._text))

    def _people(self) -> Iterator[Mark]:
        said = self._folded.quote(0, len(self._folded.text))
        names = [name for name in _PERSON_EN.findall(said) if name not in _NO_PERSON]
        names += _PERSON_ZH.findall(said)
        if names:
            at = self._folded.span(0, len(self._folded.text))[0]
            yield Mark("named_person", names[0], at)

    def _clocks(self) -> Iterator[Mark]:
        for match in _CLOCK.finditer(self._folded.text):
            yield mark_at(self._folded, "dated", *match.span())


_FITS = {
    Want.NUMBER: _Sentence.fits_number,
    Want.MOMENT: _Sentence.fits_moment,
    Want.OWNER: _Sentence.fits_owner,
    Want.REASON: _Sentence.fits_reason,
    Want.DETAIL: _Sentence.fits_detail,
}
_OWN = {
    Want.NUMBER: frozenset({"value_with_unit", "perfect_number"}),
    Want.MOMENT: frozenset({"dated"}),
    Want.OWNER: frozenset({"own_action"}),
    Want.REASON: frozenset({"reason_given"}),
    Want.DETAIL: frozenset[str](),
}


def _details(standing: Sequence[_Sentence], want: Want) -> Iterator[Mark]:
    """Yield what stands with the words that answer, and is not itself what was asked for."""
    own = [mark for sentence in standing for mark in sentence.marks if mark.rule in _OWN[want]]
    said = {own[0].quote.lower()} if own else set()
    for sentence in standing:
        for mark in sentence.marks:
            if mark.rule in _HARD | _SOFT and mark.quote.lower() not in said:
                said.add(mark.quote.lower())
                yield mark


def _lacks(folded: Folded, want: Want) -> bool:
    """Return whether no word of a text can be what was asked for."""
    if want in {Want.NUMBER, Want.MOMENT}:
        return not _ANY_NUMBER.search(folded.text) and not any(
            mark.rule == "dated" for mark in find_marks(folded, ())
        )
    if want is Want.OWNER:
        said = folded.quote(0, len(folded.text))
        return not (
            pronouns.count_i(folded.text)
            or _OTHERS.search(folded.text)
            or any(name not in _NO_PERSON for name in _PERSON_EN.findall(said))
            or _PERSON_ZH.search(said)
        )
    return False
