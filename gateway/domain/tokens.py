"""Tokens counted by eye, for providers that do not count and for answers that were cut."""

import math
import re

LATIN_CHARACTERS_PER_TOKEN = 4.8
TOKENS_PER_IDEOGRAPH = 0.75
_NARROW = re.compile("[\\0-\u2e7f]+")  # everything before the first ideographs and their kin


def estimated_tokens(text: str) -> int:
    """Return about how many tokens the text is; Chinese is counted per character."""
    n_wide = 0 if text.isascii() else len(_NARROW.sub("", text))
    n_narrow = len(text) - n_wide
    return math.ceil(n_narrow / LATIN_CHARACTERS_PER_TOKEN + n_wide * TOKENS_PER_IDEOGRAPH)


_WIDE_LEADS = bytes(range(0xE2, 0xF5))  # the first bytes of characters from about U+2000 on


def estimated_tokens_of_json(body: bytes) -> int:
    """Return about how many tokens the texts of a JSON body are, from its bytes alone.

    Names and punctuation count as text: what is reserved should rather be too much.
    """
    # Six bytes for one character, and mostly a wide one; to look for the first is quick.
    n_escaped = body.count(b"\\u") if b"\\" in body else 0
    n_wide = 0 if body.isascii() else len(body) - len(body.translate(None, _WIDE_LEADS))
    n_narrow = len(body) - 3 * n_wide - 6 * n_escaped
    n_wide += n_escaped
    return math.ceil(max(0, n_narrow) / LATIN_CHARACTERS_PER_TOKEN + n_wide * TOKENS_PER_IDEOGRAPH)
