"""A request in Anthropic's words: what the normal form says, or what the client said itself."""

from collections.abc import Iterable, Iterator

import msgspec

from gateway.adapters.providers import conversations
from gateway.adapters.providers.bodies import Fields, fields_of, is_smuggled
from gateway.adapters.providers.conversations import Turn
from gateway.domain.catalog import Ability, Target
from gateway.domain.errors import InvalidRequestError
from gateway.domain.messages import (
    SEALED,
    ChatRequest,
    Dialect,
    Image,
    Part,
    Reasoning,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    ToolUse,
)

MAX_OUTPUT_TOKENS = 4096  # the vendor wants a bound; this is ours where nobody gives one

_LEAST_BUDGET_TOKENS = 1024
_BUDGETS = {"minimal": 1024, "low": 2048, "medium": 8192, "high": 16_384, "xhigh": 32_768}
_EFFORTS = {"minimal": "low"}
_CHOICES = {ToolUse.AUTO: "auto", ToolUse.REQUIRED: "any", ToolUse.NONE: "none"}
#: Fields of other dialects' requests that mean the same here.
_KNOWN_EXTRA = frozenset({"top_k", "thinking", "output_config", "cache_control"})
_ANY_OBJECT = msgspec.Raw(b'{"type":"object"}')
_JSON_ONLY = "Answer with one JSON object and nothing else."

_encode = msgspec.json.Encoder().encode


class _Schema(msgspec.Struct):
    schema: msgspec.Raw = _ANY_OBJECT


class _Format(msgspec.Struct):
    type: str = "text"
    json_schema: _Schema | None = None


_format = msgspec.json.Decoder(_Format).decode


def passed_on(request: ChatRequest, body: bytes, target: Target) -> bytes:
    """Return the client's own body, asking for the target's model; all else stays as it came."""
    fields: Fields = {**fields_of(body), "model": target.model}
    if request.max_output_tokens is not None:
        fields["max_tokens"] = target.bounded(request.max_output_tokens)
    return _encode(_without_dropped(fields, target))


def translated(request: ChatRequest, target: Target) -> bytes:
    """Return the body of a streamed request for what the normal form says."""
    turns = conversations.turns(request)
    most = _max_tokens(request, target)
    fields: Fields = {
        "model": target.model,
        "max_tokens": most,
        "messages": _messages(turns),
        "stream": True,
        **_settings(request),
        **_tools(request),
        **_thinking(request, target, turns, most),
    }
    system = conversations.instructions(request)
    output = {**_effort(request, target), **_answer_format(request, target, system)}
    if output:
        fields["output_config"] = output
    if system:
        fields["system"] = [{"type": "text", "text": text} for text in system]
    fields.update(_extra(request))
    return _encode(_without_dropped(fields, target))


def swallowed(request: ChatRequest) -> str:
    """Return the blanks taken from the end of the answer begun, which the vendor refuses.

    The model will say them again, and its reader has them already.
    """
    last = conversations.turns(request)[-1]
    if not last.is_model or not isinstance(last.parts[-1], Text):
        return ""
    text = last.parts[-1].text
    return text[len(text.rstrip()) :]


def _max_tokens(request: ChatRequest, target: Target) -> int:
    asked = request.max_output_tokens or target.max_output_tokens or MAX_OUTPUT_TOKENS
    return target.bounded(asked)


def _settings(request: ChatRequest) -> Fields:
    fields: Fields = {}
    if request.temperature is not None:
        fields["temperature"] = min(request.temperature, 1.0)  # others go up to 2
    if request.top_p is not None:
        fields["top_p"] = request.top_p
    stops = [word for word in request.stop if word.strip()]  # of blanks alone it is refused
    if stops:
        fields["stop_sequences"] = stops
    if request.user:
        fields["metadata"] = {"user_id": request.user}
    return fields


def _extra(request: ChatRequest) -> Fields:
    original = request.original
    is_own = original is not None and original.dialect is Dialect.ANTHROPIC
    return {
        name: msgspec.Raw(value.encode())
        for name, value in request.extra.items()
        if (is_own and not is_smuggled(name)) or name in _KNOWN_EXTRA
    }


def _without_dropped(fields: Fields, target: Target) -> Fields:
    for name in target.provider.options.get("drop_params", "").split(","):
        fields.pop(name.strip(), None)
    return fields


# --- Messages -------------------------------------------------------------------------------


def _messages(turns: list[Turn]) -> list[Fields]:
    """Return the messages; a model's turn of which nothing may be said is left out."""
    messages: list[Fields] = []
    for turn in turns:
        blocks = list(_blocks(turn.parts))
        if not turn.is_model:
            content = blocks or [{"type": "text", "text": conversations.OPENING}]
            messages.append({"role": "user", "content": content})
        elif blocks:
            messages.append({"role": "assistant", "content": blocks})
    last = messages[-1]["content"]
    if messages[-1]["role"] == "assistant" and isinstance(last, list) and "text" in last[-1]:
        last[-1]["text"] = last[-1]["text"].rstrip()
    return messages


def _blocks(parts: Iterable[Part]) -> Iterator[Fields]:
    for part in parts:
        match part:
            case Text() if part.text.strip():  # of blanks alone it is refused
                yield {"type": "text", "text": part.text}
            case Image():
                yield {"type": "image", "source": _source(part)}
            case ToolCall():
                yield {
                    "type": "tool_use",
                    "id": conversations.plain_id(part.id),
                    "name": part.name,
                    "input": conversations.arguments_object(part.arguments),
                }
            case ToolResult():
                yield _result(part)
            case Reasoning():
                yield from _thought(part)


def _source(image: Image) -> Fields:
    held = conversations.inline(image)
    if held is None:
        return {"type": "url", "url": image.url}
    return {"type": "base64", "media_type": held.media_type, "data": held.data}


def _result(result: ToolResult) -> Fields:
    block: Fields = {
        "type": "tool_result",
        "tool_use_id": conversations.plain_id(result.call_id),
        "content": result.text,
    }
    if result.is_error:
        block["is_error"] = True
    return block


def _thought(thought: Reasoning) -> Iterator[Fields]:
    """Yield the block of a thought this vendor has signed; it refuses all others.

    Its signatures hold no colon, the marks before those of other vendors do.
    """
    if thought.signature.startswith(SEALED):
        yield {"type": "redacted_thinking", "data": thought.signature.removeprefix(SEALED)}
    elif thought.signature and ":" not in thought.signature:
        yield {"type": "thinking", "thinking": thought.text, "signature": thought.signature}


# --- What else is asked ---------------------------------------------------------------------


def _tools(request: ChatRequest) -> Fields:
    if not request.tools:
        return {}
    fields: Fields = {"tools": [_tool(tool) for tool in request.tools]}
    is_single = request.extra.get("parallel_tool_calls") == "false"
    use = request.tool_use or (ToolUse.AUTO if is_single else None)
    if use is None and not request.tool_name:
        return fields
    choice: Fields = (
        {"type": "tool", "name": request.tool_name}
        if request.tool_name
        else {"type": _CHOICES[use or ToolUse.AUTO]}
    )
    if is_single and use is not ToolUse.NONE:
        choice["disable_parallel_tool_use"] = True
    return {**fields, "tool_choice": choice}


def _tool(tool: Tool) -> Fields:
    schema = msgspec.Raw(tool.schema.encode()) if tool.schema.strip() else _ANY_OBJECT
    fields: Fields = {"name": tool.name, "input_schema": schema}
    if tool.description:
        fields["description"] = tool.description
    return fields


def _thinking(request: ChatRequest, target: Target, turns: list[Turn], most: int) -> Fields:
    """Return how much to think, where the vendor allows it at all.

    It may not with a forced tool, an answer begun, or tools called without a signed thought;
    and thinking it takes no temperature.
    """
    if not _may_think(request, target):
        return {}
    if _is_adaptive(target):
        return {"thinking": {"type": "adaptive"}}
    budget = min(_BUDGETS[request.reasoning_effort], most // 2)
    is_forced = request.tool_use is ToolUse.REQUIRED or bool(request.tool_name)
    is_settled = request.temperature is not None or request.top_p is not None
    if budget < _LEAST_BUDGET_TOKENS or is_forced or is_settled or _goes_on(turns):
        return {}
    return {"thinking": {"type": "enabled", "budget_tokens": budget}}


def _effort(request: ChatRequest, target: Target) -> Fields:
    if not (_is_adaptive(target) and _may_think(request, target)):
        return {}
    return {"effort": _EFFORTS.get(request.reasoning_effort, request.reasoning_effort)}


def _may_think(request: ChatRequest, target: Target) -> bool:
    return request.reasoning_effort in _BUDGETS and Ability.REASONING in target.abilities


def _is_adaptive(target: Target) -> bool:
    """Return whether the model settles by itself how much to think, given an effort."""
    return target.provider.options.get("thinking") == "adaptive"


def _goes_on(turns: list[Turn]) -> bool:
    if turns[-1].is_model:
        return True
    answers = [turn for turn in turns if turn.is_model]
    last = list(_blocks(answers[-1].parts)) if answers else []
    kinds = [block["type"] for block in last]
    return "tool_use" in kinds and kinds[0] not in {"thinking", "redacted_thinking"}


def _answer_format(request: ChatRequest, target: Target, system: list[str]) -> Fields:
    """Return the field for an answer in JSON, or add the wish to what the system says."""
    if not request.response_format:
        return {}
    try:
        found = _format(request.response_format)
    except msgspec.DecodeError:
        raise InvalidRequestError("response_format is not what it should be") from None
    if found.type == "text":
        return {}
    if found.json_schema is None:
        system.append(_JSON_ONLY)
        return {}
    schema = found.json_schema.schema
    if Ability.JSON in target.abilities:
        return {"format": {"type": "json_schema", "schema": schema}}
    system.append(f"{_JSON_ONLY} Its schema: {bytes(schema).decode()}")
    return {}
