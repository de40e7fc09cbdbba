"""Idle readers: what an open event stream costs, and whether it disturbs those that stream.

    python -m tests.bench.connections --idle 5000 --rooms 100 --seconds 20

The idle readers sit in rooms in which nothing happens; the others are played as in `rooms`.
"""

import argparse
import asyncio

from tests.bench import court, playing, readings, rooms
from tests.bench.event_stream import EventStream
from tests.bench.readings import say

READERS_PER_ROOM = 10
SETTLE_SECONDS = 3.0


def main() -> None:
    """Open the idle readers, weigh the web process, then let the rooms stream."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--idle", type=int, default=5000)
    parser.add_argument("--rooms", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=20.0)
    asked = parser.parse_args()
    readings.say_where(f"{asked.idle:,} idle event streams beside {asked.rooms} rooms that stream")
    with court.running() as stack:
        processes = court.processes(stack)
        idle_in = court.seats(max(1, asked.idle // READERS_PER_ROOM), first_seed=100_000)
        seats = court.seats(asked.rooms)
        players, window = asyncio.run(
            _play(stack.port, idle_in, seats, processes, n_idle=asked.idle, seconds=asked.seconds)
        )
    rooms.report(players, window)


async def _play(
    port: int,
    idle_in: list[court.Seat],
    seats: list[court.Seat],
    processes: dict[str, int],
    *,
    n_idle: int,
    seconds: float,
) -> tuple[list[playing.Player], rooms.Window]:
    # One room's worth first, so that what a process sets up once is not counted per reader.
    idle = [_reader(idle_in[0]) for _ in range(READERS_PER_ROOM)]
    await playing.connect(port, idle)
    await asyncio.sleep(SETTLE_SECONDS)
    before = readings.read(processes)
    more = [_reader(idle_in[n % len(idle_in)]) for n in range(n_idle - len(idle))]
    await playing.connect(port, more)
    idle += more
    await asyncio.sleep(SETTLE_SECONDS)
    after = readings.read(processes)
    grown = {name: after.rss[name] - before.rss[name] for name in ("web", "valkey")}
    say()
    say(
        f"idle       {len(more):,} more readers in {after.at - before.at - SETTLE_SECONDS:.1f} s: "
        f"{grown['web'] / len(more) / 1000:.1f} KB each in web, "
        f"{grown['valkey'] / len(more) / 1000:.1f} KB in valkey"
    )
    quiet = readings.read(processes)
    await asyncio.sleep(10)
    say(f"resting    {readings.shares(quiet, readings.read(processes))}")
    result = await rooms.play(port, seats, processes, seconds)
    n_held = sum(not reader.closed.done() for reader in idle)
    say(f"held       {n_held:,} of {len(idle):,} idle readers at the end")
    for reader in idle:
        reader.close()
    return result


def _reader(seat: court.Seat) -> EventStream:
    return EventStream(f"{seat.path}/events?fromOffset={seat.offset}", seat.token)


if __name__ == "__main__":
    main()
