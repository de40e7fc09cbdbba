"""One throw-away Postgres and Valkey per test run, shared by every worker of pytest-xdist.

They start in the process that runs pytest itself (half a second), never in a worker, so that no
worker takes them down for the others. A run of unit tests alone starts nothing.
"""

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import redis
import redis.asyncio
from django.utils import translation
from hypothesis import HealthCheck, settings

from compose import embedded, prepare
from tests.fakes.ledger import MemoryLedger

# How long an example takes depends on who else uses the machine: no test is about that.
settings.register_profile("hotseat", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("hotseat")

_servers: list[embedded.Postgres | embedded.Valkey] = []


def pytest_configure(config: pytest.Config) -> None:
    """Start the servers, unless this is a worker or only unit tests were asked for."""
    if hasattr(config, "workerinput") or config.option.help:
        return
    prepare.compile_messages(config.rootpath / "locale")
    if _only_unit_tests(config):
        return
    stack = Path(os.environ["HOTSEAT_TEST_STACK"])
    stack.chmod(0o711)
    sockets = embedded.socket_folder(stack)
    if "TEST_DATABASE_URL" not in os.environ:
        _servers.append(
            embedded.Postgres(stack / "postgres", sockets / "postgres", is_durable=False)
        )
    if "TEST_REDIS_URL" not in os.environ:
        _servers.append(embedded.Valkey(stack / "valkey", sockets, is_durable=False))
    for server in _servers:
        server.launch()
    for server in _servers:
        server.wait()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the servers and remove their files."""
    for server in reversed(_servers):
        server.stop()
    _servers.clear()
    if not hasattr(config, "workerinput"):
        shutil.rmtree(os.environ["HOTSEAT_TEST_STACK"], ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test by the folder it lives in, so ``-m unit`` and its like always work."""
    root = Path(__file__).parent
    for item in items:
        kind = item.path.relative_to(root).parts[0]
        if kind in {"unit", "integration", "contracts", "live", "e2e", "bench"}:
            item.add_marker(kind)


@pytest.fixture(autouse=True, scope="session")
def house_ledger() -> Iterator[MemoryLedger]:
    """The ledger of this process's engine, in memory: its thread would outlive any database."""
    ledger = MemoryLedger()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("gateway.runtime.wiring.ledger", lambda: ledger)
        yield ledger


@pytest.fixture(autouse=True)
def default_language() -> None:
    """No test speaks the language in which another one asked for a page."""
    translation.deactivate()


@pytest.fixture(scope="session")
def redis_url() -> str:
    """The address of this worker's own Redis database (channels are shared: prefix them)."""
    return os.environ["REDIS_URL"]


@pytest.fixture(scope="session")
def redis_prefix() -> str:
    """The prefix of this worker's keys and channels."""
    return os.environ["REDIS_PREFIX"]


@pytest.fixture
def redis_client(redis_url: str) -> Iterator[redis.Redis]:
    """A client on an empty Redis database."""
    with redis.Redis.from_url(redis_url) as client:
        client.flushdb()
        yield client


@pytest.fixture
async def aredis_client(redis_url: str) -> AsyncIterator[redis.asyncio.Redis]:
    """The asynchronous twin of ``redis_client``."""
    async with redis.asyncio.Redis.from_url(redis_url) as client:
        await client.flushdb()
        yield client


def _only_unit_tests(config: pytest.Config) -> bool:
    asked = [argument.split("::")[0] for argument in config.args]
    unit = Path(__file__).parent / "unit"
    return bool(asked) and all(
        Path(config.invocation_params.dir, path).resolve().is_relative_to(unit) for path in asked
    )
