"""Words in an answer that speak to the machinery: found, cut out, and the rest is scored."""

import re
from bisect import bisect_left, bisect_right

from interview.domain.reading.lexicon import attacks
from interview.domain.reading.matching import Folded, merged, sentences, terms

MAX_CHARACTERS = 20_000

_INJECTIONS = tuple(re.compile(pattern) for pattern in attacks.INJECTIONS)
_ABUSE = terms(tuple(attacks.ABUSES.split("|")))


def injections(folded: Folded) -> tuple[tuple[int, int], ...]:
    """Return the places, in the folded text, of the sentences that address the machinery."""
    hits = [match.span() for pattern in _INJECTIONS for match in pattern.finditer(folded.text)]
    if not hits:
        return ()
    places = list(sentences(folded.text))
    return merged([_widened(hit, places) for hit in merged(hits)])


def without(folded: Folded, cut: tuple[tuple[int, int], ...]) -> Folded:
    """Return the folded text with these places taken out, a line break left in each."""
    if not cut:
        return folded
    characters: list[str] = []
    starts: list[int] = []
    position = 0
    for start, end in (*cut, (len(folded.text), len(folded.text))):
        characters.append(folded.text[position:start])
        starts.extend(folded.starts[position:start])
        if start < end:
            characters.append("\n")
            starts.append(folded.starts[start])
        position = end
    return Folded("".join(characters), folded.origin, tuple(starts))


def is_abusive(folded: Folded) -> bool:
    """Return whether the text insults the panel."""
    return bool(_ABUSE.search(folded.text))


def _widened(hit: tuple[int, int], places: list[tuple[int, int]]) -> tuple[int, int]:
    """Return the hit grown to the whole of every sentence it touches; places are in order."""
    first = bisect_right(places, hit[0], key=lambda place: place[1])
    last = bisect_left(places, hit[1], key=lambda place: place[0])
    touched = places[first:last]
    return (
        min([hit[0], *(start for start, _ in touched[:1])]),
        max([hit[1], *(end for _, end in touched[-1:])]),
    )
