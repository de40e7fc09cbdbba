"""A whole stack of its own for a bench, on a folder that is gone afterwards."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import django

from compose import local

PACE_CPS = 115.0  # how fast the panel of a bench speaks; see `seating`


@dataclass(frozen=True, slots=True)
class Seat:
    """A room to play in, and what lets a program in."""

    room_id: str
    token: str
    seed: int
    offset: int

    @property
    def path(self) -> str:
        """Return the room's path in the API."""
        return f"/api/rooms/{self.room_id}"


#: Everybody in a bench comes from one address.
_WITHOUT_LIMITS = dict.fromkeys(
    ("ROOMS_PER_ADDRESS", "RESUMES_PER_ADDRESS", "READERS_PER_ROOM", "READERS_PER_ADDRESS"), "0"
)


@contextmanager
def running(**environment: str) -> Iterator[local.Stack]:
    """Yield a running stack; Django is set up on its database in this process as well."""
    folder = Path(tempfile.mkdtemp(prefix="hotseat-bench-"))
    folder.chmod(0o711)
    settings = {"LOG_LEVEL": "WARNING", "DRAIN_SECONDS": "1", **_WITHOUT_LIMITS, **environment}
    stack = local.Stack(data_dir=folder, port=local.free_port(), extra=settings)
    try:
        with stack:
            os.environ.update({**settings, "DATA_DIR": str(folder)})
            os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
            django.setup()
            yield stack
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def seats(n_rooms: int, *, first_seed: int = 1) -> list[Seat]:
    """Return new rooms in which the first question was asked and an answer is expected."""
    # The models can be imported only once Django is set up, which is when a stack runs.
    made: list[Seat] = import_module("tests.bench.seating").seats(n_rooms, first_seed=first_seed)
    return made


def processes(stack: local.Stack) -> dict[str, int]:
    """Return the process ids of the stack and of this process by name."""
    servers = {"postgres": "postgres/postmaster.pid", "valkey": "valkey/valkey.pid"}
    return {
        **{name: stack.pid_of(name) for name in stack.names},
        **{
            name: int((stack.data_dir / path).read_text(encoding="utf-8").split()[0])
            for name, path in servers.items()
        },
        "load": os.getpid(),
    }
