"""What of a model's words the room hears: whole sentences in the house's manners, one question.

A sentence is heard as soon as it is whole and nothing is wrong with it; until then nothing of it
is. So whatever a model does in the middle of one, the room never hears half of it, nor anything
twice. With the first question the turn is complete and the model is asked for no more.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from interview.domain.bilingual import Language
from interview.domain.speaking.breaches import Breach, Labels, Secrets, is_foreign, is_taboo
from interview.domain.speaking.sentences import RunOnError, Sentences, is_ended

MAX_WIDTH = 460  # of a whole turn; a Chinese character counts two
CONTEXT_CHARACTERS = 80
SHORT_QUESTION_WIDTH = 12  # "Really?" is a reaction, not yet the question

_STAGE_DIRECTION = re.compile(r"(?<!\*)\*[^*\n]{1,60}\*(?!\*)|^\s*[(（][^()（）\n]{1,40}[)）]")
_BULLET = re.compile(r"^\s*(?:#{1,6}\s+|[-*•]\s+|>\s*|\d{1,2}[.)]\s+)")
_MARKUP = re.compile(r"\*\*|__|`+|~~|</?[A-Za-z][^<>\n]{0,60}>")
_CLOSING = "”’」』》）)】]\"' "
_ASKING = re.compile(r"(?:吗|呢)[。！!.]?$")


@dataclass(frozen=True, slots=True)
class House:
    """The manners of one turn: who speaks, who sits there too, what may not be told, the plan.

    ``question`` is said in the model's place when it does not come to one of its own.
    """

    language: Language
    question: str
    own_names: tuple[str, ...]
    other_names: tuple[str, ...]
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ending:
    """The last of the model's words, and with a ``reason`` what is said ``instead`` of the rest."""

    text: str = ""
    reason: str = ""
    instead: str = ""


class Manners:
    """Listens to one turn of a model; the same words give the same, in whatever pieces."""

    def __init__(self, house: House) -> None:
        """Take a seat beside the speaker."""
        self._house = house
        self._labels = Labels.of(house.own_names, house.other_names)
        self._secrets = Secrets.of(house.secrets)
        self._sentences = Sentences()
        self._said = ""
        self._breach: Breach | None = None
        self._has_asked = False
        self._has_wondered = False
        self._ends_asking = False

    @property
    def is_enough(self) -> bool:
        """Return whether the question is asked, or the model has forfeited the turn."""
        return self._has_asked or self._breach is not None

    def take(self, text: str) -> str:
        """Return what is fit to be heard now, after the model's next words."""
        return "" if self.is_enough else self._hear(self._sentences.take(text))

    def close(self, failure: str) -> Ending:
        """Return how the turn ends: the model has finished, or failed with this code."""
        text = ""
        rest = self._sentences.rest()
        if not self.is_enough and (is_ended(rest) or _ASKING.search(rest.rstrip(_CLOSING))):
            text = self._hear([rest])
        if self._has_asked or (self._ends_asking and not failure and self._breach is None):
            return Ending(text)
        reason = failure if self._breach is None else self._breach.value
        if not reason:
            reason = (Breach.NO_QUESTION if self._said else Breach.EMPTY).value
        return Ending(text, reason, self._joined(self._house.question))

    def _hear(self, sentences: Iterable[str]) -> str:
        before = len(self._said)
        try:
            for sentence in sentences:
                self._say(self._spoken(sentence))
                if self.is_enough:
                    break
        except RunOnError:
            self._breach = Breach.TOO_LONG
        return self._said[before:]

    def _say(self, sentence: str) -> None:
        if sentence and self._breach is None:
            self._said += self._joined(sentence)
            self._note_question(sentence)

    def _spoken(self, sentence: str) -> str:
        """Return the sentence as it is said aloud; note what is wrong with it."""
        if self._labels.is_anothers(sentence):
            self._breach = Breach.OTHER_SPEAKER
            return ""
        bare = plain(self._labels.without_own(_BULLET.sub("", sentence)))
        self._breach = self._fault(bare)
        return bare

    def _fault(self, sentence: str) -> Breach | None:
        # What is forbidden may not come about across the end of a sentence either.
        heard = self._said[-CONTEXT_CHARACTERS:] + self._joined(sentence)
        if self._labels.is_anothers(sentence):
            return Breach.OTHER_SPEAKER
        if is_taboo(heard):
            return Breach.TABOO
        if self._secrets.are_in(heard):
            return Breach.LEAK
        if is_foreign(sentence, self._house.language):
            return Breach.WRONG_LANGUAGE
        if width(self._said) + width(sentence) > MAX_WIDTH:
            return Breach.TOO_LONG
        return None

    def _note_question(self, sentence: str) -> None:
        bare = sentence.rstrip(_CLOSING)
        self._ends_asking = bare[-1:] in {"?", "？"} or _ASKING.search(bare) is not None
        if not self._ends_asking:
            return
        if not self._has_wondered and width(bare) < SHORT_QUESTION_WIDTH:
            self._has_wondered = True
        else:
            self._has_asked = True

    def _joined(self, sentence: str) -> str:
        """Return the sentence with what stands between it and the one before."""
        last = self._said[-1:]
        is_tight = (
            not last or ord(last) > 0x2E7F or (last in "”’…" and self._house.language == "zh")
        )
        return sentence if is_tight else f" {sentence}"


def plain(sentence: str) -> str:
    """Return the sentence without markup, stage directions and a quotation mark left over."""
    text, bare = "", _STAGE_DIRECTION.sub("", sentence)
    while text != bare:  # taking one mark out may leave another
        text, bare = bare, _MARKUP.sub("", bare)
    text = " ".join(text.split())
    if text.count('"') % 2:
        text = text[1:] if text.startswith('"') else text.removesuffix('"')
    return text.strip()


def width(text: str) -> int:
    """Return how much room the text takes; a Chinese character counts two."""
    return sum(2 if ord(character) > 0x2E7F else 1 for character in text)
