"""``make gateway`` by itself does all that ``/v1`` needs, also what nobody is there to finish."""

import http.client
import json
import signal
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psutil
import psycopg
import pytest

from compose import local
from compose.gateway import Gateway
from tests.factories.operators import SERVERS_OF_ITS_OWN, operate
from tests.fakes.upstream import Reply, Upstream, upstream_in_thread

PATIENCE_SECONDS = 60.0
PREFIX = "alone:"
IMPATIENT = {
    "REDIS_PREFIX": PREFIX,
    "LEASE_SECONDS": "0.6",
    "HEARTBEAT_SECONDS": "0.2",
    "GATEWAY_REAP_EVERY_SECONDS": "0.3",
    "SHUTDOWN_SECONDS": "1",
}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """The programs' side with servers of its own, on an empty folder."""
    folder = tmp_path_factory.mktemp("alone")
    folder.chmod(0o711)
    data_dir = folder / "data"
    data_dir.mkdir(mode=0o711)
    extra = {**SERVERS_OF_ITS_OWN, **IMPATIENT}
    with Gateway(data_dir=data_dir, port=local.free_port(), n_workers=1, extra=extra) as stack:
        yield stack


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """A model server that says three words and then no more."""
    with upstream_in_thread() as found:
        found.otherwise = Reply(stall_after=3)
        yield found


@contextmanager
def answering(stack: Gateway, key: str) -> Iterator[None]:
    """Hold a connection on which an answer has begun to stream."""
    asked = {"model": "fast", "stream": True, "messages": [{"role": "user", "content": "Go."}]}
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    server = http.client.HTTPConnection("127.0.0.1", stack.port, timeout=PATIENCE_SECONDS)
    with closing(server) as connection:
        connection.request("POST", "/v1/chat/completions", json.dumps(asked), headers)
        with closing(connection.getresponse()) as answer:
            assert answer.status == 200, answer.read()
            while b'"content"' not in answer.readline():
                pass
            yield


def rows(stack: Gateway) -> list[tuple[str, str]]:
    """Return the state and the end of every attempt in the ledger."""
    lines = Path(stack.data_dir, "run", "stack.env").read_text(encoding="utf-8").splitlines()
    found = dict(line.split("=", 1) for line in lines)
    with psycopg.connect(found["DATABASE_URL"]) as connection:
        return connection.execute("SELECT state, end_reason FROM gateway_usagerecord").fetchall()


def test_what_a_killed_process_used_is_written_down(stack: Gateway, upstream: Upstream):
    for words in (
        ("provider", "add", "here", "--adapter", "openai", "--base-url", upstream.base_url,
         "--local"),
        ("route", "add", "fast", "--target", "here/m"),
    ):  # fmt: skip
        operate(stack.data_dir, *words, prefix=PREFIX)
    words = ("key", "create", "--tenant", "t", "--create-tenant")
    key = operate(stack.data_dir, *words, prefix=PREFIX)

    with answering(stack, key):
        for worker in psutil.Process(stack.pid_of("gateway")).children():
            worker.send_signal(signal.SIGKILL)
    given_up_at = time.monotonic() + PATIENCE_SECONDS
    while not (found := rows(stack)) and time.monotonic() < given_up_at:
        stack.tend()

    assert found == [("settled", "crashed")]
