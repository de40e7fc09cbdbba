"""A request in Gemini's words."""

import re
from collections.abc import Iterator

import msgspec

from gateway.adapters.providers import conversations
from gateway.adapters.providers.conversations import Turn
from gateway.domain.catalog import Ability, Target
from gateway.domain.errors import InvalidRequestError
from gateway.domain.messages import (
    ChatRequest,
    Image,
    Reasoning,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    ToolUse,
)

SIGNED = "gemini:"  # marks the signatures that belong to this vendor
#: What the vendor takes instead of a signature for a call that one of its models never made.
UNSIGNED = "skip_thought_signature_validator"

_MODES = {ToolUse.AUTO: "AUTO", ToolUse.REQUIRED: "ANY", ToolUse.NONE: "NONE"}
_BUDGETS = {"none": 0, "minimal": 512, "low": 1024, "medium": 8192, "high": 24_576}
_LEAST_BUDGET = 128  # of the larger models, which cannot but think
_LEVELS = {"none": "low", "minimal": "low", "low": "low", "medium": "medium", "high": "high"}
_HARMS = ("HARASSMENT", "HATE_SPEECH", "SEXUALLY_EXPLICIT", "DANGEROUS_CONTENT")
_MOST_STOPS = 5
#: Fields of other dialects' requests that mean the same here, as they are called here.
_SETTINGS = {
    "top_k": "topK",
    "presence_penalty": "presencePenalty",
    "frequency_penalty": "frequencyPenalty",
}
_FIELDS = {
    "safety_settings": "safetySettings",
    "safetySettings": "safetySettings",
    "cached_content": "cachedContent",
    "cachedContent": "cachedContent",
}
_LEVELS_SINCE = 3  # the generation that takes a level of thought, and insists on signatures
_GENERATION = re.compile(r"gemini-(\d+)")
#: How ids begin that we or other vendors made up; Gemini wants back those it made itself.
_FOREIGN_IDS = ("call_", "toolu_", "chatcmpl-")

_encode = msgspec.json.Encoder().encode
_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
Fields = dict[str, object]


class _Schema(msgspec.Struct):
    schema: msgspec.Raw = msgspec.Raw()


class _Format(msgspec.Struct):
    type: str = "text"
    json_schema: _Schema | None = None


_format = msgspec.json.Decoder(_Format).decode


def translated(request: ChatRequest, target: Target) -> bytes:
    """Return the body of a request for what the normal form says."""
    fields: Fields = {"contents": _contents(request, target)}
    system = conversations.instructions(request)
    if system:
        fields["systemInstruction"] = {"parts": [{"text": text} for text in system]}
    fields.update(_tools(request))
    settings = {
        **_settings(request, target),
        **_answer_format(request),
        **_thinking(request, target),
        **_known(request, _SETTINGS),
    }
    for name in target.provider.options.get("drop_params", "").split(","):
        settings.pop(name.strip(), None)
    if settings:
        fields["generationConfig"] = settings
    threshold = target.provider.options.get("safety")
    if threshold:
        fields["safetySettings"] = [
            {"category": f"HARM_CATEGORY_{harm}", "threshold": threshold} for harm in _HARMS
        ]
    fields.update(_known(request, _FIELDS))
    return _encode(fields)


def _known(request: ChatRequest, names: dict[str, str]) -> Fields:
    return {
        ours: msgspec.Raw(request.extra[theirs].encode())
        for theirs, ours in names.items()
        if theirs in request.extra
    }


def _settings(request: ChatRequest, target: Target) -> Fields:
    asked = request.max_output_tokens
    found: Fields = {
        "temperature": request.temperature,
        "topP": request.top_p,
        "maxOutputTokens": target.bounded(asked) if asked is not None else None,
        "stopSequences": list(request.stop[:_MOST_STOPS]) or None,
        "seed": request.seed,
    }
    return {name: value for name, value in found.items() if value is not None}


def _answer_format(request: ChatRequest) -> Fields:
    if not request.response_format:
        return {}
    try:
        found = _format(request.response_format)
    except msgspec.DecodeError:
        raise InvalidRequestError("response_format is not what it should be") from None
    if found.type == "text":
        return {}
    fields: Fields = {"responseMimeType": "application/json"}
    if found.json_schema is not None and bytes(found.json_schema.schema):
        fields["responseJsonSchema"] = found.json_schema.schema
    return fields


def _thinking(request: ChatRequest, target: Target) -> Fields:
    effort = "high" if request.reasoning_effort == "xhigh" else request.reasoning_effort
    if effort not in _BUDGETS or Ability.REASONING not in target.abilities:
        return {}
    if _generation(target) >= _LEVELS_SINCE:
        config: Fields = {"thinkingLevel": _LEVELS[effort]}
    else:
        least = _LEAST_BUDGET if "pro" in target.model else 0
        config = {"thinkingBudget": max(least, _BUDGETS[effort])}
    if effort != "none":
        config["includeThoughts"] = True
    return {"thinkingConfig": config}


def _generation(target: Target) -> int:
    found = _GENERATION.search(target.model)
    return int(found[1]) if found else 0


# --- Contents -------------------------------------------------------------------------------


def _contents(request: ChatRequest, target: Target) -> list[Fields]:
    names = {
        part.id: part.name
        for message in request.messages
        for part in message.parts
        if isinstance(part, ToolCall)
    }
    wants_signatures = _generation(target) >= _LEVELS_SINCE
    contents: list[Fields] = []
    for turn in conversations.turns(request):
        if turn.is_model:
            parts = list(_said(turn, wants_signatures=wants_signatures))
        else:
            parts = list(_asked(turn, names))
        if parts:
            contents.append({"role": "model" if turn.is_model else "user", "parts": parts})
    return contents


def _asked(turn: Turn, names: dict[str, str]) -> Iterator[Fields]:
    for part in turn.parts:
        match part:
            case Text():
                yield {"text": part.text}
            case Image():
                yield _picture(part)
            case ToolResult():
                name = names.get(part.call_id, part.call_id)
                yield {
                    "functionResponse": {
                        **_own_id(part.call_id),
                        "name": name,
                        "response": _response(part),
                    }
                }


def _said(turn: Turn, *, wants_signatures: bool) -> Iterator[Fields]:
    """Yield the model's parts; what it thought goes back as a signature on the part after it."""
    signature = ""
    lacks_signature = wants_signatures
    for part in turn.parts:
        match part:
            case Reasoning():
                if part.signature.startswith(SIGNED):
                    signature = part.signature.removeprefix(SIGNED)
                continue
            case Text():
                said: Fields = {"text": part.text}
            case Image():
                said = _picture(part)
            case ToolCall():
                said = {
                    "functionCall": {
                        **_own_id(part.id),
                        "name": part.name,
                        "args": conversations.arguments_object(part.arguments),
                    }
                }
                # Of calls made at once only the first is signed.
                signature = signature or (UNSIGNED if lacks_signature else "")
                lacks_signature = False
            case _:
                continue
        if signature:
            said["thoughtSignature"] = signature
            signature = ""
        yield said
    if signature:
        yield {"text": "", "thoughtSignature": signature}


def _own_id(call_id: str) -> Fields:
    return {} if not call_id or call_id.startswith(_FOREIGN_IDS) else {"id": call_id}


def _picture(image: Image) -> Fields:
    held = conversations.inline(image)
    if held is not None:
        return {"inlineData": {"mimeType": held.media_type, "data": held.data}}
    return {"fileData": {"mimeType": image.media_type or "image/png", "fileUri": image.url}}


def _response(result: ToolResult) -> object:
    """Return the result as the object the vendor wants: itself when it is one."""
    if result.is_error:
        return {"error": result.text}
    try:
        _object(result.text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return {"result": result.text}
    return msgspec.Raw(result.text.encode())


# --- Tools ----------------------------------------------------------------------------------


def _tools(request: ChatRequest) -> Fields:
    if not request.tools:
        return {}
    fields: Fields = {
        "tools": [{"functionDeclarations": [_declared(tool) for tool in request.tools]}]
    }
    if request.tool_name:
        choice: Fields = {"mode": "ANY", "allowedFunctionNames": [request.tool_name]}
    elif request.tool_use is not None:
        choice = {"mode": _MODES[request.tool_use]}
    else:
        return fields
    return {**fields, "toolConfig": {"functionCallingConfig": choice}}


def _declared(tool: Tool) -> Fields:
    fields: Fields = {"name": tool.name}
    if tool.description:
        fields["description"] = tool.description
    if tool.schema.strip():
        # Takes JSON Schema as it is; the older ``parameters`` knows only a part of it.
        fields["parametersJsonSchema"] = msgspec.Raw(tool.schema.encode())
    return fields
