"""Word of a new configuration, within one process."""

import threading
from dataclasses import dataclass, field


@dataclass(slots=True)
class Board:
    """Where every listener of a test can be reached."""

    listeners: list[threading.Event] = field(default_factory=list)
    versions: list[int] = field(default_factory=list)


class MemoryNotices:
    """A listener of a board; each thread has one of its own, as with the real thing."""

    def __init__(self, board: Board | None = None) -> None:
        self.board = Board() if board is None else board
        self._heard: threading.Event | None = None

    def send(self, version: int) -> None:
        """Tell everybody who listens."""
        self.board.versions.append(version)
        for listener in self.board.listeners:
            listener.set()

    def wait(self, *, seconds: float) -> bool:
        """Return True as soon as there was word; the first time at once, as a subscription does."""
        if self._heard is None:
            self._heard = threading.Event()
            self.board.listeners.append(self._heard)
            return True
        heard = self._heard.wait(seconds)
        self._heard.clear()
        return heard

    def close(self) -> None:
        """Stop listening."""
        if self._heard is not None:
            self.board.listeners.remove(self._heard)
            self._heard = None
