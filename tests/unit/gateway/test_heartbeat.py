"""One beat renews everything that is kept, and only that."""

import asyncio

import pytest

from gateway.domain.errors import StateUnavailableError
from gateway.domain.gate import Entrance, Orphan, Place, Progress
from gateway.domain.ports import LeaseClaim
from gateway.domain.speech import Ticket
from gateway.services.heartbeat import Heart
from tests.fakes.gateway import Clock, FakeProvider, make_ports

CLAIM = LeaseClaim("room.t1", epoch=1, owner="me")


def never() -> None:
    """Fail: the lease is not lost in this test."""
    raise AssertionError("the lease was reported lost")


async def test_what_is_kept_outlives_its_lease() -> None:
    clock = Clock()
    ports = make_ports(provider=FakeProvider(), clock=clock)
    policy = ports.queues["turns"]
    heart = Heart(ports, beat_seconds=60)
    await ports.leases.acquire(CLAIM)
    await ports.admissions.start("turns", "t1", policy)
    await ports.gate.enter(Entrance("h1", places=(Place("fake", 1),)))
    heart.keep_ticket(Ticket("turns", "t1"))
    heart.keep_request("h1", lambda: [Progress("h1", 7, b"record")])

    with heart.keep_lease(CLAIM, on_lost=never):
        for _ in range(3):
            clock.advance(3.0)
            await heart.beat()
        assert await ports.leases.alive(["room.t1"]) == {"room.t1"}
        assert (await ports.admissions.status("turns", policy)).n_running == 1
        assert await ports.gate.in_flight("fake") == 1

    heart.let_ticket_go(Ticket("turns", "t1"))
    heart.let_go("h1")
    clock.advance(3.0)
    await heart.beat()
    clock.advance(3.0)
    assert await ports.leases.alive(["room.t1"]) == set()
    assert (await ports.admissions.status("turns", policy)).n_running == 0
    assert await ports.gate.orphans() == [Orphan("h1", 7, b"record")]


async def test_a_lost_lease_is_reported() -> None:
    ports = make_ports(provider=FakeProvider())
    heart = Heart(ports, beat_seconds=60)
    await ports.leases.acquire(CLAIM)
    lost: list[str] = []

    with heart.keep_lease(CLAIM, on_lost=lambda: lost.append("room.t1")):
        await ports.leases.acquire(LeaseClaim("room.t1", epoch=2, owner="other"))
        await heart.beat()

    assert lost == ["room.t1"]


async def test_the_heart_beats_by_itself_and_rests_when_nothing_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ports = make_ports(provider=FakeProvider())
    heart = Heart(ports, beat_seconds=0.0)
    beats: list[int] = []

    async def beat() -> None:
        beats.append(len(beats))
        if len(beats) == 3:
            heart.let_go("h1")

    monkeypatch.setattr(heart, "beat", beat)
    heart.keep_request("h1", lambda: [Progress("h1", 0)])
    assert heart._task is not None
    await heart._task

    assert beats == [0, 1, 2]


async def test_a_store_that_is_away_is_said_once_and_tried_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ports = make_ports(provider=FakeProvider())
    heart = Heart(ports, beat_seconds=60)
    is_away = True

    async def renew(progress: object) -> None:
        if is_away:
            raise StateUnavailableError("away")

    monkeypatch.setattr(ports.gate, "renew", renew)
    heart.keep_request("h1", lambda: [Progress("h1", 0)])
    await heart.beat()
    await heart.beat()
    is_away = False
    await heart.beat()
    is_away = True
    await heart.beat()
    heart.let_go("h1")

    assert [record.message for record in caplog.records] == ["gateway.heartbeat_missed"] * 2


async def test_a_beat_that_breaks_is_followed_by_another(
    caplog: pytest.LogCaptureFixture,
) -> None:
    heart = Heart(make_ports(provider=FakeProvider()), beat_seconds=0.001)
    has_beaten_again = asyncio.Event()
    n_told = 0

    def told() -> list[Progress]:
        nonlocal n_told
        n_told += 1
        if n_told == 1:
            raise ValueError("what nobody thought of")
        has_beaten_again.set()
        return []

    heart.keep_request("h1", told)
    async with asyncio.timeout(5):
        await has_beaten_again.wait()
    heart.let_go("h1")

    assert [record.message for record in caplog.records] == ["gateway.heartbeat_broke"]
