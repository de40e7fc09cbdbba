"""What in an answer can call for a follow-up, told from the words alone."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from interview.domain.bilingual import Language
from interview.domain.questions import Expectation, Question
from interview.domain.reading import integrity, sketches, word_lists
from interview.domain.reading.key_points import Touched, touched
from interview.domain.reading.lengths import LengthBand
from interview.domain.reading.lexicon import wording
from interview.domain.reading.marks import Mark
from interview.domain.reading.matching import Folded, clauses, fold, merged, sentences, terms
from interview.domain.reading.quantities import Quantity, find_quantities
from interview.domain.reading.reaching import Outcome, Reach
from interview.domain.reading.resume import Resume

RESUME_ECHO = 0.5
SELF_REPEAT = 0.6
WE_SHARE = 0.8


class Trigger(StrEnum):
    """What in an answer can call for a follow-up."""

    TOO_SHORT = "too_short"
    RAMBLING = "rambling"
    NO_NUMBER = "no_number"
    NUMBER_NO_BASELINE = "number_no_baseline"
    PERFECT_NUMBER = "perfect_number"
    WE_NO_I = "we_no_i"
    BUZZWORD_ONLY = "buzzword_only"
    NO_TRADEOFF = "no_tradeoff"
    NO_FAILURE_MODE = "no_failure_mode"
    CONTRADICTION = "contradiction"
    EVASIVE = "evasive"
    RESUME_ECHO = "resume_echo"
    SELF_REPEAT = "self_repeat"
    OFF_TOPIC = "off_topic"
    HONEST_UNKNOWN = "honest_unknown"
    STRONG = "strong"
    INJECTION = "injection"
    ABUSE = "abuse"


@dataclass(frozen=True, slots=True)
class Reading:
    """The answer half read, handed from step to step."""

    folded: Folded
    question: Question
    resume: Resume
    language: Language
    length: int
    band: LengthBand
    marks: tuple[Mark, ...]
    numbers: tuple[Quantity, ...]
    points: Touched
    topics: Mapping[str, tuple[int, int]]
    i_count: int
    we_count: int
    own_grams: frozenset[int]

    def has(self, *rules: str) -> bool:
        """Return whether one of these rules was met."""
        return any(mark.rule in rules for mark in self.marks)

    def count(self, rule: str) -> int:
        """Return how often a rule was met."""
        return sum(mark.rule == rule for mark in self.marks)


_BRANCH = terms(tuple(wording.BRANCHES.split("|")))
_UNKNOWN = terms(tuple(wording.UNKNOWN.split("|")))
_INQUIRY = terms(tuple(wording.INQUIRY.split("|")))
_CONTENT_WORD = re.compile(r"[a-z][a-z-]{4,}")
_HAN_RUN = re.compile(r"[\u3400-\u9fff]+")
_HAN_STOP = frozenset(
    "的了是在你我他们这那个什么怎么多少哪为吗呢吧啊有没不就都也还一和与把被让给从到说写先后会能要"
)


def armed_by(
    reading: Reading,
    earlier: Sequence[tuple[int, ...]],
    *,
    has_clash: bool,
    has_injection: bool,
    whole: Folded,
) -> tuple[Trigger, ...]:
    """Return the triggers armed by the words alone, in the order the panel cares."""
    honest = _is_honest_unknown(reading)
    repeats = [sketches.share_in_sketch(reading.own_grams, old) for old in earlier]
    echo = sketches.share_in(reading.own_grams, sketches.grams_of_document(reading.resume.text))
    armed = {
        Trigger.INJECTION: has_injection,
        Trigger.ABUSE: integrity.is_abusive(whole),
        Trigger.CONTRADICTION: has_clash,
        Trigger.PERFECT_NUMBER: reading.has("perfect_number"),
        Trigger.HONEST_UNKNOWN: honest,
        Trigger.RESUME_ECHO: echo > RESUME_ECHO,
        Trigger.SELF_REPEAT: max(repeats, default=0.0) > SELF_REPEAT,
        Trigger.OFF_TOPIC: not honest and _is_off_topic(reading),
        Trigger.EVASIVE: not honest and _is_evasive(reading),
        Trigger.BUZZWORD_ONLY: _is_buzzword_only(reading),
        Trigger.TOO_SHORT: reading.band in {LengthBand.EMPTY, LengthBand.SHORT},
        Trigger.RAMBLING: reading.band is LengthBand.RAMBLING,
        Trigger.NUMBER_NO_BASELINE: _lacks_baseline(reading),
        Trigger.WE_NO_I: _is_we_only(reading),
        Trigger.NO_NUMBER: not honest and not reading.has("value_with_unit", "perfect_number"),
        Trigger.NO_TRADEOFF: _lacks(reading, Expectation.TRADEOFF, "tradeoff_pair"),
        Trigger.NO_FAILURE_MODE: _lacks(reading, Expectation.FAILURE_MODE, "failure_mode"),
    }
    return tuple(trigger for trigger, is_armed in armed.items() if is_armed)


_ANSWERED = frozenset(
    {Trigger.TOO_SHORT, Trigger.OFF_TOPIC, Trigger.EVASIVE, Trigger.HONEST_UNKNOWN}
)
_CONCRETE = frozenset({Trigger.TOO_SHORT, Trigger.OFF_TOPIC})


def still_armed(flags: tuple[Trigger, ...], reached: Reach | None) -> tuple[Trigger, ...]:
    """Return what of the flags still holds against an answer to a follow-up.

    What answers it is neither short nor off the topic, however few its words.
    """
    if reached is None or not reached.is_concrete:
        return flags
    void = _ANSWERED if reached.outcome is Outcome.MET else _CONCRETE
    return tuple(flag for flag in flags if flag not in void)


def _is_honest_unknown(reading: Reading) -> bool:
    """Return whether the answer is mostly an admission not to know.

    A gap owned up to inside an answer is none: what stands beside the admission, and beside the
    plan to find out, then says something about the question.
    """
    unknown = next((mark for mark in reading.marks if mark.rule == "unknown"), None)
    if unknown is None or unknown.at > len(reading.folded.origin) // 2 + 20:
        return False
    rest = integrity.without(reading.folded, _admitted(reading.folded.text))
    said = touched(rest, find_quantities(rest), reading.question.key_points)
    is_most = len(rest.text) * 2 > len(reading.folded.text)
    return not said.argued and not (said.named and is_most)


def _admitted(text: str) -> tuple[tuple[int, int], ...]:
    """Return the places of what admits not to know, by clause, and of plans, by sentence."""
    plans = [place for place in sentences(text) if _INQUIRY.search(text, *place)]
    admissions = [place for place in clauses(text) if _UNKNOWN.search(text, *place)]
    return merged([*plans, *admissions])


def _is_evasive(reading: Reading) -> bool:
    if reading.has("value_with_unit"):
        return False
    if reading.has("evasive"):
        return not (reading.has("reason_given") and _BRANCH.search(reading.folded.text))
    return reading.count("hedged") >= 2 and not reading.has("own_action")


def _is_buzzword_only(reading: Reading) -> bool:
    n_terms = reading.count("buzzwords") + len(reading.topics)
    is_empty = not reading.has("value_with_unit", "own_action", "failure_mode", "tradeoff_pair")
    return word_lists.is_word_list(reading.folded.text) or (n_terms >= 3 and is_empty)


def _is_we_only(reading: Reading) -> bool:
    total = reading.i_count + reading.we_count
    return reading.we_count > 0 and reading.we_count / total > WE_SHARE


def _lacks_baseline(reading: Reading) -> bool:
    return reading.has("value_with_unit") and not reading.has("baseline_named", "how_measured")


def _lacks(reading: Reading, expectation: Expectation, rule: str) -> bool:
    asked = expectation in reading.question.expects or any(
        followup.trigger == f"no_{expectation}" for followup in reading.question.followups
    )
    return asked and not reading.has(rule) and not reading.has("unknown")


def _is_off_topic(reading: Reading) -> bool:
    """Return whether nothing in the answer has to do with what was asked."""
    if reading.points.named or reading.band is LengthBand.EMPTY:
        return False
    patterns = reading.question.when.any_fact
    named = {*reading.topics, *(number.key for number in reading.numbers)}
    if any(key and key.startswith(p.removesuffix("*")) for key in named for p in patterns):
        return False
    return not _content_words(reading.folded.text) & _topic_words(reading.question)


def _topic_words(question: Question) -> frozenset[str]:
    texts = [question.ask, question.better]
    texts += [point.label for point in question.key_points]
    texts += [followup.ask for followup in question.followups if followup.ask is not None]
    joined = "\n".join(f"{text.zh}\n{text.en}" for text in texts)
    terms_joined = "\n".join(term for point in question.key_points for term in point.any)
    return frozenset(_content_words(fold(f"{joined}\n{terms_joined}").text))


def _content_words(text: str) -> set[str]:
    """Return the words that carry the subject: longer Latin words, Chinese pairs."""
    words = set(_CONTENT_WORD.findall(text)) - _PLAIN_WORDS
    for run in _HAN_RUN.findall(text):
        for pair in (run[i : i + 2] for i in range(len(run) - 1)):
            if not _HAN_STOP & set(pair):
                words.add(pair)
    return words


_PLAIN_WORDS = frozenset(wording.PLAIN.split())
