"""The REST API at a steady rate: create, answer, read, list, without model time.

    python -m tests.bench.api --rate 100 --seconds 20

Requests are sent when they are due, whether or not earlier ones were answered, and a request's
time counts from when it was due. Created and answered rooms go on: their panels speak in the
workers while the API is measured.
"""

import argparse
import asyncio
import random
from collections import defaultdict
from dataclasses import dataclass, field
from uuid import uuid4

import aiohttp

from compose import local
from tests.bench import court, readings
from tests.bench.readings import say

SHARES = {"create": 5, "answer": 10, "read": 55, "list": 30}
_ANSWER = "I measured p99 for two weeks before the change: 900 ms, and 310 ms after it."
_ROOM = {
    "scenery": "group_grilling",
    "mode": "survive",
    "language": "en",
    "resume": {"sample": "backend"},
}


@dataclass(slots=True)
class Rehearsal:
    """What there is to ask, and what came of it."""

    session: aiohttp.ClientSession
    seats: list[court.Seat]
    unanswered: list[court.Seat]
    took: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    refused: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    async def ask(self, kind: str, due_at: float) -> None:
        """Make one request and note how long after it was due it was answered."""
        loop = asyncio.get_running_loop()
        method, path, body, headers = self._request(kind)
        async with self.session.request(method, path, json=body, headers=headers) as response:
            await response.read()
        self.took[kind].append(loop.time() - due_at)
        if response.status >= 300:
            self.refused[f"{kind} {response.status}"] += 1

    def _request(self, kind: str) -> tuple[str, str, object, dict[str, str]]:
        if kind == "list":
            return "GET", "/api/sceneries", None, {}
        if kind == "create":
            return "POST", "/api/rooms", _ROOM, {}
        seat = self.unanswered.pop() if kind == "answer" else random.choice(self.seats)
        headers = {"Authorization": f"Bearer {seat.token}"}
        if kind == "read":
            return "GET", seat.path, None, headers
        return "POST", f"{seat.path}/answer", {"text": _ANSWER, "client_id": str(uuid4())}, headers


def main() -> None:
    """Ask at the rate on a stack of its own and print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rate", type=float, default=100.0, help="requests a second")
    parser.add_argument("--seconds", type=float, default=20.0)
    asked = parser.parse_args()
    mix = ", ".join(f"{share} % {kind}" for kind, share in SHARES.items())
    readings.say_where(f"{asked.rate:g} requests/s for {asked.seconds:g} s: {mix}")
    n_requests = int(asked.rate * asked.seconds)
    with court.running() as stack:
        seats = court.seats(n_requests * SHARES["answer"] // 100 + 20)
        asyncio.run(_ask_all(stack, seats, n_requests=n_requests, rate=asked.rate))


async def _ask_all(
    stack: local.Stack, seats: list[court.Seat], *, n_requests: int, rate: float
) -> None:
    loop = asyncio.get_running_loop()
    kinds = [kind for kind, share in SHARES.items() for _ in range(n_requests * share // 100)]
    random.Random(1).shuffle(kinds)
    # Every request is a visitor of its own: cookies are not kept.
    async with aiohttp.ClientSession(
        f"http://127.0.0.1:{stack.port}",
        connector=aiohttp.TCPConnector(limit=0),
        cookie_jar=aiohttp.DummyCookieJar(),
    ) as session:
        rehearsal = Rehearsal(session, seats, list(seats))
        for kind in SHARES:  # what a process does once is not what is measured
            await rehearsal.ask(kind, loop.time())
        rehearsal.took.clear()
        before = readings.read(court.processes(stack))
        began_at = loop.time()
        asking = []
        for number, kind in enumerate(kinds):
            due_at = began_at + number / rate
            await asyncio.sleep(max(0.0, due_at - loop.time()))
            asking.append(asyncio.create_task(rehearsal.ask(kind, due_at)))
        await asyncio.gather(*asking)
        after = readings.read(court.processes(stack))
    _report(rehearsal, readings.shares(before, after), seconds=after.at - before.at)


def _report(rehearsal: Rehearsal, shares: str, *, seconds: float) -> None:
    say()
    every = [took for kind in rehearsal.took.values() for took in kind]
    for kind in SHARES:
        say(f"{kind:<11}{readings.spread(rehearsal.took[kind])}")
    say(f"{'all':<11}{readings.spread(every)}   {len(every) / seconds:,.0f} requests/s answered")
    say(f"refused    {dict(rehearsal.refused) or 'none'}")
    say(f"cores      {shares}")


if __name__ == "__main__":
    main()
