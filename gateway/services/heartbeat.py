"""One beat per process for everything its streams hold: leases, tickets, what they entered for.

Two hundred streams renew three things each every second; together that is three calls.
"""

import asyncio
import contextlib
import contextvars
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from gateway.domain.errors import StateUnavailableError
from gateway.domain.gate import Progress
from gateway.domain.ports import LeaseClaim, Ports
from gateway.domain.speech import Ticket

_logger = logging.getLogger(__name__)


class Heart:
    """Renews what is being kept, while anything is; belongs to one event loop."""

    def __init__(self, ports: Ports, *, beat_seconds: float) -> None:
        self._ports = ports
        self.beat_seconds = beat_seconds
        self._claims: dict[str, tuple[LeaseClaim, Callable[[], None]]] = {}
        self._tickets: set[Ticket] = set()
        self._requests: dict[str, Callable[[], Iterable[Progress]]] = {}
        self._task: asyncio.Task[None] | None = None
        self._is_store_away = False

    @contextlib.contextmanager
    def keep_lease(self, claim: LeaseClaim, *, on_lost: Callable[[], None]) -> Iterator[None]:
        """Keep the lease alive inside the block; call back when it is somebody else's."""
        self._claims[claim.lease_id] = (claim, on_lost)
        self._start()
        try:
            yield
        finally:
            self._claims.pop(claim.lease_id, None)

    def keep_ticket(self, ticket: Ticket) -> None:
        """Keep the running place of a ticket until it is let go."""
        self._tickets.add(ticket)
        self._start()

    def let_ticket_go(self, ticket: Ticket) -> None:
        """Keep the ticket no longer."""
        self._tickets.discard(ticket)

    def keep_request(self, holder: str, progress: Callable[[], Iterable[Progress]]) -> None:
        """Keep what a request holds at the gate until it is let go; say how far it has come."""
        self._requests[holder] = progress
        self._start()

    def let_go(self, holder: str) -> None:
        """Keep the request no longer."""
        self._requests.pop(holder, None)

    async def beat(self) -> None:
        """Renew everything once; a store that does not answer is tried at the next beat."""
        try:
            await self._renew_leases()
            await self._renew_tickets()
            await self._renew_requests()
        except StateUnavailableError:
            if not self._is_store_away:
                _logger.warning("gateway.heartbeat_missed")
            self._is_store_away = True
        else:
            self._is_store_away = False

    def _start(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(
                # It serves every turn, so it carries the context of none.
                self._run(),
                context=contextvars.Context(),
            )

    async def _run(self) -> None:
        while self._claims or self._tickets or self._requests:
            await asyncio.sleep(self.beat_seconds)
            try:
                await self.beat()
            except Exception as error:  # noqa: BLE001  everything kept here hangs on the next beat
                _logger.error("gateway.heartbeat_broke", extra={"error_type": type(error).__name__})

    async def _renew_leases(self) -> None:
        claims = [claim for claim, _ in self._claims.values()]
        if not claims:
            return
        for lease_id in await self._ports.leases.renew(claims):
            if lease_id in self._claims:
                self._claims[lease_id][1]()

    async def _renew_tickets(self) -> None:
        tickets: dict[str, list[str]] = defaultdict(list)
        for ticket in self._tickets:
            tickets[ticket.queue].append(ticket.id)
        for queue, ids in tickets.items():
            await self._ports.admissions.renew(queue, ids)

    async def _renew_requests(self) -> None:
        if self._requests:
            await self._ports.gate.renew(
                [each for progress in self._requests.values() for each in progress()]
            )
