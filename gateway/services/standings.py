"""How each provider stands now: how full it is, and which of its models are left alone."""

from collections.abc import Iterable
from dataclasses import dataclass

from gateway.domain.breaker import BreakerState, Standing
from gateway.domain.catalog import Catalog
from gateway.domain.ports import Ports


@dataclass(frozen=True, slots=True)
class ProviderNow:
    """One provider; ``targets`` are those some route leads to, by name."""

    n_taken: int
    n_places: int
    targets: tuple[tuple[str, Standing], ...]

    @property
    def resting(self) -> tuple[str, ...]:
        """Return the targets that are not asked as usual."""
        return tuple(id_ for id_, found in self.targets if found.state is not BreakerState.CLOSED)


async def of_providers(
    names: Iterable[str], *, catalog: Catalog, ports: Ports
) -> dict[str, ProviderNow]:
    """Return how those of the names stand that are in the configuration.

    Raises StateUnavailableError while nobody knows.
    """
    wanted = [catalog.providers[name] for name in names if name in catalog.providers]
    ids = {
        target.id: target.provider.name
        for route in catalog.routes.values()
        for target in route.targets
    }
    standings = await ports.breakers.standings(sorted(ids))
    return {
        provider.name: ProviderNow(
            await ports.gate.in_flight(provider.name),
            provider.n_places,
            tuple((id_, standings[id_]) for id_ in sorted(ids) if ids[id_] == provider.name),
        )
        for provider in wanted
    }
