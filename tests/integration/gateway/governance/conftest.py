"""A configuration in a real database; word of changes goes to a board in memory."""

from collections.abc import Iterator

import pytest
from django.test import Client

from gateway import runtime, snapshot
from gateway.domain.audit import Actor, Via
from gateway.models import Provider, Tenant, User
from gateway.services import configuration, tenants
from tests.fakes.notices import Board, MemoryNotices

ADA = Actor("ada", Via.CLI)


@pytest.fixture(autouse=True)
def board() -> Iterator[Board]:
    """Where word of changes is heard; the real way comes back after the test."""
    board = Board()
    snapshot.use(lambda: MemoryNotices(board))
    yield board
    snapshot.stop()
    snapshot.use(runtime.notices)


@pytest.fixture
def ada() -> Actor:
    """Who changes things here."""
    return ADA


@pytest.fixture
def tenant(db: None) -> Tenant:
    """A tenant without anything."""
    return tenants.add(name="acme", actor=ADA)


@pytest.fixture
def provider(db: None) -> Provider:
    """A local server that speaks OpenAI's dialect."""
    fields = {"adapter": "openai", "base_url": "http://127.0.0.1:9/v1", "is_local": True}
    return configuration.add_provider(name="local", fields=fields, actor=ADA)


@pytest.fixture
def operator(db: None) -> Client:
    """A browser with an operator signed in."""
    user = User.objects.create_user("ada", password="x", is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(user)
    return client
