"""The reader's side of a relayed text: a snapshot replaces, a delta appends, a gap resnapshots.

``seq`` numbers the deltas of one stream 1, 2, 3 ... without gaps. A reader that applies these
rules holds the exact text whatever was dropped, repeated or replayed on the way.
"""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The whole text up to and including ``upto_seq``; it replaces."""

    text: str
    upto_seq: int


@dataclass(frozen=True, slots=True)
class Delta:
    """The text that follows directly on ``seq - 1``; it appends."""

    seq: int
    text: str


@dataclass(frozen=True, slots=True)
class End:
    """Nothing follows. ``upto_seq`` is the last delta's; ``reason`` is a finish reason."""

    upto_seq: int
    reason: str


Item = Snapshot | Delta | End


class Verdict(StrEnum):
    """What a reader does with an item."""

    APPLY = "apply"
    DROP = "drop"
    RESNAPSHOT = "resnapshot"


class Cursor:
    """How far one reader has come; it judges items and keeps no text."""

    __slots__ = ("is_ended", "is_placed", "last_seq")

    def __init__(self) -> None:
        self.last_seq = 0
        self.is_placed = False
        self.is_ended = False

    def judge(self, item: Item) -> Verdict:
        """Return what to do with the item, and move on when it applies."""
        if self.is_ended:
            return Verdict.DROP
        if isinstance(item, Delta):
            return self._judge_delta(item)
        if isinstance(item, Snapshot):
            return self._judge_snapshot(item)
        if not self.is_placed or item.upto_seq > self.last_seq:
            return Verdict.RESNAPSHOT
        self.is_ended = True
        return Verdict.APPLY

    def _judge_delta(self, delta: Delta) -> Verdict:
        if not self.is_placed:
            return Verdict.RESNAPSHOT
        if delta.seq <= self.last_seq:
            return Verdict.DROP
        if delta.seq > self.last_seq + 1:
            return Verdict.RESNAPSHOT
        self.last_seq = delta.seq
        return Verdict.APPLY

    def _judge_snapshot(self, snapshot: Snapshot) -> Verdict:
        if self.is_placed and snapshot.upto_seq <= self.last_seq:
            return Verdict.DROP
        self.last_seq = snapshot.upto_seq
        self.is_placed = True
        return Verdict.APPLY


def replayed(items: list[Item]) -> tuple[Snapshot, End | None] | None:
    """Return the stored entries of a stream as one snapshot, and its end if it has one.

    None when the entries do not reach back to a beginning (the first delta or a snapshot):
    then nothing can be said yet and the producer's next snapshot has to be waited for.
    """
    text: list[str] = []
    last_seq: int | None = 0
    end: End | None = None
    for item in items:
        if isinstance(item, Snapshot):
            text, last_seq = [item.text], item.upto_seq
        elif isinstance(item, End):
            end = item
        elif last_seq is not None and item.seq == last_seq + 1:
            text.append(item.text)
            last_seq = item.seq
        elif last_seq is None or item.seq > last_seq:
            last_seq = None
    if last_seq is None or (end is not None and end.upto_seq > last_seq):
        return None
    return Snapshot("".join(text), last_seq), end
