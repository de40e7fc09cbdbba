"""At most so many requests are computed at once; the others wait in line, which costs nothing.

Each request of Django takes a thread. Past a handful they only take the interpreter from each
other, and all of them end later than they would one after the other.
"""

import asyncio
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from asgiref.typing import ASGI3Application, ASGIReceiveCallable, ASGISendCallable, Scope

_AT_ONCE = 3


@dataclass(slots=True)
class InTurn:
    """Passes requests on in the order they came, so many at a time.

    The server in front has read a request's body before we see it, so nobody who sends slowly
    holds a place. Paths in ``unless`` need none: they wait for another process, and would keep
    those who compute from computing.
    """

    application: ASGI3Application
    unless: AbstractSet[str] = frozenset()
    places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE))

    async def __call__(
        self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        """Serve one request once there is a place."""
        if scope["type"] == "http" and scope["path"] in self.unless:
            await self.application(scope, receive, send)
            return
        async with self.places:
            await self.application(scope, receive, send)
