"""A room's log as lines for reading: who said what, what it did, how it ended."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import singledispatchmethod

from interview.domain import events as ev
from interview.domain.events import Event, Payload


class Voice(StrEnum):
    """Who a line belongs to."""

    PANEL = "panel"
    CANDIDATE = "candidate"
    CLERK = "clerk"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the transcript; ``speaker`` is a name, empty for the clerk."""

    offset: int
    voice: Voice
    speaker: str
    text: str


def lines(events: Iterable[Event], *, names: Mapping[str, str]) -> Iterator[Line]:
    """Yield the transcript; ``names`` gives a persona's name by id."""
    clerk = Clerk(names)
    for event in events:
        for voice, name, text in clerk.write(event.payload):
            yield Line(event.offset, voice, name, printable(text))


def printable(text: str) -> str:
    """Return the text without what would steer a terminal: controls, escapes, bidi overrides."""
    return "".join(c for c in " ".join(text.split()) if c.isprintable())


Said = tuple[Voice, str, str]


class Clerk:
    """Writes facts down as they come, and remembers who has the floor."""

    def __init__(self, names: Mapping[str, str]) -> None:
        """Take the panel's names by id."""
        self._names = names
        self._speaker = ""

    @singledispatchmethod
    def write(self, _fact: Payload) -> Sequence[Said]:
        """Return the lines of one fact; most are for machines and have none."""
        return ()

    @write.register
    def _selected(self, fact: ev.TurnSpeakerSelected) -> Sequence[Said]:
        self._speaker = self._name(fact.speaker)
        return ()

    @write.register
    def _round(self, fact: ev.RoundStarted) -> Sequence[Said]:
        return [_note(f"round {fact.round}, par {fact.par:g}")]

    @write.register
    def _done(self, fact: ev.TurnDone) -> Sequence[Said]:
        return [(Voice.PANEL, self._speaker, fact.text)]

    @write.register
    def _cancelled(self, fact: ev.TurnCancelled) -> Sequence[Said]:
        return [(Voice.PANEL, self._speaker, f"{fact.kept_text} — (interrupted by {fact.by})")]

    @write.register
    def _failed(self, fact: ev.TurnFailed) -> Sequence[Said]:
        return [(Voice.PANEL, self._speaker, f"{fact.kept_text} — (broken off: {fact.reason})")]

    @write.register
    def _answered(self, fact: ev.AnswerSubmitted) -> Sequence[Said]:
        return [(Voice.CANDIDATE, "", fact.text)]

    @write.register
    def _scored(self, fact: ev.AnswerScored) -> Sequence[Said]:
        told = [_note(f"{fact.glyph or '·'} {fact.explain}; par {fact.par:g}")]
        if fact.reaction is not None:
            asker = self._name(fact.reaction.persona)
            told.append((Voice.PANEL, asker, fact.reaction.text))
        return told

    @write.register
    def _nerve(self, fact: ev.HpChanged) -> Sequence[Said]:
        return [_note(f"nerve {fact.old} → {fact.new} ({fact.reason})")]

    @write.register
    def _approval(self, fact: ev.ApprovalChanged) -> Sequence[Said]:
        return [_note(f"{self._name(fact.persona)} {fact.old} → {fact.new}")]

    @write.register
    def _convinced(self, fact: ev.PersonaConvinced) -> Sequence[Said]:
        return [_note(f"{self._name(fact.persona)} is convinced")]

    @write.register
    def _walked_out(self, fact: ev.PersonaWalkedOut) -> Sequence[Said]:
        return [_note(f"{self._name(fact.persona)} walks out")]

    @write.register
    def _goal(self, fact: ev.GoalReached) -> Sequence[Said]:
        return [_note(f"goal reached in round {fact.round}; what follows is overtime")]

    @write.register
    def _settled(self, fact: ev.RoomSettled) -> Sequence[Said]:
        return [_note(f"{fact.result}: {fact.reason}, {fact.score} points")]

    def _name(self, persona: str) -> str:
        return self._names.get(persona, persona)


def _note(text: str) -> Said:
    return Voice.CLERK, "", text
