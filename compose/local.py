"""The whole game on this machine: ``make run``.

Starts Postgres and Valkey (unless DATABASE_URL and REDIS_URL name others), prepares the database,
starts the processes of the Procfile, prints the address, and on Ctrl-C or SIGTERM stops all of it
in order: the web process lets its streams go, the workers finish, then the servers close.
"""

import argparse
import fcntl
import http.client
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO

from compose.embedded import Postgres, StackError, Valkey, make_private, socket_folder
from compose.supervisor import Process, Supervisor, read_procfile
from config import env

ROOT = Path(__file__).resolve().parent.parent
_READY_SECONDS = 90.0
_STOP_SECONDS = 10.0
_POLL_SECONDS = 0.05
_HIGHEST_PORT = 65_535
_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_METRICS_PORTS = {"turns": 1101, "background": 1102}  # 9101 and 9102 beside port 8000
_NEXT_WORKERS_PORT = 100  # the second worker for turns has 9201
_USUAL_TURNS_WORKERS = 2
_MOST_TURNS_WORKERS = 16


class FolderInUseError(StackError):
    """Another stack runs in this folder."""


class _Stopped(Exception):  # noqa: N818  not a failure: somebody asked us to stop
    """Ctrl-C, SIGTERM or a closed terminal."""


@dataclass(slots=True)
class Stack:
    """Servers and processes of one data folder; a context manager."""

    data_dir: Path
    port: int
    bind: str = "127.0.0.1"
    is_verbose: bool = False
    extra: dict[str, str] = field(default_factory=dict)
    procfile: str = "Procfile"
    _servers: list[Postgres | Valkey] = field(default_factory=list)
    _supervisor: Supervisor = field(default_factory=lambda: Supervisor([]))
    _cleanup: ExitStack = field(default_factory=ExitStack)

    @property
    def url(self) -> str:
        """The address to open in a browser."""
        return f"http://{'localhost' if self.bind in {'127.0.0.1', '0.0.0.0'} else self.bind}:{self.port}/"  # noqa: S104, E501

    def __enter__(self) -> "Stack":
        """Start everything and return once it serves."""
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Stop everything."""
        self.stop()

    def start(self) -> None:
        """Start everything; raise StackError with one sentence when something is in the way."""
        check_folder(self.data_dir)
        check_port(self.bind, self.port)
        environment = self._environment()
        self._furnish(environment)
        self._supervisor.processes = self._processes(environment)
        self._supervisor.start()
        self._wait_until_ready()

    def tend(self) -> None:
        """Look after the processes and the servers' logs once."""
        self._supervisor.tend()
        for server in self._servers:
            server.tend()

    def stop(self) -> None:
        """Stop the processes, then the servers."""
        try:
            self._supervisor.stop(within_seconds=_STOP_SECONDS)
        finally:
            for server in reversed(self._servers):
                server.stop()
            self._cleanup.close()

    @property
    def names(self) -> tuple[str, ...]:
        """Return what its processes are called."""
        return tuple(process.name for process in self._supervisor.processes)

    def pid_of(self, name: str) -> int:
        """Return the process id of one of the processes, for tests that kill it."""
        for process in self._supervisor.processes:
            if process.name == name and process.child is not None:
                return process.child.pid
        raise KeyError(name)

    def _n_sharing(self) -> int:
        """Return how many processes share every limit while the store is away."""
        return len(("web", "background")) + self._n_turns_workers()

    def _n_turns_workers(self) -> int:
        """Return how many processes speak turns; raise StackError for no such number."""
        given = self.extra.get("TURNS_WORKERS") or os.environ.get("TURNS_WORKERS")
        if not given:
            # One is bound by its own interpreter long before two cores are taken.
            return _USUAL_TURNS_WORKERS if (os.cpu_count() or 1) > 1 else 1
        if given.isdecimal() and 1 <= int(given) <= _MOST_TURNS_WORKERS:
            return int(given)
        raise StackError(
            f"TURNS_WORKERS is a whole number from 1 to {_MOST_TURNS_WORKERS}, not {given!r}."
        )

    def _environment(self) -> dict[str, str]:
        defaults = {
            "BIND": self.bind,
            "TURNS_CONCURRENCY": "256",
            "BACKGROUND_CONCURRENCY": "8",
            "DRAIN_SECONDS": "5",
            "GATEWAY_REPLICAS": str(self._n_sharing()),
            "LOG_FORMAT": "console" if self.is_verbose else "json",
        }
        own = {
            "PORT": str(self.port),
            "DATA_DIR": str(self.data_dir),
            "PYTHONUNBUFFERED": "1",
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        given = {name: value for name, value in os.environ.items() if value}
        return {**defaults, **given, **own, **self.extra}

    def _furnish(self, environment: dict[str, str]) -> None:
        """Make this folder ours, with servers that run in it and a database that is prepared."""
        self._cleanup.enter_context(hold(self.data_dir / "run" / "lock"))
        self._start_servers(environment)
        self._prepare(environment)

    def _start_servers(self, environment: dict[str, str]) -> None:
        sockets = socket_folder(self.data_dir)
        lines: list[str] = []
        if not environment.get("DATABASE_URL"):
            postgres = Postgres(self.data_dir / "postgres", sockets / "postgres")
            self._servers.append(postgres)
            environment["DATABASE_URL"] = postgres.url
            lines.append(f"DATABASE_URL={postgres.url}")
        if not environment.get("REDIS_URL"):
            valkey = Valkey(self.data_dir / "valkey", sockets)
            self._servers.append(valkey)
            environment["REDIS_URL"] = valkey.url
            lines.append(f"REDIS_URL={valkey.url}")
        for server in self._servers:
            server.launch()
        for server in self._servers:
            server.wait()
        # manage.py in another terminal finds the servers by this file; see config/settings.py.
        found = self.data_dir / "run" / "stack.env"
        found.touch(mode=0o600)
        found.write_text("\n".join(lines) + "\n", encoding="utf-8")
        self._cleanup.callback(found.unlink, missing_ok=True)

    def _prepare(self, environment: dict[str, str]) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "compose.prepare"],
            env=environment,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=None if self.is_verbose else subprocess.PIPE,
            stderr=None if self.is_verbose else subprocess.STDOUT,
            check=False,
            start_new_session=True,
            umask=0o077,
        )
        if done.returncode != 0:
            output = (done.stdout or b"").decode(errors="replace").strip()
            log = self.data_dir / "run" / "prepare.log"
            log.write_text(output, encoding="utf-8")
            last = output.splitlines()[-1] if output else "no output"
            raise StackError(f"The database could not be prepared: {last}\nThe whole story: {log}")

    def _processes(self, environment: dict[str, str]) -> list[Process]:
        logs = self.data_dir / "logs"
        logs.mkdir(exist_ok=True)
        logs.chmod(0o700)
        commands = read_procfile(ROOT / "compose" / self.procfile, environment)
        if "turns" in commands:
            commands |= self._more_turns_workers(commands["turns"])
        return [
            Process(
                name=name,
                command=command,
                environment={**environment, "COMPONENT": name, **self._metrics_port(name)},
                log_path=None if self.is_verbose else logs / f"{name}.log",
            )
            for name, command in commands.items()
        ]

    def _more_turns_workers(self, first: list[str]) -> dict[str, list[str]]:
        """Return the commands of all but the first, each under a name of its own."""
        names = [f"turns-{number}" for number in range(2, self._n_turns_workers() + 1)]
        return {name: [word.replace("turns@", f"{name}@") for word in first] for name in names}

    def _metrics_port(self, name: str) -> dict[str, str]:
        worker, _, number = name.partition("-")
        if worker not in _METRICS_PORTS:
            return {}
        port = self.port + _METRICS_PORTS[worker] + _NEXT_WORKERS_PORT * (int(number or 1) - 1)
        return {"METRICS_PORT": str(port)} if port <= _HIGHEST_PORT else {}

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        answer = "no answer"
        while time.monotonic() < deadline:
            self._supervisor.tend()
            status, answer = readiness(self.bind, self.port)
            if status == http.HTTPStatus.OK:
                return
            time.sleep(_POLL_SECONDS)
        raise StackError(f"Nothing was ready after {_READY_SECONDS:.0f} s: {answer}")


def check_folder(folder: Path) -> None:
    """Raise StackError unless files can be made in this folder."""
    probe = folder / "run" / f"probe-{secrets.token_hex(4)}"
    try:
        make_private(folder)
        probe.parent.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        reason = (error.strerror or "no reason given").lower()
        raise StackError(
            f"The data folder {folder} cannot be written to ({reason}); "
            "choose another: make run DATA_DIR=/some/folder"
        ) from None


def check_port(bind: str, port: int) -> None:
    """Raise StackError unless a server could listen there."""
    family = socket.AF_INET6 if ":" in bind else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((bind, port))
        except PermissionError:
            raise StackError(
                f"Port {port} needs more rights than this user has; try: make run PORT=8000"
            ) from None
        except OSError:
            raise StackError(
                f"Port {port} is already in use; choose another: make run PORT={port + 1}"
            ) from None


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main(arguments: list[str] | None = None) -> int:
    """Run the game until asked to stop; return the exit code."""
    try:
        env.load_file(ROOT / ".env")
        options = _parse(arguments)
    except env.EnvError as error:
        return complain(str(error))
    stack = Stack(
        data_dir=(ROOT / options.data_dir).resolve(),
        port=options.port or free_port(),
        bind=options.bind,
        is_verbose=options.verbose,
    )
    return serve(stack, banner=_banner)


def serve(stack: Stack, *, banner: Callable[[Stack], str]) -> int:
    """Run a stack until asked to stop; return the exit code."""
    for number in _ENDINGS:
        signal.signal(number, _interrupt)
    try:
        stack.start()
        print(banner(stack), flush=True)
        while True:
            time.sleep(_POLL_SECONDS * 4)
            stack.tend()
    except _Stopped:
        print("\nStopping ... 正在收摊……", file=sys.stderr, flush=True)
        return 0
    except StackError as error:
        return complain(str(error))
    finally:
        _stay_until_the_end()
        stack.stop()


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make run", description="Run Hotseat on this machine.")
    add = parser.add_argument
    add("--port", type=int, default=env.integer("PORT", default=8000), help="0: any free one")
    add("--bind", default=env.text("BIND", default="127.0.0.1"), help="address to listen on")
    add(
        "--data-dir", default=env.text("DATA_DIR", default=".data"), help="where everything is kept"
    )
    add(
        "--verbose",
        action="store_true",
        default=env.flag("VERBOSE", default=False),
        help="log to the terminal instead of to files",
    )
    return parser.parse_args(arguments)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    _stay_until_the_end()
    raise _Stopped


def _stay_until_the_end() -> None:
    """A second Ctrl-C must not leave a server behind; what follows is bounded in time."""
    for number in _ENDINGS:
        signal.signal(number, signal.SIG_IGN)


def hold(path: Path) -> IO[str]:
    """Return the locked file that says this folder is in use."""
    file = path.open("a+", encoding="ascii")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.seek(0)
        holder = file.read().strip() or "another process"
        file.close()
        raise FolderInUseError(
            f"Hotseat already runs from {path.parent.parent} (process {holder}); "
            "stop it first, or choose another folder with DATA_DIR."
        ) from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def readiness(bind: str, port: int) -> tuple[int, str]:
    """Return the status and the body of ``/readyz``; 0 while nobody answers."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(bind, bind)  # noqa: S104
    with closing(http.client.HTTPConnection(host, port, timeout=3.0)) as connection:
        try:
            connection.request("GET", "/readyz")
            response = connection.getresponse()
            return response.status, response.read().decode(errors="replace")
        except (OSError, http.client.HTTPException):
            return 0, "no answer"


def _banner(stack: Stack) -> str:
    return (
        "\n"
        "  ▌ HOTSEAT · 三堂会审\n"
        "  ▌\n"
        f"  ▌ {stack.url}\n"
        "  ▌\n"
        "  ▌ The panel is seated and your chair is warm. Ctrl-C adjourns.\n"
        "  ▌ 三位考官已落座，就差你了。按 Ctrl-C 退堂。\n"
        "  ▌\n"
        f"  ▌ data {stack.data_dir}\n"
    )


def complain(sentence: str) -> int:
    """Say what is wrong and return the exit code of it."""
    print(f"\n{sentence}\n", file=sys.stderr, flush=True)
    return 1


if __name__ == "__main__":
    sys.exit(main())
