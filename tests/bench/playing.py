"""A candidate of a bench: listens to one room, answers it, and checks every word it hears."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

import aiohttp

from gateway.domain.scripting import pacing
from tests.bench.court import PACE_CPS, Seat
from tests.bench.event_stream import DeltaFrame, EventStream, SnapshotFrame

PATIENCE_SECONDS = 60.0
_ENDS = {"turn.done", "turn.cancelled", "turn.failed", "turn.rejected"}
_ANSWER = (
    "I measured before I touched anything: over two weeks p99 was 900 ms with a baseline of "
    "1,200 requests a second, and the flame graph of week {n} showed that 61 % of it was "
    "serialisation. I decided against a second cache because an invalidation bug would have cost "
    "us wrong balances, so I moved the encoding out of the request and kept one writer. It failed "
    "once, when a deploy doubled the connections; since then there is a limit and an alert at "
    "80 %. After the change p99 was 310 ms, and I would do it the same way again."
)


@dataclass(slots=True)
class Heard:
    """One turn as it reached the client; times are Unix seconds of one host."""

    turn_id: str
    accepted_at: float
    sent_at: float
    started_at: float | None = None
    ended_at: float | None = None
    ended_by: str = ""
    end_data: dict[str, Any] = field(default_factory=dict)
    parts: list[str] = field(default_factory=list)
    arrivals: list[tuple[float, int]] = field(default_factory=list)
    last_seq: int = 0
    n_characters: int = 0
    n_wrong: int = 0

    @property
    def first_at(self) -> float | None:
        """Return when the first words arrived."""
        return self.arrivals[0][0] if self.arrivals else None

    def take(self, at: float, text: str) -> None:
        """Take words."""
        self.parts.append(text)
        self.n_characters += len(text)
        self.arrivals.append((at, self.n_characters))

    def is_whole(self) -> bool:
        """Return whether what came word by word is, to the letter, what the record says."""
        return "".join(self.parts) == self.end_data.get("text", self.end_data.get("kept_text"))

    def is_kept(self) -> bool:
        """Return whether what came word by word begins what an interruption left on record."""
        return str(self.end_data.get("kept_text")).startswith("".join(self.parts))

    def plan(self, seed: int) -> list[tuple[int, float]]:
        """Return the provider's own plan: after how many seconds so many characters are out."""
        plan, characters, seconds = [], 0, 0.0
        said = self.end_data.get("text", "")
        for chunk in pacing(said, pace_cps=PACE_CPS, seed=seed + int(self.turn_id[1:])):
            characters += len(chunk.text)
            seconds += chunk.delay_seconds
            plan.append((characters, seconds))
        return plan


class Player(EventStream):
    """One seat: the open stream and all turns heard on it."""

    def __init__(self, seat: Seat) -> None:
        """Listen from where the room stands."""
        super().__init__(f"{seat.path}/events?fromOffset={seat.offset}", seat.token)
        self.seat = seat
        self.turns: dict[str, Heard] = {}
        self.problems: list[str] = []
        self.is_settled = False
        self._sent_at = 0.0
        self._accepted_at = 0.0
        self._n_answers = 0
        self._over = asyncio.Event()

    @property
    def now(self) -> Heard:
        """Return the turn heard last."""
        return next(reversed(self.turns.values()))

    async def answer(self, session: aiohttp.ClientSession) -> bool:
        """Answer and hear the reply to its end; return False when something was in the way."""
        self._n_answers += 1
        body = {"text": _ANSWER.format(n=self._n_answers), "client_id": str(uuid4())}
        return await self._ask(session, "answer", body)

    async def ask_again(self, session: aiohttp.ClientSession) -> bool:
        """Have the last question asked again, and hear it to its end."""
        return await self._ask(session, "retry", {})

    async def _ask(self, session: aiohttp.ClientSession, call: str, body: dict[str, str]) -> bool:
        self._over.clear()
        self._sent_at = time.time()
        try:
            async with session.post(
                f"{self.seat.path}/{call}", json=body, headers=self.headers
            ) as response:
                if response.status != 202:
                    self.problems.append(f"{call} {response.status} {await response.text()}")
                    return False
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._over.wait()
        except (aiohttp.ClientError, TimeoutError) as error:
            self.problems.append(f"{call} {type(error).__name__}")
            return False
        return True

    @property
    def headers(self) -> dict[str, str]:
        """Return what lets the player in."""
        return {"Authorization": f"Bearer {self.seat.token}"}

    def on_fact(self, fact: dict[str, Any]) -> None:
        """Follow the life of the turn."""
        kind = fact["type"]
        if kind == "answer.submitted":
            self._accepted_at = _unix(fact["at"])
        elif kind == "turn.planned":
            heard = Heard(fact["turn_id"], self._accepted_at, self._sent_at)
            self.turns[heard.turn_id] = heard
        elif kind == "turn.started":
            self.now.started_at = time.time()
            self.on_started(self.now)
        elif kind in _ENDS:
            heard = self.now
            heard.ended_at, heard.ended_by, heard.end_data = time.time(), kind, fact["data"]
            self._over.set()
        elif kind == "room.settled":
            self.is_settled = True
            self._over.set()

    def on_started(self, heard: Heard) -> None:
        """Take note that the panel begins to speak."""

    def on_delta(self, delta: DeltaFrame) -> None:
        """Take words; they must follow on the last ones, of the turn being spoken."""
        heard = self.turns.get(delta.turn_id)
        if heard is None or heard.ended_at is not None or delta.seq != heard.last_seq + 1:
            self.problems.append(f"delta {delta.turn_id} {delta.seq}")
            if heard is not None:
                heard.n_wrong += 1
            return
        heard.last_seq = delta.seq
        heard.take(time.time(), delta.text)

    def on_snapshot(self, snapshot: SnapshotFrame) -> None:
        """Take words that replace; in a connection that stays, only the first may."""
        heard = self.turns[snapshot.turn_id]
        if heard.last_seq:
            self.problems.append(f"snapshot {snapshot.turn_id} {snapshot.upto_seq}")
        heard.last_seq = snapshot.upto_seq
        heard.parts.clear()
        if snapshot.text:
            heard.n_characters = 0
            heard.take(time.time(), snapshot.text)


async def connect(port: int, readers: Sequence[EventStream], *, at_once: int = 20) -> None:
    """Open the streams, a few at a time."""
    loop = asyncio.get_running_loop()
    places = asyncio.Semaphore(at_once)

    async def open_one(reader: EventStream) -> None:
        async with places:
            await loop.create_connection(lambda: reader, "127.0.0.1", port)
            status = await reader.opened
            if status != 200:
                raise RuntimeError(f"a stream was refused with {status}")

    await asyncio.gather(*(open_one(reader) for reader in readers))


def turns_of(players: list[Player]) -> Iterator[tuple[Player, Heard]]:
    """Yield every turn of every player."""
    for player in players:
        for heard in player.turns.values():
            yield player, heard


def _unix(at: str) -> float:
    return datetime.fromisoformat(at).timestamp()
