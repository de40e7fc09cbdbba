"""The normal form of a chat: what is asked, and what comes back piece by piece.

Every vendor is translated into these words. A stream is exactly one `Start`, any number of
content and usage deltas, and exactly one `Finish` or `Failed`; nothing after that but a
`Retract`. A later usage replaces an earlier one. The fragments of a tool call, joined by its
index, are its arguments.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from gateway.domain.errors import GatewayError
from gateway.domain.faults import FaultRule


class Role(StrEnum):
    """Who says a message."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


class FinishReason(StrEnum):
    """Why a stream came to its end."""

    STOP = "stop"
    LENGTH = "length"
    TOOL_CALLS = "tool_calls"
    CONTENT_FILTER = "content_filter"
    REFUSAL = "refusal"
    PAUSE = "pause"
    CANCELLED = "cancelled"
    ERROR = "error"
    UNKNOWN = "unknown"


#: Marks, among signatures, a thought that its vendor sealed: nobody may read it.
SEALED = "redacted:"


class UsageSource(StrEnum):
    """Whether the provider counted the tokens or we did."""

    PROVIDER = "provider"
    ESTIMATED = "estimated"


class Operation(StrEnum):
    """What is asked of a model; anything but a chat is forwarded as it came or not at all."""

    CHAT = "chat"
    EMBEDDINGS = "embeddings"


class Dialect(StrEnum):
    """A wire format in which programs ask and providers answer."""

    OPENAI = "openai"
    ANTHROPIC = "anthropic"
    GEMINI = "gemini"
    SCRIPT = "script"


# --- What is asked --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Text:
    """Words."""

    text: str


@dataclass(frozen=True, slots=True)
class Image:
    """A picture, by ``url``: https, or data with the bytes inside."""

    url: str
    media_type: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Reasoning:
    """What a model thought aloud; ``signature`` has to go back to the same vendor as it came."""

    text: str
    signature: str = ""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool the model wants run. ``arguments`` is JSON as the model wrote it, valid or not."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What running the tool gave."""

    call_id: str
    text: str
    is_error: bool = False


Part = Text | Image | Reasoning | ToolCall | ToolResult


@dataclass(frozen=True, slots=True)
class Message:
    """One utterance of the conversation so far."""

    role: Role
    parts: tuple[Part, ...]

    @classmethod
    def plain(cls, role: Role, text: str) -> "Message":
        """Return a message of nothing but words."""
        return cls(role, (Text(text),))

    @property
    def text(self) -> str:
        """Its words, joined; what a tool answered counts as words."""
        return "".join(part.text for part in self.parts if isinstance(part, Text | ToolResult))


@dataclass(frozen=True, slots=True)
class Tool:
    """A function the model may call; ``schema`` is the JSON schema of its arguments, as JSON."""

    name: str
    description: str
    schema: str


class ToolUse(StrEnum):
    """Whether tools may, must or must not be called."""

    AUTO = "auto"
    REQUIRED = "required"
    NONE = "none"


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
class Original:
    """A request as a program sent it: forwarded untouched where the provider speaks its dialect.

    ``is_readable`` is False when the body was not translated into the normal form, which is
    spared when every target of its route speaks the dialect. ``headers`` are those of the
    client's that are part of what it asks, in one order.
    """

    dialect: Dialect
    body: bytes
    is_readable: bool = True
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)  # of so many fields a frozen one takes five times as long to make
class ChatRequest:
    """One question to one model; ``script`` is what the scripted provider reads from.

    ``model`` is the public name that a route leads from; ``provider`` pins one of the route's
    providers, empty for none. ``session`` is a key that prefers the same target as last time.
    ``tool_name`` narrows ``tool_use`` to one tool. ``response_format`` is OpenAI's object as
    JSON. ``extra`` are fields the normal form has no word for, by name, as JSON.
    ``input_estimate`` is about how many tokens the prompt is, 0 when nobody has counted yet.
    ``faults`` are those the request itself wants to suffer. ``n_answers`` are asked for at once.
    ``has_pictures`` says so of a request whose ``messages`` have not been read.
    """

    request_id: str
    provider: str
    model: str
    messages: tuple[Message, ...] = ()
    script: Script | None = None
    max_output_tokens: int | None = None
    deadlines: Deadlines | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    is_streamed: bool = True
    tools: tuple[Tool, ...] = ()
    tool_use: ToolUse | None = None
    tool_name: str = ""
    temperature: float | None = None
    top_p: float | None = None
    stop: tuple[str, ...] = ()
    response_format: str = ""
    seed: int | None = None
    reasoning_effort: str = ""
    user: str = ""
    session: str = ""
    extra: dict[str, str] = field(default_factory=dict)
    original: Original | None = None
    operation: Operation = Operation.CHAT
    input_estimate: int = 0
    faults: tuple[FaultRule, ...] = ()
    n_answers: int = 1
    has_pictures: bool = False


# --- What comes back ------------------------------------------------------------------------


MOST_TOKENS = 2**31 - 1  # of one answer; times any price it is a number every store can hold
_FIGURES = (
    "input_total",
    "output_total",
    "input_cached",
    "input_cache_write_5m",
    "input_cache_write_1h",
    "output_reasoning",
)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens in and out; a later total replaces an earlier one, it never adds.

    ``input_total`` includes what was read from and written to a vendor's prompt cache;
    ``output_total`` includes ``output_reasoning``. A figure below nothing is nothing, and one
    beyond `MOST_TOKENS` is that many: a vendor may say anything, and somebody pays by it.
    ``told`` are the vendor's own figures under its own names, as JSON: evidence, not reckoned with.
    """

    input_total: int = 0
    output_total: int = 0
    source: UsageSource = UsageSource.ESTIMATED
    input_cached: int = 0
    input_cache_write_5m: int = 0
    input_cache_write_1h: int = 0
    output_reasoning: int = 0
    told: str = field(default="", compare=False, repr=False)

    def __post_init__(self) -> None:
        """Bring what cannot be back to what can."""
        if (
            0 <= self.input_total <= MOST_TOKENS
            and 0 <= self.output_total <= MOST_TOKENS
            and 0 <= self.input_cached <= MOST_TOKENS
            and 0 <= self.input_cache_write_5m <= MOST_TOKENS
            and 0 <= self.input_cache_write_1h <= MOST_TOKENS
            and 0 <= self.output_reasoning <= MOST_TOKENS
        ):
            return
        for name in _FIGURES:
            object.__setattr__(self, name, min(max(0, getattr(self, name)), MOST_TOKENS))


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
class ReasoningDelta:
    """More of what the model thinks aloud."""

    text: str
    signature: str = ""


@dataclass(frozen=True, slots=True)
class ToolCallDelta:
    """More of the tool call at ``index``; ``id`` and ``name`` come once, with its first piece."""

    index: int
    arguments: str
    id: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Passthrough:
    """Bytes of the client's own dialect, to be forwarded as they are.

    Whole frames of a stream, or (``is_whole``) the body of an answer that is not streamed.
    ``n_contents`` is how many frames carry content: 0 for bare life signs.
    """

    data: bytes
    n_contents: int = 0
    is_whole: bool = False


@dataclass(frozen=True, slots=True)
class Retract:
    """What was said from character ``from_offset`` on has to be taken back."""

    reason: str
    from_offset: int = 0


@dataclass(frozen=True, slots=True)
class Seam:
    """Another provider takes over after ``offset`` characters of the same answer."""

    provider: str
    model: str
    offset: int


@dataclass(frozen=True, slots=True)
class UsageUpdate:
    """The running total so far; ``model`` is who really answers, where it is not who began."""

    usage: Usage
    model: str = ""


@dataclass(frozen=True, slots=True)
class Finish:
    """The end, on purpose; ``raw_reason`` is the vendor's own word for why."""

    reason: FinishReason
    usage: Usage | None = None
    raw_reason: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """The end, by accident; what was said before still counts."""

    error: GatewayError
    usage: Usage | None = None


Content = TextDelta | ReasoningDelta | ToolCallDelta | Passthrough
Delta = Start | Content | Retract | Seam | UsageUpdate | Finish | Failed
Terminal = Finish | Failed
