"""A small reader of a room's event stream that keeps the rules of the contract, and checks them.

Durable events count once, by offset, without a gap. A snapshot replaces the text of the turn
that is being spoken, a delta appends to it by ``seq``; the event that ends a turn carries its
whole text. `Reader.transcript` is what the candidate has before them.
"""

import json
from dataclasses import dataclass, field
from typing import Any

_ENDS = frozenset({"turn.done", "turn.cancelled", "turn.failed", "turn.rejected"})
_NUMBERED = "id: "


class BrokenRuleError(AssertionError):
    """The stream told something twice, left something out, or contradicted itself."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One event of a stream as it came over the wire."""

    event: str
    data: Any
    id: str = ""


@dataclass(slots=True)
class Frames:
    """Bytes in, frames out; what has no end yet waits for more."""

    retry_ms: int | None = None
    n_comments: int = 0
    _rest: bytes = b""

    def feed(self, chunk: bytes) -> list[Frame]:
        """Return the frames that ``chunk`` completes."""
        *blocks, self._rest = (self._rest + chunk).split(b"\n\n")
        found = (self._frame(block.decode()) for block in blocks)
        return [frame for frame in found if frame is not None]

    def _frame(self, block: str) -> Frame | None:
        fields: dict[str, str] = {}
        for line in block.split("\n"):
            if line.startswith(":"):
                self.n_comments += 1
                continue
            name, separator, value = line.partition(": ")
            if not separator or name in fields:
                raise BrokenRuleError(f"not a line of an event stream: {line!r}")
            fields[name] = value
        if "retry" in fields:
            self.retry_ms = int(fields["retry"])
        if "event" not in fields:
            return None
        return Frame(fields["event"], json.loads(fields["data"]), fields.get("id", ""))


@dataclass(slots=True)
class Spoken:
    """What is known of one turn's words."""

    speaker: str = ""
    state: str = "queued"
    text: str = ""
    seq: int | None = None
    durable: str = ""
    durable_seq: int = 0


@dataclass(slots=True)
class Reader:
    """The fold of everything one candidate's page has received, over all its connections."""

    epoch: str = ""
    offset: int = 0
    is_over: bool = False
    position: int = 0
    events: list[dict[str, Any]] = field(default_factory=list)
    turns: dict[str, Spoken] = field(default_factory=dict)
    n_snapshots: int = 0
    n_deltas: int = 0
    seen: list[Frame] = field(default_factory=list)

    @property
    def last_event_id(self) -> str:
        """Return what a browser sends when it comes back."""
        return f"{self.epoch}.{self.offset}" if self.offset else ""

    def take(self, frame: Frame) -> None:
        """Take one frame; raise BrokenRuleError when it cannot be true."""
        self.seen.append(frame)
        if frame.event == "snapshot":
            self._snapshot(frame)
        elif frame.event == "delta":
            self._delta(frame)
        elif frame.event == "position":
            self.position = frame.data["offset"]
        elif frame.event == "end":
            self.is_over = True
        else:
            self._fact(frame)

    def transcript(self) -> list[dict[str, Any]]:
        """Return every fact, and the words on the page in the order they were begun."""
        page = [
            {"turn": name, "who": turn.speaker, "state": turn.state, "text": turn.text}
            for name, turn in self.turns.items()
        ]
        return [*self.events, *page]

    def check_words(self) -> None:
        """Check that no turn shows a word that its end does not have, or has twice."""
        whole = {e["turn_id"]: e["data"]["text"] for e in self.events if e["type"] == "turn.done"}
        for name, turn in self.turns.items():
            if not whole.get(name, turn.text).startswith(turn.text):
                raise BrokenRuleError(f"{name} shows {turn.text!r}, which nobody said")

    def _fact(self, frame: Frame) -> None:
        fact = frame.data
        epoch, _, offset = frame.id.rpartition(".")
        if int(offset) != fact["offset"] or fact["type"] != frame.event:
            raise BrokenRuleError(f"frame {frame.id} carries fact {fact['offset']}")
        if fact["offset"] != self.offset + 1:
            raise BrokenRuleError(f"fact {fact['offset']} after {self.offset}")
        if self.epoch and epoch != self.epoch:
            raise BrokenRuleError(f"epoch {epoch} after {self.epoch}")
        self.epoch, self.offset = epoch, fact["offset"]
        self.events.append(fact)
        if fact["type"].startswith("turn.") and "turn_id" in fact:
            self._turn(fact, self.turns.setdefault(fact["turn_id"], Spoken()))

    def _turn(self, fact: dict[str, Any], turn: Spoken) -> None:
        kind, data = fact["type"], fact["data"]
        if kind == "turn.started":
            turn.speaker, turn.state = data["speaker"], "streaming"
        elif kind == "turn.segment":
            turn.durable += data["text"]
            turn.durable_seq = data["upto_seq"]
            if turn.durable_seq > (turn.seq or 0):
                turn.text, turn.seq = turn.durable, turn.durable_seq
        elif kind in _ENDS:
            whole = data.get("text", data.get("kept_text", turn.text))
            if not whole.startswith(turn.durable):
                raise BrokenRuleError(f"{fact['turn_id']} ends as {whole!r}, not {turn.durable!r}")
            if kind == "turn.done" and not whole.startswith(turn.text):
                raise BrokenRuleError(f"{fact['turn_id']} showed {turn.text!r}, ends {whole!r}")
            turn.state, turn.text = kind.removeprefix("turn."), whole

    def _snapshot(self, frame: Frame) -> None:
        self.n_snapshots += 1
        turn = self._live_turn(frame)
        if turn is not None and frame.data["upto_seq"] >= (turn.seq or 0):
            turn.text, turn.seq = frame.data["text"], frame.data["upto_seq"]

    def _delta(self, frame: Frame) -> None:
        self.n_deltas += 1
        turn = self._live_turn(frame)
        if turn is None or frame.data["seq"] <= (turn.seq or 0):
            return
        if turn.seq is None or frame.data["seq"] != turn.seq + 1:
            raise BrokenRuleError(f"delta {frame.data['seq']} after {turn.seq}")
        turn.text, turn.seq = turn.text + frame.data["text"], frame.data["seq"]

    def _live_turn(self, frame: Frame) -> Spoken | None:
        if frame.id:
            raise BrokenRuleError(f"words carry no id, these do: {frame.id}")
        turn = self.turns.get(frame.data["turn_id"])
        return turn if turn is not None and turn.state == "streaming" else None
