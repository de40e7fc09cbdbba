"""What the pipeline itself costs: CPU per request, and per delta of a stream.

    python -m tests.bench.pipeline --requests 5000 --deltas 200

Everything outside is a fake in memory that answers at once, so what is left is the pipeline.
Time is this process's CPU, which other processes on the machine do not lengthen.
"""

import argparse
import asyncio
import logging
import os
import platform
import sys
import time

from gateway.domain.caller import Caller
from gateway.domain.catalog import Key, Tenant
from gateway.domain.gate import Departure, Entered, Entrance, Place, Progress
from gateway.domain.messages import (
    ChatRequest,
    Delta,
    Dialect,
    Finish,
    FinishReason,
    Original,
    Passthrough,
    Start,
    Usage,
    UsageSource,
)
from gateway.domain.money import Entry, Price
from gateway.domain.ports import Ports
from gateway.domain.rate_limit import Dimension, Limit, Unit
from gateway.services import completion
from gateway.services.calls import Call
from gateway.services.heartbeat import Heart
from gateway.services.watchdog import Watchdog
from tests.fakes import gateway as fakes

BODY = b'{"model":"m","messages":[{"role":"user","content":"' + b"why " * 50 + b'"}]}'
FRAME = b'data: {"choices":[{"delta":{"content":"so"}}]}\n\n'
USAGE = Usage(60, 20, UsageSource.PROVIDER)
WARM_UP = 300


def say(line: str) -> None:
    """Write a line to the terminal."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


class OpenGate:
    """A gate that lets everybody in at once, to leave its own cost out."""

    async def enter(self, entrance: Entrance) -> Entered:
        """Let in."""
        return Entered(0)

    async def move(self, holder: str, places: tuple[Place, ...]) -> int:
        """Give the first place."""
        return 0

    async def renew(self, progress: list[Progress]) -> None:
        """Do nothing."""

    async def leave(self, departure: Departure) -> None:
        """Do nothing."""


class BlankLedger:
    """A ledger that only counts."""

    n_entries = 0

    def record(self, entry: Entry) -> None:
        """Count."""
        self.n_entries += 1


async def cpu_seconds(ports: Ports, *, n_requests: int, n_deltas: int) -> float:
    """Return the CPU the requests took, one after another."""
    heart = Heart(ports, beat_seconds=3600.0)
    limits = tuple(Limit(Dimension.KEY, unit, 10**9) for unit in (Unit.REQUESTS, Unit.TOKENS))
    caller = Caller(Key("k1", Tenant("acme"), limits=limits), ip="10.0.0.1")
    catalog = ports.catalog()
    original = Original(Dialect.SCRIPT, BODY, is_readable=False)

    async def one(number: int) -> None:
        request = ChatRequest(
            f"q{number}",
            "",
            "m",
            original=original,
            input_estimate=60,
            is_streamed=n_deltas > 1,
            max_output_tokens=100,
        )
        call = Call(request, Watchdog(), caller=caller, catalog=catalog)
        async for _ in completion.stream(call, ports=ports, heart=heart):
            pass

    for number in range(WARM_UP):
        await one(number)
    began = time.process_time()
    for number in range(n_requests):
        await one(number)
    return time.process_time() - began


def bare_ports(n_deltas: int) -> Ports:
    """Return ports around a provider that says so many frames at once."""
    start, done = Start("q", "a", "m1"), Finish(FinishReason.STOP, USAGE)
    body: list[Delta] = (
        [Passthrough(FRAME, 1)] * n_deltas
        if n_deltas > 1
        else [Passthrough(FRAME, 20, is_whole=True)]
    )
    price = Price("p", input=150_000, output=600_000)
    targets = [fakes.make_target(name, "m1", price=price) for name in "ab"]
    ports = fakes.make_ports(
        provider=fakes.FakeProvider(start, *body, done), catalog=fakes.make_catalog(*targets)
    )
    object.__setattr__(ports, "gate", OpenGate())
    object.__setattr__(ports, "ledger", BlankLedger())
    return ports


def main() -> None:
    """Print the machine, then the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=5000)
    parser.add_argument("--deltas", type=int, default=200)
    given = parser.parse_args()
    logging.disable(logging.INFO)
    say(f"{platform.python_implementation()} {platform.python_version()}, {os.cpu_count()} cores")
    whole = asyncio.run(cpu_seconds(bare_ports(1), n_requests=given.requests, n_deltas=1))
    say(f"whole answer      {whole / given.requests * 1e6:8.1f} us of CPU per request")
    n_streams = max(1, given.requests // 20)
    short = asyncio.run(cpu_seconds(bare_ports(2), n_requests=n_streams, n_deltas=2))
    long = asyncio.run(
        cpu_seconds(bare_ports(given.deltas), n_requests=n_streams, n_deltas=given.deltas)
    )
    per_delta = (long - short) / n_streams / (given.deltas - 2)
    say(f"stream            {short / n_streams * 1e6:8.1f} us of CPU per request of two deltas")
    say(f"each further delta {per_delta * 1e6:7.2f} us of CPU")


if __name__ == "__main__":
    main()
