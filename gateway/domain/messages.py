"""The normal form of a chat: what is asked, and what comes back piece by piece.

Every provider is translated into these words. A stream is one `Start`, any number of
`TextDelta` and `UsageUpdate`, and exactly one `Finish` or `Failed`; nothing after that.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from gateway.domain.errors import GatewayError


class Role(StrEnum):
    """Who says a message."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


class FinishReason(StrEnum):
    """Why a stream came to its end."""

    STOP = "stop"
    LENGTH = "length"
    CANCELLED = "cancelled"
    ERROR = "error"


class UsageSource(StrEnum):
    """Whether the provider counted the tokens or we did."""

    PROVIDER = "provider"
    ESTIMATED = "estimated"


@dataclass(frozen=True, slots=True)
class Message:
    """One utterance of the conversation so far."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class Script:
    """What the scripted provider says, how fast, and how it misbehaves when told to.

    ``pace_cps`` is characters per second. ``*_after`` count characters already spoken:
    0 means before the first one, None never.
    """

    text: str
    pace_cps: float = 28.0
    seed: int = 0
    first_delay_seconds: float = 0.0
    stall_after: int | None = None
    fail_after: int | None = None
    cut_after: int | None = None


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Four separate limits, in seconds; ``idle`` counts content, not keep-alives."""

    connect_seconds: float = 5.0
    first_seconds: float = 60.0
    idle_seconds: float = 60.0
    total_seconds: float = 600.0


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One question to one model; ``script`` is what the scripted provider reads from."""

    request_id: str
    provider: str
    model: str
    messages: tuple[Message, ...] = ()
    script: Script | None = None
    max_output_tokens: int | None = None
    deadlines: Deadlines | None = None
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens in and out; a later total replaces an earlier one, it never adds."""

    input_total: int = 0
    output_total: int = 0
    source: UsageSource = UsageSource.ESTIMATED


@dataclass(frozen=True, slots=True)
class Start:
    """The provider accepted the request; no content yet."""

    id: str
    provider: str
    model: str


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More text."""

    text: str


@dataclass(frozen=True, slots=True)
class UsageUpdate:
    """The running total so far."""

    usage: Usage


@dataclass(frozen=True, slots=True)
class Finish:
    """The end, on purpose: said everything, ran out of room, or was stopped."""

    reason: FinishReason
    usage: Usage | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """The end, by accident; what was said before still counts."""

    error: GatewayError
    usage: Usage | None = None


Delta = Start | TextDelta | UsageUpdate | Finish | Failed
Terminal = Finish | Failed
