"""One timer for all who wait on a loop."""

import asyncio
from dataclasses import dataclass, field

from gateway.services.rounds import Rounds, rounds_here

LONG = 3600.0


@dataclass(eq=False)
class Waiter:
    """Notes when it was told, among others in the order they were."""

    told: list["Waiter"] = field(default_factory=list)
    again_on: Rounds | None = None
    heard: asyncio.Event = field(default_factory=asyncio.Event)

    def due(self) -> None:
        """Note it, and wait once more if told to."""
        self.told.append(self)
        self.heard.set()
        if self.again_on is not None:
            self.again_on.wait(self, due_at=self.again_on.now)
            self.again_on = None


async def test_whoever_is_due_is_told_once() -> None:
    rounds, waiter = rounds_here(), Waiter()
    rounds.wait(waiter, due_at=rounds.now)
    await waiter.heard.wait()
    later = Waiter()
    rounds.wait(later, due_at=rounds.now)
    await later.heard.wait()
    assert waiter.told == [waiter]


async def test_who_left_is_not_told() -> None:
    rounds, gone, here = rounds_here(), Waiter(), Waiter()
    rounds.wait(gone, due_at=rounds.now)
    rounds.wait(here, due_at=rounds.now)
    rounds.leave(gone)
    rounds.leave(gone)
    await here.heard.wait()
    assert gone.told == []


async def test_a_later_word_replaces_an_earlier_one() -> None:
    rounds, moved, here = rounds_here(), Waiter(), Waiter()
    rounds.wait(moved, due_at=rounds.now)
    rounds.wait(moved, due_at=rounds.now + LONG)
    rounds.wait(here, due_at=rounds.now)
    await here.heard.wait()
    assert moved.told == []


async def test_who_is_due_soon_does_not_wait_for_who_is_due_late() -> None:
    rounds, patient, hurried = rounds_here(), Waiter(), Waiter()
    rounds.wait(patient, due_at=rounds.now + LONG)
    rounds.wait(hurried, due_at=rounds.now)
    await hurried.heard.wait()
    assert (patient.told, hurried.told) == ([], [hurried])


async def test_who_is_told_may_wait_again() -> None:
    rounds = rounds_here()
    waiter, last = Waiter(again_on=rounds), Waiter()
    rounds.wait(waiter, due_at=rounds.now)
    await waiter.heard.wait()
    waiter.heard.clear()
    await waiter.heard.wait()
    rounds.wait(last, due_at=rounds.now)
    await last.heard.wait()
    assert waiter.told == [waiter, waiter]


async def test_every_loop_has_rounds_of_its_own() -> None:
    async def elsewhere() -> Rounds:
        return rounds_here()

    assert rounds_here() is rounds_here()
    assert await asyncio.to_thread(asyncio.run, elsewhere()) is not rounds_here()
