"""Who speaks next.

Hard rules stand above every strategy: those who are convinced or gone are not chosen; in the
first cycle everybody asks once; later nobody waits longer than a shuffled order could make them
(``2 * n - 2`` root questions by others); nobody asks two root questions in a row while somebody
else can. A follow-up keeps the speaker and does not count.

Priority of the director: named by the candidate, then lowest approval or sharpest question, as in
conversation the current speaker's choice of the next comes before self-selection.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from interview.domain.lots import lot
from interview.domain.position import Position
from interview.domain.reading.matching import fold, terms
from interview.domain.room import Room
from interview.domain.scenery import Mode, Strategy


class Reason(StrEnum):
    """Why this speaker; the page turns it into a sentence."""

    OPENS = "opens"
    ONLY_ONE_LEFT = "only_one_left"
    NEXT_IN_ORDER = "next_in_order"
    DRAWN = "drawn"
    NOT_HEARD_YET = "not_heard_yet"
    WAITED_LONG = "waited_long"
    NAMED = "named"
    LOWEST_APPROVAL = "lowest_approval"
    SHARPEST_QUESTION = "sharpest_question"
    SUGGESTED = "suggested"
    FOLLOWS_UP = "follows_up"
    REPEATS = "repeats"


#: Why a director's choice was made: by its own judgement, where it had one.
DIRECTED = frozenset(
    {Reason.NAMED, Reason.LOWEST_APPROVAL, Reason.SHARPEST_QUESTION, Reason.SUGGESTED}
)


@dataclass(frozen=True, slots=True)
class Choice:
    """The speaker, and the reason that goes into the log."""

    speaker: str
    reason: Reason
    fallback: bool = False


Sharpness = Callable[[str], float]


def choose_speaker(
    room: Room,
    position: Position,
    *,
    answer: str,
    sharpness: Sharpness,
    suggestion: str | None = None,
) -> Choice:
    """Return who asks the next root question.

    answer: the candidate's last words, in which a persona may be named.
    sharpness: how good a question this persona could ask now; decides ties of the director.
    suggestion: what a small model proposed; taken only if that persona may speak now.
    """
    able = available(room)
    if len(able) == 1:
        return Choice(able[0], Reason.ONLY_ONE_LEFT)
    if room.n_roots == 0:
        return Choice(_opening(room, position, able), Reason.OPENS)
    allowed = [persona for persona in able if persona != room.thread.speaker]
    overdue = _overdue(room, allowed)
    if overdue is not None:
        return overdue
    if room.strategy is Strategy.SERIAL:
        return Choice(_next_in_order(room, allowed), Reason.NEXT_IN_ORDER)
    if room.strategy is Strategy.RANDOM:
        return Choice(_drawn(room, allowed), Reason.DRAWN)
    return _directed(room, position, allowed, answer, sharpness, suggestion)


def available(room: Room) -> list[str]:
    """Return the personas that may still ask, in panel order."""
    gone = {*room.convinced, *room.walked_out}
    return [persona for persona in room.panel if persona not in gone]


def _opening(room: Room, position: Position, able: Sequence[str]) -> str:
    if room.strategy is Strategy.RANDOM:
        return _drawn(room, able)
    chair = position.scenery.chair
    return chair if room.strategy is Strategy.DIRECTOR and chair in able else able[0]


def _overdue(room: Room, allowed: Sequence[str]) -> Choice | None:
    """Return who must speak now whatever the strategy says, or None."""
    if room.strategy is not Strategy.SERIAL:
        unheard = [persona for persona in allowed if persona not in room.root_asked_at]
        if unheard:
            first = min(unheard, key=lambda persona: _tie(room, persona))
            reason = Reason.DRAWN if room.strategy is Strategy.RANDOM else Reason.NOT_HEARD_YET
            return Choice(first, reason)
    patience = 2 * len(room.panel) - 2
    waiting = max(allowed, key=lambda persona: _waited(room, persona))
    if _waited(room, waiting) >= patience:
        return Choice(waiting, Reason.WAITED_LONG)
    return None


def _waited(room: Room, persona: str) -> int:
    return room.n_roots - room.root_asked_at.get(persona, 0)


def _next_in_order(room: Room, allowed: Sequence[str]) -> str:
    order = room.panel
    last = order.index(room.thread.speaker)
    following = [*order[last + 1 :], *order[: last + 1]]
    return next(persona for persona in following if persona in allowed)


def _drawn(room: Room, allowed: Sequence[str]) -> str:
    fresh = [persona for persona in allowed if persona not in room.pool]
    return min(fresh or allowed, key=lambda persona: _tie(room, persona))


def _tie(room: Room, persona: str) -> int:
    return lot(room.seed, "speaker", room.n_roots, persona)


def _directed(
    room: Room,
    position: Position,
    allowed: Sequence[str],
    answer: str,
    sharpness: Sharpness,
    suggestion: str | None,
) -> Choice:
    if suggestion is not None and suggestion in allowed:
        return Choice(suggestion, Reason.SUGGESTED)
    fallback = suggestion is not None
    named = _named(position, allowed, answer)
    if named is not None:
        return Choice(named, Reason.NAMED, fallback)
    if room.mode is Mode.CONVINCE:
        coldest = min(allowed, key=lambda persona: (room.approval[persona], _tie(room, persona)))
        return Choice(coldest, Reason.LOWEST_APPROVAL, fallback)
    sharpest = max(allowed, key=lambda persona: (sharpness(persona), _tie(room, persona)))
    return Choice(sharpest, Reason.SHARPEST_QUESTION, fallback)


def _named(position: Position, allowed: Sequence[str], answer: str) -> str | None:
    """Return the allowed persona the candidate named first, or None; Kay is not in "okay"."""
    heard = fold(answer).text
    found: list[tuple[int, str]] = []
    for persona in allowed:
        name = position.persona(persona).name
        match = terms((name.zh, name.en)).search(heard)
        if match is not None:
            found.append((match.start(), persona))
    return min(found)[1] if found else None
