"""One running game for all live tests, with servers, database and workers of its own."""

import asyncio
import os
import signal
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from compose import embedded, local
from tests.live.player import Player

TEND_EVERY_SECONDS = 0.1


@dataclass(slots=True)
class House:
    """The stack, and the accidents that can happen to it."""

    stack: local.Stack
    # What starts a process must outlive it: a child ends with the thread that made it.
    hand: ThreadPoolExecutor

    def end(self, process: str, number: signal.Signals) -> None:
        """Send a signal to one of the processes; what falls over is started again."""
        os.killpg(self.stack.pid_of(process), number)

    async def restart_server(self, kind: type[embedded.Postgres | embedded.Valkey]) -> None:
        """Stop a server as its administrator would, and start it on the same data."""
        (server,) = [found for found in self.stack._servers if isinstance(found, kind)]
        for step in (server.stop, server.launch, server.wait):
            await asyncio.get_running_loop().run_in_executor(self.hand, step)


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The running game; somebody looks after its processes."""
    own = dict.fromkeys(("DATABASE_URL", "REDIS_URL", "STATIC_ROOT", "DATABASE_POOL_SIZE"), "")
    own |= {"REDIS_PREFIX": "live:", "ENV_FILE": os.devnull, "DRAIN_SECONDS": "2"}
    own |= {"TURNS_WORKERS": "1"}  # so that the one that is killed is the one that speaks
    stack = local.Stack(data_dir=tmp_path_factory.mktemp("live"), port=local.free_port(), extra=own)
    with stack as running, ThreadPoolExecutor(1, "hand") as hand:
        is_over = threading.Event()
        carer = threading.Thread(target=_look_after, args=(running, hand, is_over), name="carer")
        carer.start()
        yield House(running, hand)
        is_over.set()
        carer.join()


def _look_after(stack: local.Stack, hand: ThreadPoolExecutor, is_over: threading.Event) -> None:
    while not is_over.wait(TEND_EVERY_SECONDS):
        hand.submit(stack.tend).result()


@pytest.fixture
async def player(house: House) -> AsyncIterator[Player]:
    """A candidate in a room of their own; the first turn is being spoken, or soon will be."""
    async with Player(house.stack.url) as arrived:
        yield await arrived.open()
