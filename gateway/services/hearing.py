"""What a change is warned of, told to whoever made it: a terminal, a program, the log.

The services return what they made. Whoever asks them and wants to know what there is to warn of
listens meanwhile; nobody else has to hand the warnings on.
"""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from gateway.domain.configuration import Problem

_heard: ContextVar[list[Problem] | None] = ContextVar("heard", default=None)

_logger = logging.getLogger(__name__)


@contextmanager
def warnings() -> Iterator[list[Problem]]:
    """Give the block a list of what its changes are warned of, in the order they are made."""
    heard: list[Problem] = []
    token = _heard.set(heard)
    try:
        yield heard
    finally:
        _heard.reset(token)


def tell(problems: Iterable[Problem], *, version: int, is_logged: bool) -> None:
    """Tell whoever listens, and the log in one line; a terminal is both at once."""
    said = tuple(problems)
    if not said:
        return
    heard = _heard.get()
    if heard is not None:
        heard.extend(said)
    if is_logged:
        _logger.warning(
            "gateway.configuration_warned",
            extra={
                "version": version,
                "warnings": len(said),
                "route": _named("route", said),
                "provider": _named("provider", said),
            },
        )


def _named(kind: str, said: tuple[Problem, ...]) -> str:
    """Return the names of what of this kind is warned of."""
    subjects = (problem.subject.partition(":") for problem in said)
    return ", ".join(sorted({name for found, _, name in subjects if found == kind}))
