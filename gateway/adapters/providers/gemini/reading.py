"""Gemini's answer in the normal form: frames of whole responses, the figures in each of them."""

from collections.abc import Iterable, Iterator

import msgspec

from gateway.adapters.providers import conversations
from gateway.adapters.providers.failures import failure
from gateway.adapters.providers.gemini.arguments import Arguments
from gateway.adapters.providers.gemini.events import (
    Candidate,
    Figures,
    FunctionCall,
    Part,
    Response,
    decode_responses,
    is_given,
)
from gateway.adapters.providers.gemini.request import SIGNED
from gateway.adapters.providers.sse import Frame
from gateway.domain.errors import ContentFilteredError, StreamTruncatedError, UpstreamError
from gateway.domain.messages import (
    Delta,
    Finish,
    FinishReason,
    ReasoningDelta,
    Start,
    TextDelta,
    ToolCallDelta,
    Usage,
    UsageSource,
    UsageUpdate,
)

VENDOR = "gemini"
MOST_LOOSE_BYTES = 64 * 2**10

_FILTERED = ("SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "LANGUAGE")
_FILTERED_TOO = ("MODEL_ARMOR", "IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION")
_BROKEN = ("MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS")
_REASONS = {
    "STOP": FinishReason.STOP,
    "MAX_TOKENS": FinishReason.LENGTH,
    **dict.fromkeys((*_FILTERED, *_FILTERED_TOO), FinishReason.CONTENT_FILTER),
    **dict.fromkeys((*_BROKEN, "MALFORMED_RESPONSE"), FinishReason.ERROR),
}
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_NO_REASONS = frozenset({None, "", "FINISH_REASON_UNSPECIFIED"})


class Totals:
    """Tokens told with every frame; of each figure the last one that is one counts."""

    def __init__(self) -> None:
        self._prompt = self._cached = self._tools = self._said = self._thought = 0
        self.usage: Usage | None = None

    def take(self, told: Figures) -> Usage | None:
        """Return all that is known when this changes it."""
        self._prompt = _last(told.prompt_token_count, self._prompt)
        self._cached = _last(told.cached_content_token_count, self._cached)
        self._tools = _last(told.tool_use_prompt_token_count, self._tools)
        self._said = _last(told.candidates_token_count, self._said)
        self._thought = _last(told.thoughts_token_count, self._thought)
        usage = Usage(
            input_total=self._prompt + self._tools,
            output_total=self._said + self._thought,  # told apart here, unlike elsewhere
            source=UsageSource.PROVIDER,
            input_cached=self._cached,
            output_reasoning=self._thought,
            told=msgspec.json.encode(told).decode(),
        )
        is_empty = self.usage is None and not (usage.input_total or usage.output_total)
        if is_empty or usage == self.usage:
            return None
        self.usage = usage
        return usage


class Reading:
    """One answer being read."""

    is_over = False  # there is no terminal event: the bytes end

    def __init__(self, *, request_id: str, provider: str, model: str) -> None:
        self._start = Start(request_id, provider, model)
        self._request_id = request_id
        self._has_begun = False
        self._totals = Totals()
        self._ids: set[str] = set()
        self._open: tuple[int, Arguments] | None = None  # a call whose arguments still come
        self._raw_reason: str | None = None
        self._loose = b""  # bytes that belong to no frame (yet)

    @property
    def has_reason(self) -> bool:
        """Whether it was told why the answer ends."""
        return self._raw_reason is not None

    def take(self, frames: Iterable[Frame], read: bytes = b"") -> Iterator[Delta]:
        """Yield what the frames say; raise a ProviderError when one says that it went wrong.

        ``read`` are the bytes they came in: a failure may stand there outside of any frame.
        """
        last = b""
        for frame in frames:
            last = frame.raw
            yield from self.whole(frame.data)
        self._loose += read
        if last:
            self._loose = self._loose.rpartition(last)[2]
        self._loose = self._loose[-MOST_LOOSE_BYTES:]
        _refuse_loose_failure(self._loose.strip())

    def whole(self, body: bytes) -> Iterator[Delta]:
        """Yield what a response says, or all of them when they come as one list."""
        try:
            found = decode_responses(body)
        except _UNREADABLE:
            raise UpstreamError("a response is malformed", raw_code="malformed_event") from None
        for response in found if isinstance(found, list) else (found,):
            if response.is_failure:
                raise failure(vendor=VENDOR, body=body)
            yield from self._response(response)

    def end(self) -> Finish:
        """Return the end; raise StreamTruncatedError when it has not come."""
        if self._raw_reason is None:
            raise StreamTruncatedError("the stream stopped without a reason to finish")
        reason = _REASONS.get(self._raw_reason, FinishReason.UNKNOWN)
        if reason is FinishReason.STOP and self._ids:
            reason = FinishReason.TOOL_CALLS
        return Finish(reason, self._totals.usage, self._raw_reason)

    def _response(self, response: Response) -> Iterator[Delta]:
        candidates = response.candidates or ()
        feedback = response.prompt_feedback
        if not candidates and feedback is not None and feedback.block_reason:
            raise ContentFilteredError(
                "the provider refused the prompt", raw_code=feedback.block_reason
            )
        if not self._has_begun:
            self._has_begun = True
            known = self._start
            yield Start(
                response.response_id or known.id,
                known.provider,
                response.model_version or known.model,
            )
        for candidate in candidates:
            if not candidate.index:
                yield from self._candidate(candidate)
        if response.usage_metadata is not None:
            usage = self._totals.take(response.usage_metadata)
            if usage is not None:
                yield UsageUpdate(usage)

    def _candidate(self, candidate: Candidate) -> Iterator[Delta]:
        parts = candidate.content.parts if candidate.content is not None else None
        for part in parts or ():
            yield from self._part(part)
        if candidate.finish_reason not in _NO_REASONS:
            self._raw_reason = candidate.finish_reason
            yield from self._closed()

    def _part(self, part: Part) -> Iterator[Delta]:
        signature = SIGNED + part.thought_signature if part.thought_signature else ""
        if part.thought:
            if part.text or signature:
                yield ReasoningDelta(part.text or "", signature)
            return
        if signature:
            yield ReasoningDelta("", signature)
        if part.text:
            yield TextDelta(part.text)
        if part.function_call is not None:
            yield from self._call(part.function_call)

    def _call(self, call: FunctionCall) -> Iterator[Delta]:
        """Yield a call: at once when it is whole, in two pieces when its values come one by one."""
        if call.name:
            yield from self._closed()
            index = len(self._ids)
            given = "" if call.partial_args or call.will_continue else _text(call.args)
            yield ToolCallDelta(index, given, self._new_id(call.id), call.name)
            if not given:
                self._open = (index, Arguments())
        if call.partial_args:
            if self._open is None:
                raise UpstreamError("arguments without a call", raw_code="malformed_event")
            self._open[1].take(call.partial_args)
        elif not call.name and not call.will_continue:
            yield from self._closed()

    def _closed(self) -> Iterator[Delta]:
        """Yield the arguments of the call that is open; its end may never have been told."""
        if self._open is not None:
            index, arguments = self._open
            self._open = None
            yield ToolCallDelta(index, arguments.json())

    def _new_id(self, given: str | None) -> str:
        found = given if given and given not in self._ids else None
        found = found or conversations.made_id(self._request_id, len(self._ids))
        self._ids.add(found)
        return found


def _refuse_loose_failure(loose: bytes) -> None:
    """Raise the failure that was written into the stream without the manners of one."""
    if loose[:1] not in {b"{", b"["} or loose[-1:] not in {b"}", b"]"}:
        return
    try:
        found = decode_responses(loose)
    except _UNREADABLE:
        return  # more of it may come
    responses = found if isinstance(found, list) else [found]
    if any(response.is_failure for response in responses):
        raise failure(vendor=VENDOR, body=loose)


def _text(arguments: msgspec.Raw) -> str:
    return bytes(arguments).decode(errors="replace") if is_given(arguments) else "{}"


def _last(told: int | None, known: int) -> int:
    return known if told is None else told
