"""A request in OpenAI's words: what the normal form says, or what the client said itself.

Only what was asked is sent: a field nobody set is absent, never null.
"""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from gateway.adapters.providers.bodies import Fields, fields_of, is_smuggled, without
from gateway.adapters.providers.vendors import NO, YES, Thinking, Vendor
from gateway.domain.catalog import Ability, Target
from gateway.domain.messages import (
    ChatRequest,
    Dialect,
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

MAX_TOKENS_FIELDS = ("max_completion_tokens", "max_tokens")

_NO_EFFORT = frozenset({"none", "off", "disabled"})
_ANY_OBJECT = msgspec.Raw(b'{"type":"object"}')
_EMPTY = msgspec.Raw(b"{}")

_encode = msgspec.json.Encoder().encode
_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def translated(request: ChatRequest, target: Target, vendor: Vendor) -> bytes:
    """Return the body for what the normal form says."""
    messages = list(_messages(request.messages, vendor))
    fields: Fields = {
        "model": target.model,
        "messages": messages,
        **_settings(request, target, vendor),
        **_tools(request),
        **_thinking(request.reasoning_effort, target, vendor),
        **_extra(request),
    }
    if request.is_streamed:
        fields["stream"] = True
        if vendor.asks_usage:
            fields["stream_options"] = {"include_usage": True}
    if messages and messages[-1]["role"] == Role.ASSISTANT:
        fields.update(vendor.prefill)
        if vendor.prefill_mark:
            messages[-1][vendor.prefill_mark] = True
    return _encode(_with_accent(fields, vendor))


def passed_on(
    request: ChatRequest, body: bytes, target: Target, vendor: Vendor
) -> tuple[bytes, bool]:
    """Return the client's own body for this target, and whether usage is asked for unseen.

    What need not change stays as it came.
    """
    fields: Fields = {**fields_of(body), "model": target.model}
    _rename_max_tokens(fields, vendor)
    if request.max_output_tokens is not None:
        fields[vendor.max_tokens_field] = target.bounded(request.max_output_tokens)
    hides_usage = request.is_streamed and vendor.asks_usage and not _ask_usage(fields)
    return _encode(_with_accent(fields, vendor)), hides_usage


def _ask_usage(fields: Fields) -> bool:
    """Ask for usage; return whether the client did so itself."""
    options = fields.get("stream_options")
    asked: dict[str, msgspec.Raw] = {}
    if isinstance(options, msgspec.Raw) and bytes(options).startswith(b"{"):
        asked = _fields(options)
    # Said once, and last: a client that says it twice could mean one for us and one for them.
    fields["stream_options"] = {**without(asked, "include_usage"), "include_usage": YES}
    return bytes(asked.get("include_usage", NO)) == b"true"


def embedding(body: bytes, target: Target, vendor: Vendor) -> bytes:
    """Return the client's own question for vectors, asked of this target."""
    return _encode(_with_accent({**fields_of(body), "model": target.model}, vendor))


def _rename_max_tokens(fields: Fields, vendor: Vendor) -> None:
    for name in MAX_TOKENS_FIELDS:
        if name != vendor.max_tokens_field and name in fields:
            value = fields.pop(name)
            fields.setdefault(vendor.max_tokens_field, value)


def _with_accent(fields: Fields, vendor: Vendor) -> Fields:
    """Return the fields with those the vendor always wants and without those it refuses."""
    for name in vendor.drops:
        fields.pop(name, None)
    for name, value in vendor.extra:
        fields.setdefault(name, value)
    return fields


# --- Messages -------------------------------------------------------------------------------


def _messages(messages: Iterable[Message], vendor: Vendor) -> Iterator[Fields]:
    for message in messages:
        # What tools answered are messages of their own here, and come before anything else.
        for part in message.parts:
            if isinstance(part, ToolResult):
                yield {"role": "tool", "tool_call_id": part.call_id, "content": part.text}
        parts = [part for part in message.parts if not isinstance(part, ToolResult)]
        if message.role is Role.ASSISTANT:
            yield _assistant(parts, vendor)
        elif parts:
            role = Role.USER if message.role is Role.TOOL else message.role
            yield {"role": role.value, "content": _content(parts)}


def _assistant(parts: Sequence[Part], vendor: Vendor) -> Fields:
    calls = [_call(part) for part in parts if isinstance(part, ToolCall)]
    thought = "".join(part.text for part in parts if isinstance(part, Reasoning))
    fields: Fields = {"role": "assistant", "content": _words(parts)}
    if calls:
        fields["tool_calls"] = calls
    if (thought and vendor.keeps_reasoning) or (calls and vendor.thinks_unasked):
        fields["reasoning_content"] = thought
    return fields


def _content(parts: Sequence[Part]) -> str | list[Fields]:
    """Return plain words as they are, anything else part by part."""
    if not any(isinstance(part, Image) for part in parts):
        return _words(parts)
    return list(_parts(parts))


def _words(parts: Sequence[Part]) -> str:
    return "".join(part.text for part in parts if isinstance(part, Text))


def _parts(parts: Sequence[Part]) -> Iterator[Fields]:
    for part in parts:
        if isinstance(part, Text):
            yield {"type": "text", "text": part.text}
        elif isinstance(part, Image):
            url: Fields = {"url": part.url}
            if part.detail:
                url["detail"] = part.detail
            yield {"type": "image_url", "image_url": url}


def _call(call: ToolCall) -> Fields:
    function = {"name": call.name, "arguments": call.arguments or "{}"}
    return {"id": call.id, "type": "function", "function": function}


# --- What else is asked ---------------------------------------------------------------------


def _settings(request: ChatRequest, target: Target, vendor: Vendor) -> Fields:
    most = request.max_output_tokens
    asked: Fields = {
        "temperature": request.temperature,
        "top_p": request.top_p,
        vendor.max_tokens_field: None if most is None else target.bounded(most),
        "seed": request.seed,
        "stop": list(request.stop) or None,
        "user": request.user or None,
    }
    if request.response_format:
        asked["response_format"] = msgspec.Raw(request.response_format.encode())
    return {name: value for name, value in asked.items() if value is not None}


def _tools(request: ChatRequest) -> Fields:
    if not request.tools:
        return {}
    fields: Fields = {"tools": [_tool(tool) for tool in request.tools]}
    if request.tool_name and request.tool_use is not ToolUse.NONE:
        fields["tool_choice"] = {"type": "function", "function": {"name": request.tool_name}}
    elif request.tool_use is not None:
        fields["tool_choice"] = request.tool_use.value
    return fields


def _tool(tool: Tool) -> Fields:
    function: Fields = {"name": tool.name}
    if tool.description:
        function["description"] = tool.description
    function["parameters"] = msgspec.Raw(tool.schema.encode()) if tool.schema else _ANY_OBJECT
    return {"type": "function", "function": function}


def _thinking(effort: str, target: Target, vendor: Vendor) -> Fields:
    """Return how much to think; not to is said to nobody who could not, and might not know it."""
    is_on = effort not in _NO_EFFORT
    can_think = Ability.REASONING in target.abilities or vendor.thinks_unasked
    if not effort or not (is_on or can_think):
        return {}
    match vendor.thinking:
        case Thinking.EFFORT:
            return {"reasoning_effort": effort}
        case Thinking.SWITCH:
            return {"enable_thinking": is_on}
        case Thinking.TYPE:
            how = {"reasoning_effort": effort} if is_on and vendor.takes_effort else {}
            return {"thinking": {"type": "enabled" if is_on else "disabled"}, **how}
        case Thinking.NONE:
            return {}


def _extra(request: ChatRequest) -> Fields:
    """Return the fields without a word in the normal form, where they were said in this dialect."""
    original = request.original
    if original is not None and original.dialect is not Dialect.OPENAI:
        return {}
    return {
        name: msgspec.Raw(value.encode())
        for name, value in request.extra.items()
        if not is_smuggled(name)
    }
