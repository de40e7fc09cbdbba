"""Vectors for a text: the vendor's body as it came, and what it cost."""

from collections.abc import Iterator

from gateway.adapters.providers.failures import failure
from gateway.adapters.providers.openai_chat.chunks import is_refusal
from gateway.adapters.providers.openai_chat.reading import Reading, chunk_of
from gateway.domain.errors import UpstreamError
from gateway.domain.messages import Delta, Finish, FinishReason, Passthrough


class Vectors(Reading):
    """One answer that holds no words."""

    def whole(self, body: bytes) -> Iterator[Delta]:
        """Yield the body, and what has to be known of it."""
        chunk = chunk_of(body)
        if chunk is None:
            raise UpstreamError("the answer is no answer", raw_code="malformed_answer")
        if is_refusal(chunk):
            raise failure(vendor=self._vendor.name, body=body)
        yield from self._begin(chunk.id, chunk.model)
        yield Passthrough(body, n_contents=1, is_whole=True)
        yield from self._figures(chunk.figures)

    def end(self) -> Iterator[Delta]:
        """Yield the Finish: vectors are whole or not there at all."""
        yield Finish(FinishReason.STOP, self._usage)
