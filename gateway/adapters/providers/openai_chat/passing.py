"""OpenAI's answer for a client that speaks its dialect: the frames as they came.

They are read only for what has to be known: the beginning, the usage, the reason of the end and
a failure. Nothing is passed on before there is content, so that another provider can still take
over unseen. A usage that the client did not ask for is left out, and so is the last frame:
whoever talks to the client ends the stream.
"""

from collections.abc import Iterable, Iterator

import msgspec

from gateway.adapters.providers.failures import failure
from gateway.adapters.providers.openai_chat.chunks import (
    PassedChoice,
    PassedChunk,
    decode_passed,
    is_refusal,
    is_told,
)
from gateway.adapters.providers.openai_chat.reading import (
    DONE,
    NO_REASON,
    Reading,
    raise_if_part,
)
from gateway.adapters.providers.openai_chat.usage import usage_of
from gateway.adapters.providers.sse import Frame
from gateway.adapters.providers.vendors import Vendor
from gateway.domain.catalog import Target
from gateway.domain.errors import ProviderError, UpstreamError
from gateway.domain.messages import ChatRequest, Delta, Passthrough


class Passing(Reading):
    """One answer being passed on; ``hides_usage`` when we asked for it and the client did not."""

    def __init__(
        self, request: ChatRequest, target: Target, vendor: Vendor, *, hides_usage: bool
    ) -> None:
        super().__init__(request, target, vendor)
        self._hides_usage = hides_usage
        self._passed: list[bytes] = []
        self._n_contents = 0
        self._told: Delta | None = None

    def take(self, frames: Iterable[Frame]) -> Iterator[Delta]:
        """Yield the frames' bytes joined, and what has to be known of them."""
        failed: ProviderError | None = None
        try:
            for frame in frames:
                if frame.data.startswith(DONE):
                    self.is_over = True
                    break
                if (start := self._frame(frame)) is not None:
                    yield start
        except ProviderError as error:
            failed = error
        if self._passed and (self._has_content or self.has_reason):
            yield Passthrough(b"".join(self._passed), self._n_contents)
            self._passed, self._n_contents = [], 0
        if self._told is not None:
            yield self._told
            self._told = None
        if failed is not None:
            raise failed

    def _frame(self, frame: Frame) -> Delta | None:
        """Take one frame among those to be passed on; return the Start when it is the first."""
        chunk = _passed_of(frame.data)
        if chunk is None:
            return None
        if is_refusal(chunk):
            raise failure(vendor=self._vendor.name, body=frame.data)
        start: Delta | None = None
        if not self._has_begun and (chunk.id or chunk.choices):
            start = next(self._begin(chunk.id, chunk.model))
        says = self._says(chunk)
        if chunk.usage is not None:
            for update in self._figures(chunk.usage):
                self._told = update
            if self._hides_usage and not says and (self.has_reason or not chunk.choices):
                return start
        self._passed.append(frame.raw)
        return start

    def whole(self, body: bytes) -> Iterator[Delta]:
        """Yield an answer that came in one piece; its figures come with the Finish that follows."""
        chunk = _passed_of(body)
        if chunk is None:
            raise UpstreamError("the answer is no answer", raw_code="malformed_answer")
        if is_refusal(chunk):
            raise failure(vendor=self._vendor.name, body=body)
        if chunk.id or chunk.choices:
            yield from self._begin(chunk.id, chunk.model)
        self._says(chunk)
        if chunk.usage is not None:
            self._usage = usage_of(chunk.usage)
        self.is_over = True
        yield Passthrough(body.strip(), n_contents=1, is_whole=True)

    def _says(self, chunk: PassedChunk) -> bool:
        """Note what the chunk says; return whether it is more than figures."""
        is_content = has_reason = False
        for choice in chunk.choices or ():
            is_content = self._is_content(choice) or is_content
            reason = choice.finish_reason
            if reason and reason not in NO_REASON:
                has_reason = True
                self._has_content = self._has_content or is_content
                self._note(reason)
        if is_content:
            self._has_content = True
            self._n_contents += 1
        return is_content or has_reason

    def _is_content(self, choice: PassedChoice) -> bool:
        piece = choice.delta or choice.message
        if piece is None:
            return False
        if is_told(piece.content):
            return True
        if is_told(piece.tool_calls) or is_told(piece.function_call):
            self._is_calling = True
            return True
        if is_told(piece.refusal):
            self._is_refused = True
            return True
        return is_told(piece.reasoning_content) or is_told(piece.reasoning)


def _passed_of(data: bytes) -> PassedChunk | None:
    try:
        return decode_passed(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise_if_part(data)
        return None
