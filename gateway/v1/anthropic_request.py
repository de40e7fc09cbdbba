"""Anthropic's message request in the normal form, for targets that speak another dialect."""

from dataclasses import replace
from itertools import chain

import msgspec

from gateway.domain.errors import RequestError
from gateway.domain.messages import (
    SEALED,
    ChatRequest,
    Image,
    Message,
    Part,
    Reasoning,
    Role,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    ToolUse,
)
from gateway.v1 import wire

_ROLES = {"user": Role.USER, "assistant": Role.ASSISTANT, "system": Role.SYSTEM}
_TOOL_USES = {
    "auto": ToolUse.AUTO,
    "any": ToolUse.REQUIRED,
    "tool": ToolUse.REQUIRED,
    "none": ToolUse.NONE,
}
#: Budgets of thought, in tokens, as the efforts of other vendors.
_EFFORTS = ((2_048, "low"), (8_192, "medium"))
_ADAPTIVE = "adaptive"
_THINKING = frozenset({"enabled", _ADAPTIVE})
_SAME_EFFORTS = {"max": "xhigh"}
_PLAIN_TOOLS = (None, "custom")
_VENDORS_OWN = ("mcp_servers", "container")


class _Source(msgspec.Struct):
    type: str
    media_type: str = ""
    data: str = ""
    url: str = ""


class _Block(msgspec.Struct):
    """A block of content; which fields count follows from its type."""

    type: str
    text: str = ""
    source: _Source | None = None
    id: str = ""
    name: str = ""
    input: msgspec.Raw = wire.NOTHING
    tool_use_id: str = ""
    content: "str | list[_Block] | None" = None
    is_error: bool = False
    thinking: str = ""
    signature: str = ""
    data: str = ""


class _Message(msgspec.Struct):
    role: str
    content: str | list[_Block]


class _Tool(msgspec.Struct):
    name: str = ""
    type: str | None = None
    description: str = ""
    input_schema: msgspec.Raw = wire.NOTHING


class _Choice(msgspec.Struct):
    type: str
    name: str = ""


class _Thinking(msgspec.Struct):
    type: str
    budget_tokens: int = 0


class _Output(msgspec.Struct):
    effort: str | None = None


class _Whole(msgspec.Struct):
    """Everything of a message request that the normal form has a word for."""

    messages: list[_Message]
    system: str | list[_Block] | None = None
    tools: list[_Tool] | None = None
    tool_choice: _Choice | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop_sequences: list[str] | None = None
    thinking: _Thinking | None = None
    output_config: _Output | None = None


_whole = wire.decoder(_Whole)
_tools = wire.decoder(list[_Tool])
_fields = wire.decoder(dict[str, msgspec.Raw])
_WORDS = (frozenset(_Whole.__struct_fields__) | frozenset(wire.Messages.__struct_fields__)) - {
    "output_config"
}  # holds more than its effort


def readable(request: ChatRequest, body: bytes) -> ChatRequest:
    """Return the request with everything of its body in the normal form.

    Raise RequestError for what no other dialect could be told, such as a document or a tool that
    its vendor runs itself; wishes of lesser weight are left out.
    """
    found = wire.read(body, _whole)
    extra = {
        name: bytes(value).decode()
        for name, value in _fields.decode(body).items()
        if name not in _WORDS and bytes(value) != b"null"
    }
    _check_tools(found, extra)
    messages: list[Message] = []
    if found.system:
        messages.append(Message(Role.SYSTEM, _parts(found.system, param="system")))
    for index, message in enumerate(found.messages):
        messages.extend(_messages(message, param=f"messages.{index}"))
    choice = found.tool_choice
    return replace(
        request,
        messages=tuple(messages),
        tools=_declared(found.tools),
        tool_use=_TOOL_USES.get(choice.type) if choice else None,
        tool_name=choice.name if choice else "",
        temperature=found.temperature,
        top_p=found.top_p,
        stop=tuple(found.stop_sequences or ()),
        reasoning_effort=_effort(found.thinking, found.output_config),
        extra=extra,
    )


def _check_tools(found: _Whole, extra: dict[str, str]) -> None:
    """Raise RequestError for tools that only their vendor knows: others could not use them."""
    given = (name for name in _VENDORS_OWN if extra.get(name, "[]") != "[]")
    odd = (
        f"tools.{index}.type"
        for index, tool in enumerate(found.tools or ())
        if tool.type not in _PLAIN_TOOLS
    )
    for param in chain(given, odd):
        raise RequestError(f"A provider of this model could not be told {param}.", param=param)


def tools(asked: wire.Messages) -> tuple[Tool, ...]:
    """Return the tools alone: whoever is asked has to be able to use some."""
    if not wire.is_given(asked.tools):
        return ()
    return _declared(wire.read(bytes(asked.tools), _tools, within="tools"))


def _declared(found: list[_Tool] | None) -> tuple[Tool, ...]:
    return tuple(
        Tool(tool.name, tool.description, _schema(tool.input_schema)) for tool in found or ()
    )


def _messages(message: _Message, *, param: str) -> list[Message]:
    """Return one message per role: what tools answered is said by them, not by the user."""
    role = _ROLES.get(message.role)
    if role is None:
        raise RequestError("Roles are user and assistant.", param=f"{param}.role")
    parts = _parts(message.content, param=param)
    results = tuple(part for part in parts if isinstance(part, ToolResult))
    others = tuple(part for part in parts if not isinstance(part, ToolResult))
    said = [Message(Role.TOOL, (result,)) for result in results]
    return [*said, Message(role, others)] if others or not said else said


def _parts(content: str | list[_Block], *, param: str) -> tuple[Part, ...]:
    if isinstance(content, str):
        return (Text(content),)
    parts = (_part(block, param=param) for block in content)
    return tuple(part for part in parts if part is not None)


def _part(block: _Block, *, param: str) -> Part | None:
    match block.type:
        case "text":
            return Text(block.text)
        case "image" if block.source is not None:
            return _image(block.source)
        case "tool_use":
            arguments = bytes(block.input).decode() if wire.is_given(block.input) else "{}"
            return ToolCall(block.id, block.name, arguments)
        case "tool_result":
            words = Message(Role.TOOL, _parts(block.content or "", param=param)).text
            return ToolResult(block.tool_use_id, words, block.is_error)
        case "fallback":
            return None  # only says where one model took over from another
        case "thinking":
            return Reasoning(block.thinking, block.signature)
        case "redacted_thinking":
            return Reasoning("", SEALED + block.data)
        case _:
            raise RequestError("No provider of this model takes content of this type.", param=param)


def _image(source: _Source) -> Image:
    if source.type == "base64":
        return Image(f"data:{source.media_type};base64,{source.data}", source.media_type)
    return Image(source.url)


def _schema(schema: msgspec.Raw) -> str:
    return bytes(schema).decode() if wire.is_given(schema) else '{"type": "object"}'


def _effort(thinking: _Thinking | None, output: _Output | None) -> str:
    """Return how hard to think as other vendors call it; empty where it was not asked for."""
    if thinking is None or thinking.type not in _THINKING:
        return ""
    if output is not None and output.effort:
        return _SAME_EFFORTS.get(output.effort, output.effort)
    if thinking.type == _ADAPTIVE:
        return "high"  # what the vendor does without an effort
    fitting = (effort for most, effort in _EFFORTS if thinking.budget_tokens <= most)
    return next(fitting, "high")
