"""OpenAI's chat completion in the normal form, for targets that speak another dialect."""

from dataclasses import replace

import msgspec

from gateway.domain.errors import RequestError
from gateway.domain.messages import (
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

_ROLES = {
    "system": Role.SYSTEM,
    "developer": Role.SYSTEM,
    "user": Role.USER,
    "assistant": Role.ASSISTANT,
    "tool": Role.TOOL,
    "function": Role.TOOL,
}
_TOOL_USES = {"auto": ToolUse.AUTO, "required": ToolUse.REQUIRED, "none": ToolUse.NONE}


class _ImageUrl(msgspec.Struct):
    url: str
    detail: str = ""


class _Part(msgspec.Struct):
    type: str
    text: str = ""
    refusal: str = ""
    image_url: _ImageUrl | None = None


class _Function(msgspec.Struct):
    name: str
    arguments: str = ""


class _Call(msgspec.Struct):
    function: _Function | None = None
    id: str = ""


class _Message(msgspec.Struct):
    role: str
    content: str | list[_Part] | None = None
    tool_calls: list[_Call] | None = None
    function_call: _Function | None = None
    tool_call_id: str | None = None
    name: str | None = None
    refusal: str | None = None
    reasoning_content: str | None = None


class _Declared(msgspec.Struct):
    name: str
    description: str | None = None
    parameters: msgspec.Raw = wire.NOTHING


class _Tool(msgspec.Struct):
    type: str = "function"
    function: _Declared | None = None


class _ChosenName(msgspec.Struct):
    name: str


class _Chosen(msgspec.Struct):
    function: _ChosenName | None = None


class _Whole(msgspec.Struct):
    """Everything of a chat completion that the normal form has a word for."""

    messages: list[_Message]
    tools: list[_Tool] | None = None
    functions: list[_Declared] | None = None
    tool_choice: str | _Chosen | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop: str | list[str] | None = None
    seed: int | None = None
    reasoning_effort: str | None = None


class _Format(msgspec.Struct):
    type: str


_whole = wire.decoder(_Whole)
_tools: msgspec.json.Decoder[list[_Tool] | None] = msgspec.json.Decoder(list[_Tool] | None)
_functions: msgspec.json.Decoder[list[_Declared] | None] = msgspec.json.Decoder(
    list[_Declared] | None
)
_format = wire.decoder(_Format)
_fields = wire.decoder(dict[str, msgspec.Raw])
_WORDS = frozenset(_Whole.__struct_fields__) | frozenset(wire.Chat.__struct_fields__)


def readable(request: ChatRequest, body: bytes) -> ChatRequest:
    """Return the request with everything of its body in the normal form.

    Raise RequestError for what no other dialect could be told, such as a recording, where the
    answer would not be what was asked for; wishes of lesser weight are left out.
    """
    found = wire.read(body, _whole)
    extra = {
        name: bytes(value).decode()
        for name, value in _fields.decode(body).items()
        if name not in _WORDS and bytes(value) != b"null"
    }
    _check_form(request, found, extra)
    use, tool_name = _tool_use(found.tool_choice)
    return replace(
        request,
        messages=tuple(_message(message, at=index) for index, message in enumerate(found.messages)),
        tools=_declared(found.tools, found.functions),
        tool_use=use,
        tool_name=tool_name,
        temperature=found.temperature,
        top_p=found.top_p,
        stop=_stop(found.stop),
        seed=found.seed,
        reasoning_effort=found.reasoning_effort or "",
        extra=extra,
    )


def _check_form(request: ChatRequest, found: _Whole, extra: dict[str, str]) -> None:
    """Raise RequestError when the answer would not have the form that was asked for."""
    asked = {
        "n": request.n_answers > 1,
        "logprobs": extra.get("logprobs") == "true",
        "modalities": '"audio"' in extra.get("modalities", ""),
        "web_search_options": "web_search_options" in extra,
        "tools": any(tool.function is None for tool in found.tools or ()),
    }
    for name, is_asked in asked.items():
        if is_asked:
            raise RequestError(f"A provider of this model could not be told {name}.", param=name)


def _message(message: _Message, *, at: int) -> Message:
    role = _ROLES.get(message.role)
    if role is None:
        raise RequestError(
            "Roles are system, developer, user, assistant and tool.", param=f"messages[{at}].role"
        )
    if role is Role.TOOL:
        answered = message.tool_call_id or message.name or ""
        return Message(role, (ToolResult(answered, _words(message, at=at)),))
    parts: list[Part] = []
    if message.reasoning_content:
        parts.append(Reasoning(message.reasoning_content))
    if isinstance(message.content, str):
        parts.append(Text(message.content))
    else:
        parts.extend(_part(part, at=at) for part in message.content or ())
    if message.refusal:
        parts.append(Text(message.refusal))
    for call in message.tool_calls or ():
        if call.function is not None:
            parts.append(ToolCall(call.id, call.function.name, call.function.arguments))
    if message.function_call is not None:
        called = message.function_call
        parts.append(ToolCall(called.name, called.name, called.arguments))
    return Message(role, tuple(parts))


def _part(part: _Part, *, at: int) -> Part:
    if part.type == "text":
        return Text(part.text)
    if part.type == "refusal":
        return Text(part.refusal)
    if part.type == "image_url" and part.image_url is not None:
        return Image(part.image_url.url, _media_type(part.image_url.url), part.image_url.detail)
    raise RequestError(
        "No provider of this model takes content of this type.", param=f"messages[{at}].content"
    )


def _words(message: _Message, *, at: int) -> str:
    if isinstance(message.content, str):
        return message.content
    return Message(Role.TOOL, tuple(_part(part, at=at) for part in message.content or ())).text


def _media_type(url: str) -> str:
    """Return what a data URL says it holds, empty for an address."""
    scheme, colon, rest = url.partition(":")
    return rest.partition(";")[0].partition(",")[0] if colon and scheme == "data" else ""


def tools(asked: wire.Chat) -> tuple[Tool, ...]:
    """Return the tools alone: whoever is asked has to be able to use some."""
    if not (wire.is_given(asked.tools) or wire.is_given(asked.functions)):
        return ()
    found = wire.read(bytes(asked.tools) or b"null", _tools, within="tools")
    functions = wire.read(bytes(asked.functions) or b"null", _functions, within="functions")
    return _declared(found, functions)


def response_format(asked: wire.Chat) -> str:
    """Return the form the answer must have, as JSON; empty for plain text."""
    if not wire.is_given(asked.response_format):
        return ""
    found = bytes(asked.response_format)
    kind = wire.read(found, _format, within="response_format").type
    return "" if kind == "text" else found.decode()


def _declared(found: list[_Tool] | None, functions: list[_Declared] | None) -> tuple[Tool, ...]:
    declared = [tool.function for tool in found or () if tool.function is not None]
    return tuple(
        Tool(function.name, function.description or "", _schema(function.parameters))
        for function in (*declared, *(functions or ()))
    )


def _schema(parameters: msgspec.Raw) -> str:
    return bytes(parameters).decode() if wire.is_given(parameters) else '{"type": "object"}'


def _tool_use(choice: str | _Chosen | None) -> tuple[ToolUse | None, str]:
    if isinstance(choice, _Chosen):
        return ToolUse.REQUIRED, choice.function.name if choice.function else ""
    if choice is not None and choice not in _TOOL_USES:
        raise RequestError("tool_choice is auto, required, none or a tool.", param="tool_choice")
    return _TOOL_USES.get(choice or ""), ""


def _stop(stop: str | list[str] | None) -> tuple[str, ...]:
    return (stop,) if isinstance(stop, str) else tuple(stop or ())
