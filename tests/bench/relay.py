"""How many deltas a second one process speaks and another one hears.

    python -m tests.bench.relay --streams 1000 --rate 50 --seconds 10

Speaker and listener are two processes on one store. Every stream has one reader; a reader
compares the text it holds at the end with the text that was spoken. Times are wall clock of
one host: a delta carries the time it was written, the reader takes the time it was applied.
"""

import argparse
import asyncio
import multiprocessing
import os
import platform
import subprocess
import sys
import time

from redis.asyncio import Redis

from gateway.adapters.redis.relay import RedisRelay
from gateway.adapters.redis.relay_hub import RedisRelayHub
from gateway.domain.relay import Delta, Snapshot
from tests.bench import bench_store

PREFIX = "bench:"


def say(line: str) -> None:
    """Write a line to the terminal."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def speak(url: str, *, n_streams: int, rate: float, seconds: float) -> None:
    """Write deltas to every stream at the rate; each text is the time it was written."""
    relay = RedisRelay(
        Redis.from_url(url), prefix=PREFIX, flush_seconds=0.01, maxlen=5000, ttl_seconds=600
    )
    loop = asyncio.get_running_loop()
    writers = [relay.open(f"s{index}") for index in range(n_streams)]
    n_rounds = int(rate * seconds)
    # Streams speak out of step, as people do: ten groups, each a tenth of the interval apart.
    groups = [writers[index::10] for index in range(10)]
    began_at = loop.time()
    cpu_before = time.process_time()
    for number in range(n_rounds):
        for index, group in enumerate(groups):
            due_at = began_at + (number + index / 10) / rate
            await asyncio.sleep(max(0.0, due_at - loop.time()))
            text = f"{time.time():.6f} "
            for writer in group:
                writer.write(text)
    took = loop.time() - began_at
    await asyncio.gather(*(writer.end("stop") for writer in writers))
    used = (time.process_time() - cpu_before) / took
    say(f"spoken     {n_rounds * n_streams / took:10,.0f} deltas/s   cpu {used:.0%}")
    await relay.aclose()


async def hear(url: str, *, n_streams: int, n_per_stream: int, ready: object) -> None:
    """Read every stream to its end and print rate, latency and what was wrong."""
    hub = RedisRelayHub(Redis.from_url(url), Redis.from_url(url), prefix=PREFIX)
    latencies: list[float] = []
    counts = [0, 0]

    async def read(stream_id: str) -> None:
        text: list[str] = []
        async with hub.reader(stream_id) as reader:
            async for items in reader.batches():
                now = time.time()
                for item in items:
                    if isinstance(item, Snapshot):
                        text = [item.text]
                    elif isinstance(item, Delta):
                        text.append(item.text)
                        counts[0] += 1
                        latencies.append(now - float(item.text[:17]))
        if "".join(text).count(" ") != n_per_stream:
            counts[1] += 1

    tasks = [asyncio.create_task(read(f"s{index}")) for index in range(n_streams)]
    await asyncio.sleep(1.0)
    ready.set()  # type: ignore[attr-defined]
    began_at, cpu_before = time.monotonic(), time.process_time()
    await asyncio.gather(*tasks)
    took = time.monotonic() - began_at
    latencies.sort()
    p50, p95, p99 = (latencies[int(len(latencies) * q)] * 1000 for q in (0.5, 0.95, 0.99))
    used = (time.process_time() - cpu_before) / took
    say(f"heard      {counts[0] / took:10,.0f} entries/s  cpu {used:.0%}")
    say(f"latency    p50 {p50:.1f} ms   p95 {p95:.1f} ms   p99 {p99:.1f} ms")
    say(f"wrong      {counts[1]} of {n_streams} streams")
    await hub.aclose()


def main() -> None:
    """Run the two processes and print what they measured."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--streams", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=50.0, help="deltas per second and stream")
    parser.add_argument("--seconds", type=float, default=10.0)
    asked = parser.parse_args()
    with bench_store.store() as url:
        measure(url, n_streams=asked.streams, rate=asked.rate, seconds=asked.seconds)


def measure(url: str, *, n_streams: int, rate: float, seconds: float) -> None:
    """Run the speaker here and the listener in a process of its own."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    say(
        f"machine    {os.cpu_count()} cores, {platform.machine()}, "
        f"Python {platform.python_version()}"
    )
    say(f"commit     {commit}")
    say(f"offered    {n_streams} streams x {rate:g} deltas/s for {seconds:g} s")
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    n_per_stream = int(rate * seconds)
    listener = context.Process(target=_hear, args=(url, n_streams, n_per_stream, ready))
    listener.start()
    ready.wait()
    asyncio.run(speak(url, n_streams=n_streams, rate=rate, seconds=seconds))
    listener.join()


def _hear(url: str, n_streams: int, n_per_stream: int, ready: object) -> None:
    asyncio.run(hear(url, n_streams=n_streams, n_per_stream=n_per_stream, ready=ready))


if __name__ == "__main__":
    main()
