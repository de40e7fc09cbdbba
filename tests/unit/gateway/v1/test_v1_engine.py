"""The pipeline as the edge asks it."""

from types import SimpleNamespace

import pytest

from gateway.adapters.providers import PROVIDERS
from gateway.domain.caller import Caller
from gateway.domain.catalog import Catalog
from gateway.domain.configuration import ADAPTERS
from gateway.domain.errors import StateUnavailableError
from gateway.domain.messages import ChatRequest
from gateway.domain.rate_limit import Level
from gateway.domain.waiting import Standing
from gateway.v1 import engine
from gateway.v1.headers import Account

REQUEST = ChatRequest("r1", "", "open")
LEVEL = Level("requests:key", 10, 9, 6.0)


def test_every_wire_a_configuration_may_name_has_an_adapter():
    assert set(PROVIDERS) == set(ADAPTERS)


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """An engine that is never asked."""
    found = SimpleNamespace(ports=SimpleNamespace(catalog=Catalog), heart=None)
    monkeypatch.setattr(engine.runtime, "engine_here", lambda: found)
    return found


async def test_the_catalog_is_that_of_the_loops_engine(house):
    assert engine.catalog() == Catalog()


async def test_nothing_is_known_of_a_call_that_has_not_begun(house):
    asked = engine.ask(REQUEST, caller=Caller(), catalog=Catalog(), budget_seconds=2.0)
    assert asked.call.budget_seconds == 2.0
    assert asked.account() == Account()


async def test_what_is_known_of_a_call_is_told(house):
    asked = engine.ask(REQUEST, caller=Caller(), catalog=Catalog(), budget_seconds=None)
    provider = SimpleNamespace(name="acme")
    target = SimpleNamespace(provider=provider, model="m-1", id="acme/m-1")
    asked.call.attempts.append(SimpleNamespace(target=target))
    stay, asked.call.spared.cache = asked.call.stay, "miss"
    stay.levels, stay.is_degraded = (LEVEL,), True
    known = asked.account()
    assert (known.provider, known.model, known.n_attempts) == ("acme", "m-1", 1)
    assert (known.levels, known.is_degraded, known.cache) == ((LEVEL,), True, "miss")


async def test_who_waits_in_line_can_be_told_where_it_stands(house):
    asked = engine.ask(REQUEST, caller=Caller(), catalog=Catalog(), budget_seconds=None)
    asked.call.stay.standing = lambda: Standing(2, 4.0)
    standing = asked.account().standing
    assert standing is not None
    assert standing() == Standing(2, 4.0)


async def test_a_process_reads_its_configuration_before_it_serves(house, monkeypatch):
    done = []
    monkeypatch.setattr(engine.snapshot, "start", lambda: done.append("read"))

    async def close() -> None:
        done.append("closed")

    monkeypatch.setattr(engine.runtime, "aclose_engine_here", close)

    async def look(provider: str) -> int:
        done.append(f"looked at {provider}")
        raise StateUnavailableError

    house.ports.gate = SimpleNamespace(in_flight=look)
    await engine.begin()
    await engine.end()
    assert done == ["read", "looked at scripted", "closed"]
