"""A stream of words cut into sentences, the same ones however the words arrived in pieces."""

from collections.abc import Iterator

MAX_SENTENCE_CHARACTERS = 320

_ENDS = frozenset("。！？!?…")
_CLOSERS = frozenset("”’」』》）)】]\"'")
_THOUGHT_BEGINS, _THOUGHT_ENDS = "<think>", "</think>"


class RunOnError(Exception):
    """A sentence has no end in sight."""


class Sentences:
    """Collects text and gives out whole sentences, each with the white space before it.

    A sentence ends where the text alone says so: with its mark and what closes it, or with the
    line. An end that the next character may move waits for that character. What a model thinks
    aloud at the very beginning, between its tags, is no part of the text.
    """

    def __init__(self) -> None:
        self._held = ""
        self._has_begun = False

    def take(self, text: str) -> Iterator[str]:
        """Yield the sentences that are whole now; raise RunOnError for one that does not end."""
        self._held += text
        if not self._begin():
            return
        while (end := _end_of(self._held)) is not None:
            if end > MAX_SENTENCE_CHARACTERS:
                raise RunOnError
            sentence, self._held = self._held[:end], self._held[end:]
            yield sentence
        if len(self._held) > MAX_SENTENCE_CHARACTERS:
            raise RunOnError

    def rest(self) -> str:
        """Return what is held back and has no end yet."""
        return self._held if self._has_begun else ""

    def _begin(self) -> bool:
        """Return whether the text has begun, after dropping a thought that stands before it."""
        if self._has_begun:
            return True
        self._held = self._held.lstrip()
        if self._held.startswith(_THOUGHT_BEGINS):
            _, has_ended, after = self._held.partition(_THOUGHT_ENDS)
            if not has_ended:
                return False
            self._held = after.lstrip()
        elif _THOUGHT_BEGINS.startswith(self._held):
            return False  # it may still become one
        self._has_begun = True
        return True


def is_ended(text: str) -> bool:
    """Return whether a text that breaks off here ends with a sentence."""
    return text.rstrip("".join(_CLOSERS) + " ")[-1:] in {*_ENDS, "."}


def _end_of(text: str) -> int | None:
    """Return where the first sentence ends; None while that cannot be known."""
    start = len(text) - len(text.lstrip())
    for index in range(start, len(text)):
        character = text[index]
        if character == "\n":
            return index + 1
        if character in _ENDS:
            return _past(text, index + 1)
        if character == "." and text[index + 1 : index + 2] in {".", *_CLOSERS, ""}:
            end = _past(text, index + 1)
            if end is None or text[end].isspace():
                return end
        elif character == "." and text[index + 1].isspace():
            return index + 1
    return None


def _past(text: str, index: int) -> int | None:
    """Return the first place that neither repeats the mark nor closes; None at the text's end."""
    while index < len(text):
        if text[index] not in _ENDS and text[index] not in _CLOSERS and text[index] != ".":
            return index
        index += 1
    return None
