"""Rooms whose panel is a model behind the real gateway, and a provider that does as it is told."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from gateway import runtime as gateway_runtime
from gateway.domain.money import Entry
from interview.domain.ports import ModelPolicy
from interview.domain.room import Engine
from tests.factories.models import play_on
from tests.factories.rooms import Play
from tests.fakes.upstream import Reply, Upstream, upstream_in_thread
from tests.integration.interview.conftest import Seat
from tests.integration.interview.models.scene import GOOD_LINE, POLICY, ROUTES, real_ports


@pytest.fixture(autouse=True)
def entries(monkeypatch: pytest.MonkeyPatch) -> list[Entry]:
    """What was entered in the ledger."""
    kept: list[Entry] = []
    monkeypatch.setattr(gateway_runtime.ports().ledger, "record", kept.append)
    return kept


@pytest.fixture
def upstream(monkeypatch: pytest.MonkeyPatch) -> Iterator[Upstream]:
    """The one model there is."""
    with upstream_in_thread() as found:
        found.always(Reply(GOOD_LINE))
        play_on(found, monkeypatch=monkeypatch, routes=ROUTES)
        yield found


@pytest.fixture
def take_seat(seat: Seat) -> Callable[..., Play]:
    """Seats a candidate before a panel of models."""

    def seated(policy: ModelPolicy = POLICY, **changes: Any) -> Play:
        return seat(engine=Engine.MODEL, ports=real_ports(policy), **changes)

    return seated
