"""Interruptions at random points of a turn while other rooms stream.

    python -m tests.bench.cancel --rooms 100 --cancels 300

Half of the rooms always stream; in the others every turn is interrupted at a random moment
between its queueing and the question's end. Measured at the client: from the interrupt's
acceptance (its 202) and from its sending to the turn's terminal event. Measured by the worker
and read from the log: from the order to the provider being closed.
"""

import argparse
import asyncio
import random
import time
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import aiohttp

from compose import local
from tests.bench import court, playing, readings
from tests.bench.playing import Heard, Player
from tests.bench.readings import say

LONGEST_SECONDS = 9.0  # a question takes a little longer, so every cancel has something to cut


class Interrupter(Player):
    """A player who interrupts every turn at a random moment, often early."""

    def __init__(self, seat: court.Seat, session: aiohttp.ClientSession) -> None:
        """Begin with no interruption."""
        super().__init__(seat)
        self.sent: dict[str, float] = {}
        self.accepted: dict[str, float] = {}
        self.n_too_late = 0
        self._session = session
        self._interruption: asyncio.Task[None] | None = None

    @property
    def has_heard_nothing(self) -> bool:
        """Return whether the last turn was interrupted before its first word."""
        if not self.turns or self.now.ended_by != "turn.cancelled":
            return False
        return not self.now.end_data["kept_text"]

    def on_fact(self, fact: dict[str, Any]) -> None:
        """Decide on the moment as soon as the turn is queued."""
        super().on_fact(fact)
        if fact["type"] == "turn.queued":
            self._interruption = asyncio.create_task(self._interrupt(self.now))

    async def wait(self) -> None:
        """Return once the interruption has its answer."""
        if self._interruption is not None:
            await self._interruption

    async def _interrupt(self, heard: Heard) -> None:
        await asyncio.sleep(LONGEST_SECONDS * random.random() ** 2)
        self.sent[heard.turn_id] = time.time()
        call = f"{self.seat.path}/cancel"
        async with self._session.post(call, json={}, headers=self.headers) as reply:
            if reply.status == HTTPStatus.ACCEPTED:
                self.accepted[heard.turn_id] = time.time()
            else:
                self.n_too_late += 1


def main() -> None:
    """Interrupt so many turns on a stack of its own and print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rooms", type=int, default=100)
    parser.add_argument("--cancels", type=int, default=300)
    asked = parser.parse_args()
    readings.say_where(
        f"{asked.rooms} rooms at {court.PACE_CPS:g} characters a second; "
        f"in half of them every turn is interrupted, {asked.cancels} times in all"
    )
    with court.running(TURNS_CONCURRENCY=str(max(256, asked.rooms + 16))) as stack:
        seats = court.seats(asked.rooms)
        asyncio.run(_play(stack, seats, n_cancels=asked.cancels))


async def _play(stack: local.Stack, seats: list[court.Seat], *, n_cancels: int) -> None:
    half = len(seats) // 2
    over = asyncio.Event()
    connector = aiohttp.TCPConnector(limit=0)
    url = f"http://127.0.0.1:{stack.port}"
    async with aiohttp.ClientSession(url, connector=connector) as session:
        steady = [Player(seat) for seat in seats[:half]]
        nervous = [Interrupter(seat, session) for seat in seats[half:]]
        await playing.connect(stack.port, [*steady, *nervous])
        streaming = [asyncio.create_task(_keep_answering(p, session, over)) for p in steady]
        before = readings.read(court.processes(stack))
        left = iter(range(n_cancels))
        await asyncio.gather(*(_keep_interrupting(p, session, left) for p in nervous))
        after = readings.read(court.processes(stack))
        over.set()
        await asyncio.gather(*streaming)
    _report(nervous, readings.shares(before, after))


async def _keep_answering(
    player: Player, session: aiohttp.ClientSession, over: asyncio.Event
) -> None:
    await asyncio.sleep(random.uniform(0, LONGEST_SECONDS))
    while not over.is_set() and await player.answer(session):
        pass


async def _keep_interrupting(
    player: Interrupter, session: aiohttp.ClientSession, left: Iterator[int]
) -> None:
    for _ in left:
        if player.has_heard_nothing:
            await player.ask_again(session)
        else:
            await player.answer(session)
        await player.wait()
        if player.is_settled:
            return


def _report(players: list[Interrupter], shares: str) -> None:
    cut = [
        (player, heard)
        for player in players
        for heard in player.turns.values()
        if heard.ended_by == "turn.cancelled" and heard.turn_id in player.accepted
    ]
    say()
    say(f"cancelled  {len(cut)} turns, {_phases([heard for _, heard in cut])}")
    say(f"accepted   {readings.spread(_until_ended(cut, 'accepted'))}   to the terminal event")
    say(f"sent       {readings.spread(_until_ended(cut, 'sent'))}   to the terminal event")
    closed = [heard.end_data["latency_ms"] / 1000 for _, heard in cut if heard.started_at]
    say(f"provider   {readings.spread(closed)}   from the order to its stream closed")
    say(f"wrong      {_wrong(players, [heard for _, heard in cut])}")
    say(f"cores      {shares}")


def _phases(turns: list[Heard]) -> str:
    n_queued = sum(heard.started_at is None for heard in turns)
    n_silent = sum(heard.started_at is not None and not heard.parts for heard in turns)
    return f"{n_queued} while queued, {n_silent} before the first words, the rest in mid-speech"


def _until_ended(cut: list[tuple[Interrupter, Heard]], since: str) -> list[float]:
    return [
        max(0.0, (heard.ended_at or 0.0) - getattr(player, since)[heard.turn_id])
        for player, heard in cut
    ]


def _wrong(players: list[Interrupter], cut: list[Heard]) -> str:
    n_cut_short = sum(not heard.is_kept() for heard in cut)
    n_open = sum(not heard.end_data["provider_closed"] for heard in cut)
    n_too_late = sum(player.n_too_late for player in players)
    problems = [problem for player in players for problem in player.problems]
    first = f"; first: {problems[0][:160]}" if problems else ""
    return (
        f"{n_cut_short} of {len(cut)} turns whose kept text is not what was heard, "
        f"{n_open} providers left open, {n_too_late} interruptions that came too late, "
        f"{len(problems)} problems{first}"
    )


if __name__ == "__main__":
    main()
