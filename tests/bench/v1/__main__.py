"""Measures one gateway after another against the same model server.

    python -m tests.bench.v1 --peers ~/peers --seconds 8

Everything runs on this machine: gateways, model server and load. What counts are ratios within
one run. The bare passthrough is measured first and last, so that a machine which changed its mind
in between is seen to have done so.
"""

import argparse
import asyncio
import json
import random
import shutil
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from typing import Protocol

import uvloop

from compose.local import free_port
from tests.bench import readings
from tests.bench.readings import quantile, say
from tests.bench.v1 import chart, gateways, hotseat, load
from tests.bench.v1.gateways import NotInstalledError, Running
from tests.bench.v1.upstream import N_TOKENS

N_CLIENTS = 32
N_ALONE = 300
N_CANCELS = 100
_WARM_UP = 64
_HANG_UP_SECONDS = 2.0  # a paced stream is over by then, hung up on or not


class Asking(Protocol):
    """Makes a request to the gateway under measurement."""

    def __call__(self, model: str, *, is_streamed: bool) -> bytes:
        """Return one whole HTTP request."""
        ...


@dataclass(frozen=True, slots=True)
class Figures:
    """What one gateway did; times in seconds, CPU in seconds per 1,000 requests."""

    name: str
    requests_per_second: float
    streams_per_second: float
    hits_per_second: float | None
    first_p50: float
    first_p99: float
    per_chunk: float
    cancel_p50: float
    cancel_p99: float
    rss_mb: float
    cpu_per_thousand: float
    n_wrong: int


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers", type=Path, default=Path("peers"), help="where peers live")
    parser.add_argument("--seconds", type=float, default=8.0, help="of load a measurement")
    asked = parser.parse_args()
    readings.say_where(f"{N_CLIENTS} connections that ask again at once; streams of {N_TOKENS}")
    folder = Path(tempfile.mkdtemp(prefix="hotseat-bench-v1-"))
    folder.chmod(0o711)
    try:
        _compare(asked.peers.resolve(), folder, asked.seconds)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _compare(peers: Path, folder: Path, seconds: float) -> None:
    port = free_port()
    upstream_url = f"http://127.0.0.1:{port}"
    with gateways.upstream(port, folder):
        direct = Running("no gateway", port, {})
        base = _measured(nullcontext(direct), port, seconds)
        assert base is not None
        _report(base, base)
        found: list[Figures] = []
        for make in _makes(upstream_url, folder, peers):
            figures = _measured(make, port, seconds)
            if figures is not None:
                _report(figures, base)
                found.append(figures)
        _draw(found[:-1])  # the last is the first once more


def _makes(
    upstream_url: str, folder: Path, peers: Path
) -> Iterator[AbstractContextManager[Running]]:
    yield gateways.passthrough(free_port(), upstream_url, folder)
    yield hotseat.running(free_port(), upstream_url, folder)
    yield gateways.portkey(free_port(), upstream_url, folder, peers)
    yield gateways.litellm(free_port(), upstream_url, folder, peers)
    again = gateways.passthrough(free_port(), upstream_url, folder)
    yield _renamed(again, "bare passthrough, again")


@contextmanager
def _renamed(make: AbstractContextManager[Running], name: str) -> Iterator[Running]:
    with make as running:
        yield replace(running, name=name)


def _measured(
    make: AbstractContextManager[Running], upstream_port: int, seconds: float
) -> Figures | None:
    try:
        with make as running:
            return uvloop.run(_measure(running, upstream_port, seconds))
    except NotInstalledError as error:
        say(f"skipped    {error}")
        return None


async def _measure(running: Running, upstream_port: int, seconds: float) -> Figures:
    def asking(model: str, *, is_streamed: bool) -> bytes:
        return load.request(
            running.port,
            model=model,
            key=running.key,
            is_streamed=is_streamed,
            extra=running.headers,
        )

    whole, stream = asking("fast", is_streamed=False), asking("fast", is_streamed=True)
    before = readings.read(running.processes)
    plain, plain_rate, n_plain = await _sustained(running.port, whole, seconds)
    after = readings.read(running.processes)
    streams, stream_rate, _ = await _sustained(running.port, stream, seconds)
    hits = await _hits(running, asking, seconds)
    alone, _ = await load.ask(running.port, stream, n_clients=1, n_each=N_ALONE)
    cancels = await _cancels(running, upstream_port, asking("paced", is_streamed=True))
    used = sum(after.used.values()) - sum(before.used.values())
    return Figures(
        name=running.name,
        requests_per_second=plain_rate,
        streams_per_second=stream_rate,
        hits_per_second=hits,
        first_p50=quantile(alone.first, 0.5),
        first_p99=quantile(alone.first, 0.99),
        per_chunk=quantile(alone.whole, 0.5) / N_TOKENS,
        cancel_p50=quantile(cancels, 0.5),
        cancel_p99=quantile(cancels, 0.99),
        rss_mb=sum(readings.read(running.processes).rss.values()) / 2**20,
        cpu_per_thousand=used / n_plain * 1000 if n_plain else 0.0,
        n_wrong=plain.n_wrong + streams.n_wrong + alone.n_wrong,
    )


async def _sustained(port: int, request: bytes, seconds: float) -> tuple[load.Tally, float, int]:
    """Ask for about so many seconds; return the tally, the rate, and how many were asked."""
    first, took = await load.ask(port, request, n_clients=N_CLIENTS, n_each=_WARM_UP // N_CLIENTS)
    rate = max(1.0, first.n_done / took)
    first, took = await load.ask(
        port, request, n_clients=N_CLIENTS, n_each=max(1, int(rate / N_CLIENTS))
    )
    rate = max(1.0, first.n_done / took)
    n_each = max(1, int(rate * seconds / N_CLIENTS))
    tally, took = await load.ask(port, request, n_clients=N_CLIENTS, n_each=n_each)
    return tally, tally.n_done / took, tally.n_done + first.n_done + _WARM_UP


async def _hits(running: Running, asking: Asking, seconds: float) -> float | None:
    """Return how many answers a second are given again, None where none are kept."""
    if not running.kept_model:
        return None
    again = asking(running.kept_model, is_streamed=False)
    _, rate, _ = await _sustained(running.port, again, seconds)
    return rate


async def _cancels(running: Running, upstream_port: int, request: bytes) -> list[float]:
    """Hang up on streams at random moments; return how long each upstream call outlived it.

    Infinity for a gateway that reads on to the end.
    """
    await asyncio.to_thread(_seen, upstream_port)
    roll = random.Random(7)
    latencies: list[float] = []
    while len(latencies) < N_CANCELS and latencies[-3:] != [inf] * 3:
        at = await load.hang_up_on(running.port, request, after_seconds=0.03 + roll.random() * 0.15)
        latencies.append(await _outlived(at, upstream_port))
    return latencies


async def _outlived(hung_up_at: float, upstream_port: int) -> float:
    given_up_at = time.monotonic() + _HANG_UP_SECONDS
    while time.monotonic() < given_up_at:
        if seen := await asyncio.to_thread(_seen, upstream_port):
            return max(0.0, seen[-1] - hung_up_at)
        await asyncio.sleep(0.002)
    return inf


def _seen(upstream_port: int) -> list[float]:
    with urllib.request.urlopen(f"http://127.0.0.1:{upstream_port}/seen", timeout=5) as answer:
        hung_up_at: list[float] = json.load(answer)["hung_up_at"]
        return hung_up_at


def _report(figures: Figures, base: Figures) -> None:
    say()
    say(f"{figures.name}")
    say(f"  requests   {figures.requests_per_second:10,.0f} /s")
    say(f"  streams    {figures.streams_per_second:10,.0f} /s")
    if figures.hits_per_second is not None:
        say(f"  kept       {figures.hits_per_second:10,.0f} /s")
    added_p50 = (figures.first_p50 - base.first_p50) * 1000
    added_p99 = (figures.first_p99 - base.first_p99) * 1000
    say(f"  first      p50 {added_p50:+.2f}   p99 {added_p99:+.2f} ms added, one at a time")
    say(f"  per chunk  {(figures.per_chunk - base.per_chunk) * 1e6:+.1f} us added")
    say(
        f"  cancel     p50 {figures.cancel_p50 * 1000:.1f}   p99 {figures.cancel_p99 * 1000:.1f} ms"
    )
    say(f"  memory     {figures.rss_mb:.0f} MB")
    say(f"  processor  {figures.cpu_per_thousand:.2f} s per 1,000 requests")
    if figures.n_wrong:
        say(f"  wrong      {figures.n_wrong} answers were not whole")


def _draw(found: list[Figures]) -> None:
    """Print the rates as charts."""
    whole = [(each.name, each.requests_per_second) for each in found]
    kept = [(f"{each.name}, kept", each.hits_per_second) for each in found if each.hits_per_second]
    streams = [(each.name, each.streams_per_second) for each in found]
    say()
    say(chart.bars("Whole answers", "a second", [*whole, *kept]))
    say(chart.bars(f"Streams of {N_TOKENS}", "a second", streams))


if __name__ == "__main__":
    main()
