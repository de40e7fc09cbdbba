"""Tool calls from their pieces, told apart by index, each with an id of its own."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec

from gateway.adapters.providers import conversations
from gateway.adapters.providers.openai_chat.chunks import CallPiece, Function
from gateway.domain.messages import ToolCallDelta


@dataclass(slots=True)
class _Call:
    """One call so far; it is told of once its name is known."""

    index: int
    id: str = ""
    name: str = ""
    held: str = ""
    is_told: bool = False
    has_arguments: bool = False


class Calls:
    """The tool calls of one answer."""

    def __init__(self, request_id: str) -> None:
        self._request_id = request_id
        self._calls: list[_Call] = []
        self._by_index: dict[int, _Call] = {}
        self._ids: set[str] = set()

    def take(self, pieces: Iterable[CallPiece]) -> Iterator[ToolCallDelta]:
        """Yield what the pieces add."""
        for piece in pieces:
            function = piece.function or Function()
            call = self._call(piece, function)
            call.id = call.id or piece.id or ""
            call.name = call.name or function.name or ""
            call.held += _text(function.arguments)
            if call.name:
                yield from self._tell(call)

    def close(self) -> Iterator[ToolCallDelta]:
        """Yield what is missing when the answer is complete: a name, or an empty object."""
        for call in self._calls:
            if not call.has_arguments and not call.held:
                call.held = "{}"
            yield from self._tell(call)

    def _call(self, piece: CallPiece, function: Function) -> _Call:
        """Return the call the piece belongs to: by index, or the last one where none is given."""
        index = piece.index
        found = self._calls[-1] if self._calls else None
        if index is not None:
            found = self._by_index.get(index)
        # Some give every call the index 0, or none: another id with a name is another call.
        is_other = bool(found and piece.id and function.name and found.id not in ("", piece.id))
        if found is None or is_other:
            found = _Call(len(self._calls))
            self._calls.append(found)
            if index is not None:
                self._by_index[index] = found
        return found

    def _tell(self, call: _Call) -> Iterator[ToolCallDelta]:
        arguments, call.held = call.held, ""
        call.has_arguments = call.has_arguments or bool(arguments)
        if not call.is_told:
            call.is_told = True
            yield ToolCallDelta(call.index, arguments, self._new_id(call.id), call.name)
        elif arguments:
            yield ToolCallDelta(call.index, arguments)

    def _new_id(self, given: str) -> str:
        if not given or given in self._ids:
            given = conversations.made_id(self._request_id, len(self._ids))
        self._ids.add(given)
        return given


def _text(arguments: str | dict[str, object] | None) -> str:
    if isinstance(arguments, dict):
        return msgspec.json.encode(arguments).decode()
    return arguments or ""
