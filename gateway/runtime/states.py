"""What the shared gauges show when they are read."""

import asyncio

from gateway import metrics
from gateway.domain.errors import StateUnavailableError
from gateway.domain.ports import Ports
from gateway.runtime.engines import engine
from gateway.services import queues

SCRAPE_SECONDS = 0.5


def read_state() -> metrics.StateReading | None:
    """Return the shared gauges as the store holds them; None when it does not answer soon."""
    here = engine()
    future = asyncio.run_coroutine_threadsafe(_state(here.ports), here.loop)
    try:
        return future.result(timeout=SCRAPE_SECONDS)
    except (StateUnavailableError, TimeoutError):
        future.cancel()
        return None


async def _state(built: Ports) -> metrics.StateReading:
    in_flight = {
        name: (await built.gate.in_flight(name), provider.n_places)
        for name, provider in built.catalog().providers.items()
    }
    readings = {}
    for name in built.queues:
        status = await queues.status(queue=name, ports=built)
        readings[name] = metrics.QueueReading(
            depth=status.n_waiting, limit=status.limit, oldest_seconds=status.oldest_wait_seconds
        )
    targets = {
        target.id: (target.provider.name, target.model)
        for route in built.catalog().routes.values()
        for target in route.targets
    }
    standings = await built.breakers.standings(targets)
    breakers = {targets[name]: standing.state.value for name, standing in standings.items()}
    return metrics.StateReading(in_flight=in_flight, queues=readings, breakers=breakers)
