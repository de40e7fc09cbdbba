"""Rooms that stream at once: what the way from the worker to the client adds.

    python -m tests.bench.rooms --rooms 1 50 200 500 --seconds 30

Every room has one reader and answers again as soon as its question was spoken, so that after a
ramp of one question's length all rooms stream all the time. The clock of a turn starts when the
answer was accepted (the time in the log) and stops when the client has the first words; what the
provider itself takes until its first words is part of its plan and is taken off.
"""

import argparse
import asyncio
import time
from bisect import bisect_left
from dataclasses import dataclass

import aiohttp

from compose import local
from tests.bench import court, playing, readings
from tests.bench.playing import Heard, Player
from tests.bench.readings import say

RAMP_SECONDS = 10.5  # one question spoken
N_PLANNED = 400  # turns whose every word is compared with the provider's plan


@dataclass(frozen=True, slots=True)
class Window:
    """The time in which all rooms stream, and who used the machine in it."""

    began_at: float
    ended_at: float
    before: readings.Reading
    after: readings.Reading

    def holds(self, at: float | None) -> bool:
        """Return whether the time lies in the window."""
        return at is not None and self.began_at <= at < self.ended_at


def main() -> None:
    """Measure one number of rooms after the other on one stack."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rooms", type=int, nargs="+", default=[1, 50, 200, 500])
    parser.add_argument("--seconds", type=float, default=30.0, help="measured, after the ramp")
    asked = parser.parse_args()
    readings.say_where(
        f"rooms that always stream, a question of 1,200 characters at {court.PACE_CPS:g} a second"
    )
    with court.running(TURNS_CONCURRENCY=str(max(256, *asked.rooms) + 16)) as stack:
        for number, n_rooms in enumerate(asked.rooms):
            measure(stack, n_rooms, seconds=asked.seconds, first_seed=1 + number * 10_000)


def measure(stack: local.Stack, n_rooms: int, *, seconds: float, first_seed: int) -> None:
    """Play so many rooms at once and print what was measured."""
    seats = court.seats(n_rooms, first_seed=first_seed)
    players, window = asyncio.run(play(stack.port, seats, court.processes(stack), seconds))
    report(players, window)


async def play(
    port: int, seats: list[court.Seat], processes: dict[str, int], seconds: float
) -> tuple[list[Player], Window]:
    """Play the rooms; return who listened, and the time in which all of them streamed."""
    players = [Player(seat) for seat in seats]
    await playing.connect(port, players)
    began_at = time.time() + RAMP_SECONDS + 0.5
    ended_at = began_at + seconds
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}", connector=connector) as session:
        playing_on = [
            asyncio.create_task(_keep_answering(player, session, first, ended_at))
            for player, first in zip(players, _arrivals(len(players)), strict=True)
        ]
        await asyncio.sleep(began_at - time.time())
        before = readings.read(processes)
        await asyncio.sleep(ended_at - time.time())
        after = readings.read(processes)
        await asyncio.gather(*playing_on)
    for player in players:
        player.close()
    return players, Window(began_at, ended_at, before, after)


def _arrivals(n_rooms: int) -> list[float]:
    """Return when each room answers first: evenly over the ramp."""
    return [RAMP_SECONDS * number / n_rooms for number in range(n_rooms)]


async def _keep_answering(
    player: Player, session: aiohttp.ClientSession, first: float, until: float
) -> None:
    await asyncio.sleep(first)
    while time.time() < until and await player.answer(session):
        pass


def report(players: list[Player], window: Window) -> None:
    """Print what the players heard."""
    turns = list(playing.turns_of(players))
    took = window.ended_at - window.began_at
    deltas = [
        heard.arrivals[n][1] - (heard.arrivals[n - 1][1] if n else 0)
        for _, heard in turns
        for n in range(len(heard.arrivals))
        if window.holds(heard.arrivals[n][0])
    ]
    begun = [(player, heard) for player, heard in turns if window.holds(heard.first_at)]
    say()
    say(f"rooms      {len(players)}   turns begun {len(begun)}")
    say(f"accepted   {readings.spread(_added(begun, since='accepted'))}   to first words, added")
    say(f"sent       {readings.spread(_added(begun, since='sent'))}   to first words, added")
    say(f"late       {readings.spread(_lateness(begun))}   words behind the provider's plan")
    say(
        f"delivered  {len(deltas) / took:,.0f} deltas/s, {sum(deltas) / took:,.0f} characters/s, "
        f"{sum(deltas) / took / len(players):.0f} a room"
    )
    say(f"wrong      {_wrong(players)}")
    say(f"cores      {readings.shares(window.before, window.after)}")
    cost = readings.cost(window.before, window.after, n_deltas=len(deltas), n_turns=len(begun))
    say(f"cost       {cost}")


def _added(begun: list[tuple[Player, Heard]], *, since: str) -> list[float]:
    added = []
    for player, heard in begun:
        assert heard.first_at is not None
        from_ = heard.accepted_at if since == "accepted" else heard.sent_at
        added.append(heard.first_at - from_ - heard.plan(player.seat.seed)[0][1])
    return added


def _lateness(begun: list[tuple[Player, Heard]]) -> list[float]:
    """Return by how much words came later than planned, counted from the first words."""
    late: list[float] = []
    for player, heard in begun[:: max(1, len(begun) // N_PLANNED)]:
        plan = heard.plan(player.seat.seed)
        sizes = [characters for characters, _ in plan]
        first_at = heard.arrivals[0][0] - plan[bisect_left(sizes, heard.arrivals[0][1])][1]
        for at, characters in heard.arrivals[1:]:
            late.append(at - first_at - plan[bisect_left(sizes, characters)][1])
    return late


def _wrong(players: list[Player]) -> str:
    ended = [heard for _, heard in playing.turns_of(players) if heard.ended_at is not None]
    n_wrong = sum(heard.n_wrong for heard in ended)
    n_cut = sum(not heard.is_whole() for heard in ended)
    n_failed = sum(heard.ended_by != "turn.done" for heard in ended)
    reasons = {str(heard.end_data.get("reason")) for heard in ended} - {"None"}
    problems = [problem for player in players for problem in player.problems]
    first = f"; first: {problems[0][:160]}" if problems else ""
    return (
        f"{n_wrong} deltas lost or doubled, {n_cut} of {len(ended)} turns not to the letter, "
        f"{n_failed} turns not done {sorted(reasons) or ''}, {len(problems)} problems{first}"
    )


if __name__ == "__main__":
    main()
