"""Prompts as data: what is said to a model, and texts of strangers that can only be read.

What a candidate wrote goes to a model in a fence. The fence's mark is a word nobody could have
guessed, every line inside begins with a bar, and what could look like a fence is taken out of
the text; so no text can end its own fence or begin another.
"""

from dataclasses import dataclass
from typing import Literal

from interview.domain.reading.matching import clean

BAR = "| "
_TAGS = str.maketrans({"<": "‹", ">": "›", "＜": "‹", "＞": "›", "|": "¦", "｜": "¦"})


@dataclass(frozen=True, slots=True)
class Utterance:
    """One message to a model."""

    role: Literal["system", "user"]
    text: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model is asked, and how long it may talk."""

    messages: tuple[Utterance, ...]
    max_tokens: int
    temperature: float = 0.7
    stop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fence:
    """Wraps texts of strangers; ``mark`` is drawn anew for every prompt."""

    mark: str

    def around(self, kind: str, text: str) -> str:
        """Return the text as data of this kind."""
        lines = "\n".join(f"{BAR}{line}" for line in clean(text).translate(_TAGS).splitlines())
        return f"<data-{self.mark} kind={kind}>\n{lines or BAR}\n</data-{self.mark}>"


def about_tokens(text: str) -> int:
    """Return about how many tokens a model makes of the text, rather more than less."""
    n_wide = sum(ord(character) > 0x2E7F for character in text)
    return n_wide + (len(text) - n_wide + 2) // 3


def clipped(text: str, *, tokens: int) -> str:
    """Return the text, its middle left out where it is longer than so many tokens."""
    if about_tokens(text) <= tokens:
        return text
    kept = max(1, len(text) * tokens // (2 * about_tokens(text)))
    return f"{text[:kept]} […] {text[-kept:]}"
