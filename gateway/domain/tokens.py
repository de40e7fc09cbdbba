"""Tokens counted by eye, for providers that do not count and for answers that were cut."""

import math
import re

LATIN_CHARACTERS_PER_TOKEN = 4.8
TOKENS_PER_IDEOGRAPH = 0.75
#: A picture, whatever its bytes. Anthropic counts width times height by 750 after shrinking it to
#: about 1,600 at the most; OpenAI's tiles and Gemini's come to less for the sizes people send.
TOKENS_PER_PICTURE = 1_600
#: Any other data. A second of sound is 32 tokens by Gemini's count and 8 kB or more; a page of a
#: PDF is up to 3,000 by Anthropic's, and a scanned one some 200 kB. In base64, so rather too much.
DATA_CHARACTERS_PER_TOKEN = 100
_NARROW = re.compile("[\\0-\u2e7f]+")  # everything before the first ideographs and their kin


def estimated_tokens(text: str) -> int:
    """Return about how many tokens the text is; Chinese is counted per character."""
    n_wide = 0 if text.isascii() else len(_NARROW.sub("", text))
    n_narrow = len(text) - n_wide
    return math.ceil(n_narrow / LATIN_CHARACTERS_PER_TOKEN + n_wide * TOKENS_PER_IDEOGRAPH)


_WIDE_LEADS = bytes(range(0xE2, 0xF5))  # the first bytes of characters from about U+2000 on
_LEAST_DATA = 4096  # what is shorter counts little, and as text
_DATA = re.compile(rb';base64,|"data"\s*:\s*"')
_SPEAKS_OF_DATA = (b"base64", b'"input_audio"')
_BESIDE = 64  # characters to either side, where the kind of the data is named


def estimated_tokens_of_json(body: bytes) -> int:
    """Return about how many tokens the texts of a JSON body are, from its bytes alone.

    Names and punctuation count as text: what is reserved should rather be too much. Pictures,
    recordings and files sent as data count by the constants above.
    """
    n_characters, n_tokens = len(body), 0
    if n_characters > _LEAST_DATA and any(word in body for word in _SPEAKS_OF_DATA):
        n_data, n_tokens = _data(body)
        n_characters -= n_data
    # Six bytes for one character, and mostly a wide one; to look for the first is quick.
    n_escaped = body.count(b"\\u") if b"\\" in body else 0
    n_wide = 0 if body.isascii() else len(body) - len(body.translate(None, _WIDE_LEADS))
    n_narrow = max(0, n_characters - 3 * n_wide - 6 * n_escaped)
    n_wide += n_escaped
    text = n_narrow / LATIN_CHARACTERS_PER_TOKEN + n_wide * TOKENS_PER_IDEOGRAPH
    return n_tokens + math.ceil(text)


def _data(body: bytes) -> tuple[int, int]:
    """Return how many characters of the body are data in base64, and how many tokens they are."""
    n_characters = n_tokens = 0
    found = _DATA.search(body)
    while found is not None:
        start = found.end()
        end = body.find(b'"', start)
        end = len(body) if end < 0 else end
        # Words have blanks between them: a document may be given as text in the same field.
        if end - start > _LEAST_DATA and body.find(b" ", start, end) < 0:
            n_characters += end - start
            n_tokens += _tokens_of_data(body, start, end)
        found = _DATA.search(body, end)
    return n_characters, n_tokens


def _tokens_of_data(body: bytes, start: int, end: int) -> int:
    beside = body[max(0, start - _BESIDE) : start] + body[end : end + _BESIDE]
    if b"image" in beside:
        return TOKENS_PER_PICTURE
    return math.ceil((end - start) / DATA_CHARACTERS_PER_TOKEN)
