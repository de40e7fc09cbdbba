"""What comes in and goes out over REST."""

from typing import Annotated, Literal
from uuid import UUID

from ninja import Field, Schema
from pydantic import AfterValidator

from interview.domain.room import Pace
from interview.domain.scenery import Mode, Strategy


def _storable(text: str) -> str:
    """Return the text if a database can hold it; raise ValueError."""
    if "\x00" in text:
        raise ValueError("there is a zero byte in it")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("there is half a character in it") from None
    return text


Text = Annotated[str, AfterValidator(_storable)]


class ResumeRef(Schema):
    """A résumé: pasted text, a sample by name, or one already stored."""

    text: str | None = None
    sample: Text | None = Field(None, max_length=64)
    id: UUID | None = None


class RoomIn(Schema):
    """The room to open."""

    scenery: Text = Field(max_length=64)
    mode: Mode
    language: Literal["zh", "en"]
    resume: ResumeRef
    strategy: Strategy | None = None
    seed: int | None = Field(None, ge=0, lt=2**31)
    engine: Literal["auto", "scripted", "model"] = "auto"
    nickname: Text = Field("", max_length=40)


class SettingsIn(Schema):
    """The settings to change; what is absent stays."""

    strategy: Strategy | None = None
    pace: Pace | None = None
    difficulty: int | None = Field(None, ge=1, le=5)
    language: Literal["zh", "en"] | None = None


class AnswerIn(Schema):
    """The candidate's words, and the client's own id for them."""

    text: str
    client_id: UUID


class AnswerOut(Schema):
    """Where the answer went; ``turn_id`` is the turn that replies, null at the end."""

    turn_id: str | None
    round: int
    offset: int


class CancelIn(Schema):
    """The turn to interrupt; empty means whoever is speaking."""

    turn_id: str | None = Field(None, max_length=16)
    epoch: int | None = None


class CancelOut(Schema):
    """The turn being stopped and its state now: streaming until its worker lets go."""

    turn_id: str
    state: str


class HintOut(Schema):
    """What a good answer would touch."""

    hint: str


class ShareOut(Schema):
    """A token for watching only, and the page it opens."""

    token: str
    page: str
