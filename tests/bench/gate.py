"""What it costs to enter and to leave the gate, for the client and for the store.

    python -m tests.bench.gate --concurrency 1 32 --seconds 4

So many callers enter and leave as fast as they can, or stay about as long as a quick upstream
takes, under two rate limits of their key and one of their tenant, a limit of concurrent requests,
one budget and two candidates, with a record of 300 bytes for the reaper. The client's CPU is
that of the whole process, the callers' own loop included; the store's is what the store says of
itself. A bare round trip is measured beside it.
"""

import argparse
import asyncio
import cProfile
import itertools
import os
import platform
import pstats
import random
import resource
import subprocess
import sys
import time

import uvloop
from redis.asyncio import Redis

from gateway.adapters.redis.gate import GateTiming, RedisGate
from gateway.domain.gate import Departure, Entered, Entrance, Place, Reservation
from gateway.domain.money import Budget
from gateway.domain.rate_limit import Algorithm, Claim, Dimension, Limit, Unit
from tests.bench import bench_store

PREFIX = "bench:"
PLENTY = 1_000_000_000
RECORD = b"x" * 300
PLACES = (Place("one", 10_000), Place("two", 10_000))
BUDGET = Budget("key:0", PLENTY)
LIMITS = (
    Limit(Dimension.KEY, Unit.REQUESTS, PLENTY),
    Limit(Dimension.KEY, Unit.TOKENS, PLENTY),
    Limit(Dimension.TENANT, Unit.TOKENS, PLENTY, algorithm=Algorithm.SLIDING_WINDOW),
    Limit(Dimension.KEY, Unit.CONCURRENT, 10_000),
)


def say(line: str) -> None:
    """Write a line to the terminal."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def nothing_spent(subject: str, since: int) -> int:
    """Return what a new ledger holds."""
    return 0


def cpu_seconds() -> float:
    """Return what this process has used."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def store_seconds(client: Redis) -> tuple[float, int]:
    """Return the CPU the store has used, and how often the script was called."""
    cpu = await client.info("cpu")
    calls = (await client.info("commandstats")).get("cmdstat_fcall", {"calls": 0})["calls"]
    return cpu["used_cpu_user"] + cpu["used_cpu_sys"], calls


async def come_and_go(
    gate: RedisGate, numbers: "itertools.count[int]", until: float, hold_seconds: float
) -> int:
    """Enter, stay so long and leave, until then; return how often."""
    n_entered = 0
    while time.monotonic() < until:
        number = next(numbers)
        holder = f"{number:032x}"
        key = f"key-{number % 20}"
        claims = tuple(Claim(limit, key, 1000) for limit in LIMITS)
        wanted = Entrance(holder, claims, (Reservation(BUDGET, 5),), PLACES, RECORD)
        answer = await gate.enter(wanted)
        assert isinstance(answer, Entered)
        assert not answer.is_degraded
        if hold_seconds:
            await asyncio.sleep(hold_seconds * random.uniform(0.5, 1.5))
        await gate.leave(Departure(holder, tokens=700, cost_microusd=3))
        n_entered += 1
    return n_entered


async def measure(url: str, *, concurrency: int, seconds: float, hold_seconds: float = 0.0) -> None:
    """Print what entering and leaving costs at the concurrency."""
    client = Redis.from_url(url)
    timing = GateTiming(answer_seconds=5.0)
    gate = RedisGate(client, prefix=PREFIX, spent=nothing_spent, timing=timing)
    numbers = itertools.count()
    await come_and_go(gate, numbers, time.monotonic() + 0.3, 0.0)
    store_before, calls_before = await store_seconds(client)
    cpu_before, began_at = cpu_seconds(), time.monotonic()
    counts = await asyncio.gather(
        *(come_and_go(gate, numbers, began_at + seconds, hold_seconds) for _ in range(concurrency))
    )
    await gate.flush()
    took, used, n_entered = time.monotonic() - began_at, cpu_seconds() - cpu_before, sum(counts)
    store_after, calls_after = await store_seconds(client)
    per_entrance = 1_000_000 / n_entered
    say(
        f"{concurrency:4} callers {hold_seconds * 1000:3.0f} ms"
        f" {n_entered / took:8,.0f} entrances/s"
        f"   client {used * per_entrance:6.1f} us"
        f"   store {(store_after - store_before) * per_entrance:6.1f} us"
        f"   {n_entered / max(1, calls_after - calls_before):5.1f} entrances per call"
    )
    await gate.aclose()
    await client.aclose()


async def measure_round_trip(url: str, *, seconds: float) -> None:
    """Print what one bare command costs, one at a time."""
    client = Redis.from_url(url)
    await client.ping()
    cpu_before, began_at, n_pings = cpu_seconds(), time.monotonic(), 0
    while time.monotonic() < began_at + seconds:
        await client.ping()
        n_pings += 1
    used = cpu_seconds() - cpu_before
    say(f"   bare PING {n_pings / seconds:10,.0f} a second   client {used * 1e6 / n_pings:6.1f} us")
    await client.aclose()


async def run(url: str, arguments: argparse.Namespace) -> None:
    """Measure everything that was asked for."""
    await measure_round_trip(url, seconds=1.0)
    for concurrency in arguments.concurrency:
        for hold_seconds in arguments.hold_seconds:
            await measure(
                url,
                concurrency=concurrency,
                seconds=arguments.seconds,
                hold_seconds=hold_seconds,
            )


def main() -> None:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--concurrency", type=int, nargs="+", default=[1, 8, 32, 128])
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--hold-seconds", type=float, nargs="+", default=[0.0, 0.008])
    parser.add_argument("--profile", action="store_true", help="say where the client's time goes")
    arguments = parser.parse_args()
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    say(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    say(f"commit {commit}")
    profile = cProfile.Profile()
    with bench_store.store() as url:
        if arguments.profile:
            profile.enable()
        uvloop.run(run(url, arguments))
        profile.disable()
    if arguments.profile:
        pstats.Stats(profile).sort_stats("tottime").print_stats(25)


if __name__ == "__main__":
    main()
