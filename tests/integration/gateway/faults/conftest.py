"""A model server that misbehaves, and the house that copes with it."""

from collections.abc import AsyncIterator

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from gateway.adapters.providers.http import Http
from gateway.services import observation
from gateway.services.watchdog import Watchdog
from tests.fakes.upstream import Upstream
from tests.integration.gateway.faults.house import House


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    """The model server."""
    async with Upstream() as found:
        yield found


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    """The way to it."""
    found = Http()
    yield found
    await found.aclose()


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    """The spans that ended, of a tracer of this test's own."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(observation, "_tracer", provider.get_tracer("test"))
    return exporter


@pytest.fixture
def house(
    upstream: Upstream, http: Http, spans: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch
) -> House:
    """The house; whoever waits in it between attempts finds that the time has passed."""
    made = House(upstream, http, spans)

    async def nap(self: Watchdog, seconds: float) -> None:
        made.naps.append(seconds)
        made.clock.advance(seconds)

    monkeypatch.setattr(Watchdog, "sleep", nap)
    return made
