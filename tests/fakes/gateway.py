"""The gateway's ports in memory, with a clock that moves when told to."""

from gateway.domain.admission import QueuePolicy
from gateway.domain.breaker import BreakerPolicy
from gateway.domain.catalog import Catalog, Provider, RetryPolicy, Route, Target
from gateway.domain.messages import Deadlines, Dialect
from gateway.domain.ports import Ports
from gateway.domain.vitals import TargetMemory
from tests.fakes.admissions import LEASE_SECONDS, BrokenReleases, MemoryAdmissions
from tests.fakes.breakers import MemoryBreakers
from tests.fakes.clock import Clock
from tests.fakes.continuing import PlainContinuation
from tests.fakes.gate import MemoryGate
from tests.fakes.leases import MemoryCancelSignals, MemoryLeases
from tests.fakes.ledger import MemoryLedger
from tests.fakes.notices import MemoryNotices
from tests.fakes.provider import FakeProvider, Recorder, Step
from tests.fakes.relay import MemoryReader, MemoryRelay, MemoryWriter
from tests.fakes.sharing import MemoryAnswerCache, MemoryRunWriter, MemorySharedRuns
from tests.fakes.strikes import MemoryStrikes

__all__ = [
    "LEASE_SECONDS",
    "ONE_TRY",
    "BrokenReleases",
    "Clock",
    "FakeProvider",
    "MemoryAdmissions",
    "MemoryAnswerCache",
    "MemoryBreakers",
    "MemoryCancelSignals",
    "MemoryGate",
    "MemoryLeases",
    "MemoryLedger",
    "MemoryNotices",
    "MemoryReader",
    "MemoryRelay",
    "MemoryRunWriter",
    "MemorySharedRuns",
    "MemoryStrikes",
    "MemoryWriter",
    "Recorder",
    "Step",
    "make_catalog",
    "make_ports",
    "make_target",
]

ONE_TRY = RetryPolicy(n_retries=0)


def make_target(
    provider: str = "fake",
    model: str = "m",
    *,
    places: int = 2,
    wait_seconds: float = 30.0,
    adapter: str = "fake",
    **changes: object,
) -> Target:
    """Return a target of a provider of its own, whose adapter is the fake."""
    return Target(
        **{  # type: ignore[arg-type]
            "provider": Provider(
                name=provider,
                adapter=adapter,
                dialect=Dialect.SCRIPT,
                is_local=True,
                n_places=places,
                wait_seconds=wait_seconds,
            ),
            "model": model,
            **changes,
        }
    )


def make_catalog(*targets: Target, model: str = "m", **route: object) -> Catalog:
    """Return a catalog with one route to the targets."""
    return Catalog(
        version=1,
        providers={target.provider.name: target.provider for target in targets},
        routes={model: Route(model=model, targets=targets, **route)},  # type: ignore[arg-type]
    )


def make_ports(
    *,
    provider: FakeProvider,
    clock: Clock | None = None,
    concurrency: int = 2,
    queue_limit: int = 2,
    places: int = 2,
    wait_seconds: float = 30.0,
    deadlines: Deadlines | None = None,
    catalog: Catalog | None = None,
) -> Ports:
    """Return ports in memory around the provider."""
    clock = clock or Clock()
    found = catalog or make_catalog(
        make_target(places=places, wait_seconds=wait_seconds), retry=ONE_TRY
    )
    return Ports(
        providers={provider.name: provider},
        catalog=lambda: found,
        breakers=MemoryBreakers(clock),
        breaker_policy=BreakerPolicy(),
        gate=MemoryGate(clock),
        ledger=MemoryLedger(),
        memory=TargetMemory(),
        continuations={Dialect.SCRIPT: PlainContinuation()},
        relay=MemoryRelay(),
        admissions=MemoryAdmissions(clock),
        leases=MemoryLeases(clock),
        cancels=MemoryCancelSignals(clock),
        queues={
            "turns": QueuePolicy(
                concurrency=concurrency, limit=queue_limit, wait_seconds=wait_seconds
            )
        },
        deadlines=deadlines or Deadlines(),
        cache=MemoryAnswerCache(clock),
        runs=MemorySharedRuns(clock),
    )
