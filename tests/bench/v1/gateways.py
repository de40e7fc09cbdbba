"""The gateways under comparison: how each is started, and what a request to it must carry."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

N_WORKERS = 2
_READY_SECONDS = 90.0
_LITELLM_CONFIG = """
model_list:
  - model_name: fast
    litellm_params: {{model: openai/fast, api_base: "{upstream}/v1", api_key: sk-upstream}}
  - model_name: paced
    litellm_params: {{model: openai/paced, api_base: "{upstream}/v1", api_key: sk-upstream}}
general_settings: {{master_key: sk-bench}}
litellm_settings: {{telemetry: false}}
"""


@dataclass(frozen=True, slots=True)
class Running:
    """A gateway that serves: its door, its processes by name, what a request to it carries.

    ``kept_model`` is one whose answers it keeps, empty where it keeps none.
    """

    name: str
    port: int
    processes: Mapping[str, int]
    key: str = "sk-bench"
    headers: tuple[str, ...] = ()
    kept_model: str = ""


class NotInstalledError(Exception):
    """A peer is not on this machine; the message says how it gets there."""


@contextmanager
def started(command: list[str], *, folder: Path, **environment: str) -> Iterator[int]:
    """Yield the id of a process that is ended, with its family, afterwards."""
    log = folder / f"{Path(command[0]).name}.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **environment},
            cwd=folder if "litellm" in command[0] else None,
        )
    try:
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def upstream(port: int, folder: Path) -> Iterator[int]:
    """Yield the process id of the model server."""
    command = [sys.executable, "-m", "tests.bench.v1.upstream", "--port", str(port)]
    with started(command, folder=folder) as pid:
        wait_for(port)
        yield pid


@contextmanager
def passthrough(port: int, upstream_url: str, folder: Path) -> Iterator[Running]:
    """Yield the ceiling: granian and aiohttp, and nothing between them."""
    command = [str(Path(sys.executable).with_name("granian")), "--interface", "asgi"]
    command += ["--port", str(port), "--workers", str(N_WORKERS), "--loop", "uvloop"]
    command += ["--no-access-log", "tests.bench.v1.passthrough:application"]
    with started(command, folder=folder, UPSTREAM=upstream_url) as pid:
        wait_for(port)
        yield Running("bare passthrough", port, {"gateway": pid})


@contextmanager
def litellm(port: int, upstream_url: str, folder: Path, peers: Path) -> Iterator[Running]:
    """Yield LiteLLM's proxy with a master key and nothing else switched on."""
    program = peers / "litellm" / "bin" / "litellm"
    if not program.exists():
        raise NotInstalledError(f"python -m venv {peers}/litellm, then pip install litellm[proxy]")
    config = folder / "litellm.yaml"
    config.write_text(_LITELLM_CONFIG.format(upstream=upstream_url), encoding="utf-8")
    command = [str(program), "--config", str(config), "--host", "127.0.0.1", "--port", str(port)]
    command += ["--num_workers", str(N_WORKERS)]
    quiet = {"LITELLM_LOG": "ERROR", "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    with started(command, folder=folder, **quiet) as pid:
        wait_for(port)
        yield Running(f"LiteLLM {_version(program)}", port, {"gateway": pid})


@contextmanager
def portkey(port: int, upstream_url: str, folder: Path, peers: Path) -> Iterator[Running]:
    """Yield Portkey's gateway; it has one process and no key of its own to check."""
    package = peers / "portkey" / "node_modules" / "@portkey-ai" / "gateway"
    if not package.exists():
        raise NotInstalledError(f"npm install @portkey-ai/gateway@1.15.2 in {peers}/portkey")
    version = json.loads((package / "package.json").read_text(encoding="utf-8"))["version"]
    program = str(package / "build" / "start-server.js")
    command = ["node", program, "--headless", f"--port={port}"]
    with started(command, folder=folder, NODE_ENV="production") as pid:
        wait_for(port)
        headers = ("x-portkey-provider: openai", f"x-portkey-custom-host: {upstream_url}/v1")
        yield Running(f"Portkey {version}", port, {"gateway": pid}, headers=headers)


def wait_for(port: int) -> None:
    """Return once somebody listens on the port; give up after a minute and a half."""
    given_up_at = time.monotonic() + _READY_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=2).close()
        except OSError:
            if time.monotonic() > given_up_at:
                raise
            time.sleep(0.1)
        else:
            return


def _version(program: Path) -> str:
    script = "import importlib.metadata as m; print(m.version('litellm'))"
    done = subprocess.run(
        [str(program.with_name("python")), "-c", script], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()
