"""A room to call about, and its owner's browser."""

import pytest
from django.test import Client

from interview import runtime
from interview.domain.ports import Ports
from tests.factories.rooms import Play
from tests.fakes.interview import fake_ports
from tests.integration.interview.api.scene import signed_in
from tests.integration.interview.conftest import Seat


@pytest.fixture(autouse=True)
def ports(monkeypatch: pytest.MonkeyPatch) -> Ports:
    """The outside world of the process under test, in memory."""
    ports = fake_ports()
    monkeypatch.setattr(runtime, "ports", lambda: ports)
    return ports


@pytest.fixture
def play(seat: Seat, ports: Ports) -> Play:
    """A room whose first question waits for a worker."""
    return seat(ports=ports)


@pytest.fixture
def browser(play: Play) -> Client:
    """The owner's browser on a page of ours: the cookie and the page's token."""
    return signed_in(play.owner)
