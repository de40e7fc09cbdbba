"""A data plane that serves, as programs find it: granian, a port, a model server behind it."""

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import anthropic
import openai
import pytest

from compose.local import free_port
from tests.fakes.upstream import Upstream, upstream_in_thread
from tests.integration.gateway.v1 import known

ROOT = Path(__file__).resolve().parents[4]
READY_SECONDS = 60.0


@pytest.fixture(scope="session")
def models() -> Iterator[Upstream]:
    """The model server behind the data plane."""
    with upstream_in_thread() as upstream:
        yield upstream


@pytest.fixture
def upstream(models: Upstream) -> Upstream:
    """The model server, with nothing to say from before."""
    models.forget()
    return models


@pytest.fixture(scope="session")
def frail_models() -> Iterator[str]:
    """Models with two targets each, none of which has failed yet."""
    return iter(known.FRAIL)


@pytest.fixture
def frail(frail_models: Iterator[str]) -> str:
    """A model of this test's own; its targets are asked for as ``<model>-1`` and ``<model>-2``."""
    return next(frail_models)


@pytest.fixture(scope="session")
def data_plane(models: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a data plane that serves."""
    with served(models, tmp_path_factory.mktemp("granian")) as (_, address):
        yield address


@contextmanager
def served(
    models: Upstream, folder: Path, *, prefix: str = ""
) -> Iterator[tuple["subprocess.Popen[bytes]", str]]:
    """Run a data plane of its own; its process and its address.

    Those of one ``prefix`` share a store.
    """
    port = free_port()
    log_path = folder / "log"
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            granian(port),
            cwd=ROOT,
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "config.settings",
                "DATA_DIR": str(folder),  # its journal is nobody else's
                "REDIS_PREFIX": prefix or f"v1-{port}:",
                "UPSTREAM_URL": models.url,
                "DRAIN_SECONDS": "1",
            },
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            wait_until_it_serves(process, port, log_path)
            yield process, f"http://127.0.0.1:{port}"
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def granian(port: int) -> list[str]:
    """Return the command; the options are those of ``compose/Procfile.gateway``."""
    options = ["--interface", "asgi", "--loop", "uvloop", "--http", "1", "--no-ws"]
    options += ["--log-level", "warning", "--workers-kill-timeout", "20"]
    target = "tests.integration.gateway.v1.served:application"
    return [sys.executable, "-m", "granian", "--port", str(port), *options, target]


def wait_until_it_serves(process: "subprocess.Popen[bytes]", port: int, log_path: Path) -> None:
    """Return once the process answers; fail with its log when it does not."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
            try:
                connection.request("GET", "/healthz")
                if connection.getresponse().status == 200:
                    return
            except OSError:
                time.sleep(0.05)
    pytest.fail(f"The data plane does not serve:\n{log_path.read_text()[-4000:]}")


@pytest.fixture
def program(data_plane: str) -> Iterator[openai.OpenAI]:
    """OpenAI's own client, which does not try again by itself."""
    with openai.OpenAI(
        api_key=known.SECRET, base_url=f"{data_plane}/v1", max_retries=0, timeout=20
    ) as client:
        yield client


@pytest.fixture
def scribe(data_plane: str) -> Iterator[anthropic.Anthropic]:
    """Anthropic's own client, which does not try again by itself."""
    with anthropic.Anthropic(
        api_key=known.SECRET, base_url=data_plane, max_retries=0, timeout=20
    ) as client:
        yield client
