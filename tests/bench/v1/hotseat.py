"""Our own gateway for the comparison: ``make gateway`` with a key that has every kind of limit."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from compose.gateway import Gateway
from tests.bench.v1.gateways import N_WORKERS, Running

_MANY = "100000000"  # limits are kept and counted like any other, and never reached


@contextmanager
def running(port: int, upstream_url: str, folder: Path) -> Iterator[Running]:
    """Yield it with key, request, token and money limits, breaker and metrics switched on."""
    data_dir = folder / "hotseat"
    data_dir.mkdir(mode=0o711)
    stack = Gateway(
        data_dir=data_dir, port=port, n_workers=N_WORKERS, extra={"LOG_LEVEL": "WARNING"}
    )
    with stack:
        manage = _Manage(data_dir)
        base_url = f"{upstream_url}/v1"
        manage(
            *("provider", "add", "upstream", "--adapter", "openai", "--base-url", base_url),
            *("--places", "4096", "--local"),
        )
        for model in ("fast", "paced"):
            manage("route", "add", model, "--target", f"upstream/{model}")
        manage("route", "add", "kept", "--target", "upstream/fast", "--cache", "600")
        key = manage(
            *("key", "create", "--tenant", "bench", "--create-tenant"),
            *("--rpm", _MANY, "--budget", "1000000"),
        )
        yield Running(
            "Hotseat", port, {"gateway": stack.pid_of("gateway")}, key=key, kept_model="kept"
        )


class _Manage:
    """The operator's commands, on the stack of a folder."""

    def __init__(self, data_dir: Path) -> None:
        self._environment = {**os.environ, "DATA_DIR": str(data_dir)}

    def __call__(self, *words: str) -> str:
        """Return what the command printed."""
        command = [sys.executable, "manage.py", "gateway", *words]
        done = subprocess.run(
            command, env=self._environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(words)}: {done.stderr[-2000:]}")
        return done.stdout.strip()
