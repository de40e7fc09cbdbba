"""What every keeper of turn leases promises."""

import asyncio

import pytest

from gateway.domain.errors import FencedError, LeaseHeldError
from gateway.domain.ports import LeaseClaim
from tests.contracts.conftest import LeasesTwin

FIRST = LeaseClaim("room.t1", epoch=1, owner="one")
RIVAL = LeaseClaim("room.t1", epoch=1, owner="two")
NEWER = LeaseClaim("room.t1", epoch=2, owner="two")


async def test_a_lease_is_alive_while_it_is_held(leases: LeasesTwin) -> None:
    await leases.port.acquire(FIRST)

    assert await leases.port.alive(["room.t1", "room.t2"]) == {"room.t1"}
    await leases.port.release(FIRST)
    assert await leases.port.alive(["room.t1"]) == set()


async def test_asking_about_nothing_answers_nothing(leases: LeasesTwin) -> None:
    assert await leases.port.alive([]) == set()


async def test_a_dead_workers_lease_is_gone_after_four_seconds(leases: LeasesTwin) -> None:
    await leases.port.acquire(FIRST)
    await leases.age(4.0)

    assert await leases.port.alive(["room.t1"]) == set()


async def test_a_renewed_lease_stays_alive(leases: LeasesTwin) -> None:
    await leases.port.acquire(FIRST)
    await leases.age(3.0)
    assert await leases.port.renew([FIRST]) == set()
    await leases.age(3.0)

    assert await leases.port.alive(["room.t1"]) == {"room.t1"}


async def test_of_two_workers_racing_for_an_epoch_one_wins(leases: LeasesTwin) -> None:
    answers = await asyncio.gather(
        leases.port.acquire(FIRST), leases.port.acquire(RIVAL), return_exceptions=True
    )

    assert sorted(type(answer).__name__ for answer in answers) == ["LeaseHeldError", "NoneType"]


async def test_an_epoch_is_spoken_once_even_when_its_speaker_died(leases: LeasesTwin) -> None:
    await leases.port.acquire(FIRST)
    await leases.age(60.0)

    with pytest.raises(LeaseHeldError):
        await leases.port.acquire(RIVAL)


async def test_an_epoch_stays_used_up_after_its_end(leases: LeasesTwin) -> None:
    await leases.port.acquire(FIRST)
    await leases.port.release(FIRST)

    with pytest.raises(LeaseHeldError):
        await leases.port.acquire(RIVAL)


async def test_a_newer_epoch_takes_over_and_the_older_one_learns_of_it(
    leases: LeasesTwin,
) -> None:
    await leases.port.acquire(FIRST)
    await leases.port.acquire(NEWER)

    assert await leases.port.renew([FIRST]) == {"room.t1"}
    assert await leases.port.renew([NEWER]) == set()
    with pytest.raises(FencedError):
        await leases.port.acquire(FIRST)


async def test_a_fenced_speaker_cannot_release_the_newer_lease(leases: LeasesTwin) -> None:
    await leases.port.acquire(FIRST)
    await leases.port.acquire(NEWER)
    await leases.port.release(FIRST)

    assert await leases.port.alive(["room.t1"]) == {"room.t1"}


async def test_a_lease_the_store_lost_is_put_back_by_the_next_beat(leases: LeasesTwin) -> None:
    await leases.port.acquire(FIRST)
    await leases.forget()

    assert await leases.port.renew([FIRST]) == set()
    assert await leases.port.alive(["room.t1"]) == {"room.t1"}
