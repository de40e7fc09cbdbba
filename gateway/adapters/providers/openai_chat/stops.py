"""Cuts off the stop text where a vendor says it as part of the answer."""

from collections.abc import Sequence


class StopTail:
    """Holds back the end of the text while it may be the beginning of a stop text."""

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = tuple(stop for stop in stops if stop)
        self._held = ""

    def take(self, text: str) -> str:
        """Return what may be shown."""
        if not self._stops:
            return text
        text = self._held + text
        n_held = max((_overlap(text, stop) for stop in self._stops), default=0)
        self._held = text[len(text) - n_held :]
        return text[: len(text) - n_held]

    def close(self) -> str:
        """Return the rest without the stop text."""
        if not self._held:
            return ""
        rest, self._held = self._held, ""
        said = max((stop for stop in self._stops if rest.endswith(stop)), key=len, default="")
        return rest.removesuffix(said)


def _overlap(text: str, stop: str) -> int:
    """Return the length of the longest end of the text that the stop text begins with."""
    for length in range(min(len(text), len(stop)), 0, -1):
        if text.endswith(stop[:length]):
            return length
    return 0
