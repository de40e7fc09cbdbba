"""The programs' side alone: ``make gateway`` serves ``/v1`` from several processes.

Beside a running ``make run`` of the same data folder it uses that stack's database and Redis,
and leaves to it what is done in the background; otherwise it starts its own in the folder.
Servers named by DATABASE_URL and REDIS_URL win.
"""

import argparse
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from compose import local
from compose.local import ROOT, Stack
from compose.supervisor import Process
from config import env

_KILL_SECONDS = 5  # after the drain: what is still open then will not end by itself


@dataclass
class Gateway(Stack):
    """The data plane of one data folder; a context manager."""

    n_workers: int = 2
    procfile: str = "Procfile.gateway"
    _is_guest: bool = False

    def _n_sharing(self) -> int:
        """Return how many share a limit: the game's processes may be there as well."""
        return super()._n_sharing() + self.n_workers

    def _environment(self) -> dict[str, str]:
        environment = super()._environment()
        drain_seconds = float(environment["DRAIN_SECONDS"])
        return environment | {
            "GATEWAY_WORKERS": str(self.n_workers),
            "KILL_SECONDS": str(round(drain_seconds) + _KILL_SECONDS),
            "PROMETHEUS_MULTIPROC_DIR": str(self._fresh_metrics_folder()),
        }

    def _furnish(self, environment: dict[str, str]) -> None:
        """Use the stack that already runs in this folder, or make one."""
        try:
            super()._furnish(environment)
        except local.FolderInUseError:
            self._is_guest = True
            print("Using the database and Redis of the stack that runs already.", flush=True)

    def _processes(self, environment: dict[str, str]) -> list[Process]:
        """Leave out what the stack that runs in this folder does for both."""
        processes = super()._processes(environment)
        return [each for each in processes if each.name == "gateway" or not self._is_guest]

    def _fresh_metrics_folder(self) -> Path:
        folder = self.data_dir / "run" / f"metrics-{self.port}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder


def main(arguments: list[str] | None = None) -> int:
    """Serve until asked to stop; return the exit code."""
    try:
        env.load_file(ROOT / ".env")
        options = _parse(arguments)
    except env.EnvError as error:
        return local.complain(str(error))
    stack = Gateway(
        data_dir=(ROOT / options.data_dir).resolve(),
        port=options.port or local.free_port(),
        bind=options.bind,
        is_verbose=options.verbose,
        n_workers=options.workers,
    )
    return local.serve(stack, banner=_banner)


def _banner(stack: Stack) -> str:
    return f"\n  ▌ {stack.url}v1\n  ▌ for programs with a key. Ctrl-C ends it.\n"


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make gateway", description="Serve /v1 to programs.")
    add = parser.add_argument
    add("--port", type=int, default=env.integer("PORT", default=8100), help="0: any free one")
    add("--bind", default=env.text("BIND", default="127.0.0.1"), help="address to listen on")
    add("--data-dir", default=env.text("DATA_DIR", default=".data"), help="where things are kept")
    workers = env.integer("GATEWAY_WORKERS", default=max(2, os.cpu_count() or 1), minimum=1)
    add("--workers", type=int, default=workers, help="processes that serve")
    add(
        "--verbose",
        action="store_true",
        default=env.flag("VERBOSE", default=False),
        help="log to the terminal instead of to a file",
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
