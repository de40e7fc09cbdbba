"""Who waits for the gate's next call, and what becomes of those who do not wait for it."""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
import pytest
from prometheus_client import REGISTRY

from gateway.adapters.redis import gate_lobby, gate_wire
from gateway.adapters.redis.gate_lobby import Lobby
from gateway.adapters.redis.gate_wire import Wire
from gateway.domain.errors import StateUnavailableError
from gateway.domain.gate import Departure, Entered, Entrance

GRANTED = [1, -1]
N_OF_A_DEPARTURE = 5
N_OF_AN_ENTRANCE = 3
_turn = msgspec.msgpack.Decoder(tuple[list[object], list[object], list[msgspec.Raw]])
_text = msgspec.msgpack.Decoder(str)


class Store:
    """Answers every entrance with yes, when it is let; keeps what it was told."""

    def __init__(self) -> None:
        self.left: list[object] = []
        self.entered: list[list[str]] = []
        self.is_away = False
        self.inside: set[str] = set()
        self.errors: list[Exception] = []
        self.before_answer: Callable[[], Awaitable[None]] | None = None

    async def run(self, packed: bytes) -> bytes:
        if self.errors:
            raise self.errors.pop(0)
        _, departures, entrances = _turn.decode(packed)
        self.left += departures[::N_OF_A_DEPARTURE]
        entered = [_text.decode(each) for each in entrances[::N_OF_AN_ENTRANCE]]
        self.entered.append(entered)
        if self.before_answer is not None:
            await self.before_answer()
        return gate_wire.packed(GRANTED * len(entered))


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def lobby(store: Store) -> Lobby:
    return Lobby(
        store.run,
        wire=Wire(),
        is_away=lambda: store.is_away,
        is_inside=lambda holder: holder in store.inside,
    )


def gone(holder: str) -> Departure:
    return Departure(holder, tokens=0, cost_microusd=0)


async def test_all_who_come_in_one_tick_share_a_call(lobby: Lobby, store: Store) -> None:
    answers = await asyncio.gather(*(lobby.ask(Entrance(name), ()) for name in "abc"))

    assert answers == [Entered(None)] * 3
    assert store.entered == [["a", "b", "c"]]


async def test_who_comes_during_a_call_waits_for_the_next(lobby: Lobby, store: Store) -> None:
    is_called, may_answer = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        is_called.set()
        await may_answer.wait()

    store.before_answer = hold
    asking = [asyncio.create_task(lobby.ask(Entrance("a"), ()))]
    await is_called.wait()
    asking += [asyncio.create_task(lobby.ask(Entrance(name), ())) for name in "bc"]
    lobby.leave(gone("z"))
    may_answer.set()
    await asyncio.gather(*asking)

    assert store.entered == [["a"], ["b", "c"]]
    assert store.left == ["z"]


async def test_those_who_left_are_told_of_before_what_is_asked_next(
    lobby: Lobby, store: Store
) -> None:
    is_called, may_answer = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        is_called.set()
        await may_answer.wait()

    store.before_answer = hold
    await lobby.told()
    asking = asyncio.create_task(lobby.ask(Entrance("a"), ()))
    await is_called.wait()
    for number in range(gate_lobby.N_DEPARTURES + 1):
        lobby.leave(gone(f"{number}"))
    telling = [asyncio.create_task(lobby.told()) for _ in range(2)]
    await asyncio.sleep(0)
    assert store.left == []
    may_answer.set()
    await asyncio.gather(asking, *telling)

    assert len(store.left) == gate_lobby.N_DEPARTURES + 1


async def test_nobody_waits_to_tell_a_store_that_is_away(lobby: Lobby, store: Store) -> None:
    store.is_away = True
    lobby.leave(gone("a"))
    await lobby.told()

    assert store.left == []


async def test_who_goes_before_the_call_is_not_asked_for(lobby: Lobby, store: Store) -> None:
    going = asyncio.create_task(lobby.ask(Entrance("going"), ()))
    staying = asyncio.create_task(lobby.ask(Entrance("staying"), ()))
    store.before_answer = None
    asyncio.get_running_loop().call_soon(going.cancel)
    await staying
    await asyncio.gather(going, return_exceptions=True)
    await lobby.flush()

    assert store.entered[0][-1] == "staying"
    assert set(store.left) == set(store.entered[0]) - {"staying"}


async def test_who_goes_during_the_call_leaves_after_it(lobby: Lobby, store: Store) -> None:
    going: list[asyncio.Task[object]] = []

    async def go() -> None:
        going[0].cancel()
        store.before_answer = None

    store.before_answer = go
    going.append(asyncio.create_task(lobby.ask(Entrance("a"), ())))
    await asyncio.gather(*going, return_exceptions=True)
    await lobby.flush()

    assert (store.entered[0], store.left) == (["a"], ["a"])


async def test_who_goes_with_the_answer_in_hand_leaves_too(lobby: Lobby, store: Store) -> None:
    going: list[asyncio.Task[object]] = []

    async def ask() -> object:
        return await lobby.ask(Entrance("a"), ())

    async def go() -> None:
        # After the answer has been handed over and before it has been taken.
        asyncio.get_running_loop().call_soon(going[0].cancel)
        store.before_answer = None

    store.before_answer = go
    going.append(asyncio.create_task(ask()))
    (answer,) = await asyncio.gather(*going, return_exceptions=True)
    await lobby.flush()

    assert isinstance(answer, asyncio.CancelledError)
    assert store.left == ["a"]


async def test_who_may_wait_leaves_with_the_next_who_enters(lobby: Lobby, store: Store) -> None:
    for name in "ab":
        lobby.leave(gone(name), may_wait=True)
    for _ in range(9):
        await asyncio.sleep(0)
    assert store.entered == []

    assert await lobby.ask(Entrance("c"), ()) == Entered(None)
    assert (store.entered, store.left) == ([["c"]], ["a", "b"])


async def test_who_may_wait_leaves_with_the_next_who_may_not(lobby: Lobby, store: Store) -> None:
    lobby.leave(gone("a"), may_wait=True)
    lobby.leave(gone("b"))
    await lobby.flush()

    assert (store.entered, store.left) == ([[]], ["a", "b"])


async def test_nobody_waits_longer_than_a_moment(lobby: Lobby, store: Store) -> None:
    is_called = asyncio.Event()

    async def note() -> None:
        is_called.set()

    store.before_answer = note
    lobby.leave(gone("a"), may_wait=True)
    async with asyncio.timeout(20):
        await is_called.wait()

    assert (store.entered, store.left) == ([[]], ["a"])


async def test_while_the_store_is_away_the_answer_is_none(lobby: Lobby, store: Store) -> None:
    store.is_away = True

    assert await lobby.ask(Entrance("a"), ()) is None
    assert store.entered == []


async def test_departures_are_kept_while_the_store_is_away(lobby: Lobby, store: Store) -> None:
    store.errors = [StateUnavailableError()]
    for name in "ab":
        lobby.leave(gone(name))
    assert await lobby.ask(Entrance("c"), ()) is None
    await lobby.flush()
    store.is_away = True
    lobby.leave(gone("d"))
    await lobby.flush()
    store.is_away = False
    lobby.wake()
    await lobby.flush()

    assert store.left == ["a", "b", "d"]


async def test_of_too_many_departures_the_oldest_is_forgotten(
    lobby: Lobby, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate_lobby, "N_KEPT_DEPARTURES", 2)
    before = REGISTRY.get_sample_value("gw_gate_forgotten_total") or 0.0
    for name in "abc":
        lobby.leave(gone(name))
    await lobby.flush()

    assert store.left == ["b", "c"]
    assert REGISTRY.get_sample_value("gw_gate_forgotten_total") == before + 1


async def test_by_force_comes_only_who_is_still_inside(lobby: Lobby, store: Store) -> None:
    store.inside = {"here"}
    answers = await asyncio.gather(
        *(lobby.ask(Entrance(name), (), is_forced=True) for name in ("here", "gone"))
    )

    assert answers == [Entered(None), None]
    assert store.entered == [["here"]]


async def test_a_call_that_breaks_leaves_nobody_standing(lobby: Lobby, store: Store) -> None:
    store.errors = [ValueError("not a gate's error")]

    assert await lobby.ask(Entrance("a"), ()) is None
    assert await lobby.ask(Entrance("b"), ()) == Entered(None)


async def test_who_leaves_in_a_call_that_breaks_has_left(lobby: Lobby, store: Store) -> None:
    store.errors = [ValueError("the call's"), StateUnavailableError(), ValueError("b's own")]
    before = REGISTRY.get_sample_value("gw_gate_forgotten_total") or 0.0
    for name in "abc":
        lobby.leave(gone(name))
    assert await lobby.ask(Entrance("d"), ()) is None
    await lobby.flush()

    assert store.left == ["c", "a"]
    assert REGISTRY.get_sample_value("gw_gate_forgotten_total") == before + 1
