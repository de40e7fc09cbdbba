"""Tokens counted by eye, for providers that do not count and for answers that were cut."""

import math

LATIN_CHARACTERS_PER_TOKEN = 4.8
TOKENS_PER_IDEOGRAPH = 0.75
_FIRST_WIDE = 0x2E80


def estimated_tokens(text: str) -> int:
    """Return about how many tokens the text is; Chinese is counted per character."""
    n_wide = sum(ord(character) >= _FIRST_WIDE for character in text)
    n_narrow = len(text) - n_wide
    return math.ceil(n_narrow / LATIN_CHARACTERS_PER_TOKEN + n_wide * TOKENS_PER_IDEOGRAPH)
