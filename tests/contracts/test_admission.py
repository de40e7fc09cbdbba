"""What every queue promises."""

from gateway.domain.admission import (
    WAITING_SECONDS,
    AdmissionPolicy,
    Admitted,
    QueuePolicy,
    QueueStatus,
    Refused,
)
from tests.contracts.conftest import AdmissionsTwin

POLICY = QueuePolicy(concurrency=1, limit=2)


async def test_positions_count_those_who_must_finish_first(admissions: AdmissionsTwin) -> None:
    answers = [await admissions.port.admit("turns", name, POLICY) for name in "abc"]

    assert answers == [Admitted(0), Admitted(1), Admitted(2)]


async def test_a_full_queue_refuses_and_says_when_to_come_back(
    admissions: AdmissionsTwin,
) -> None:
    for name in "abc":
        await admissions.port.admit("turns", name, POLICY)

    assert await admissions.port.admit("turns", "d", POLICY) == Refused(retry_after_seconds=1)
    assert await admissions.port.position("turns", "d", POLICY) is None


async def test_a_refusal_quotes_how_long_places_are_usually_kept(
    admissions: AdmissionsTwin,
) -> None:
    await admissions.port.start("turns", "first", POLICY)
    for _ in range(4):
        await admissions.age(3.0)
        await admissions.port.renew("turns", ["first"])
    await admissions.port.release("turns", "first")
    for name in "abc":
        await admissions.port.admit("turns", name, POLICY)

    answer = await admissions.port.admit("turns", "d", POLICY)

    assert isinstance(answer, Refused)
    assert answer.retry_after_seconds in {12, 13}  # the store's clock runs on between calls


async def test_degrade_stretches_the_queue_to_twice_its_limit(admissions: AdmissionsTwin) -> None:
    policy = QueuePolicy(concurrency=1, limit=1, on_full=AdmissionPolicy.DEGRADE)

    answers = [await admissions.port.admit("turns", name, policy) for name in "abcd"]

    assert answers == [
        Admitted(0),
        Admitted(1),
        Admitted(2, is_degraded=True),
        Refused(retry_after_seconds=1),
    ]


async def test_asking_twice_takes_one_place(admissions: AdmissionsTwin) -> None:
    for _ in range(3):
        await admissions.port.admit("turns", "a", POLICY)
        await admissions.port.admit("turns", "b", POLICY)

    assert await admissions.port.admit("turns", "b", POLICY) == Admitted(1)
    assert await admissions.port.position("turns", "b", POLICY) == 1


async def test_a_ticket_that_runs_is_admitted_at_position_zero(
    admissions: AdmissionsTwin,
) -> None:
    await admissions.port.start("turns", "a", POLICY)

    assert await admissions.port.admit("turns", "a", POLICY) == Admitted(0)
    assert await admissions.port.position("turns", "a", POLICY) is None


async def test_no_more_run_than_may(admissions: AdmissionsTwin) -> None:
    await admissions.port.start("turns", "a", POLICY)

    assert await admissions.port.start("turns", "b", POLICY) is None
    await admissions.port.release("turns", "a")
    assert await admissions.port.start("turns", "b", POLICY) == 0.0


async def test_starting_twice_is_starting_once(admissions: AdmissionsTwin) -> None:
    await admissions.port.start("turns", "a", POLICY)

    assert await admissions.port.start("turns", "a", POLICY) == 0.0
    assert (await admissions.port.status("turns", POLICY)).n_running == 1


async def test_start_says_how_long_the_ticket_waited(admissions: AdmissionsTwin) -> None:
    await admissions.port.admit("turns", "a", POLICY)
    await admissions.age(7.0)

    waited = await admissions.port.start("turns", "a", POLICY)

    assert waited is not None
    assert 7.0 <= waited < 8.0


async def test_a_dead_workers_place_comes_free_by_age(admissions: AdmissionsTwin) -> None:
    await admissions.port.start("turns", "dead", POLICY)
    await admissions.age(5.0)

    assert await admissions.port.start("turns", "next", POLICY) == 0.0


async def test_a_renewed_place_is_kept(admissions: AdmissionsTwin) -> None:
    await admissions.port.start("turns", "a", POLICY)
    await admissions.age(3.0)
    await admissions.port.renew("turns", ["a"])
    await admissions.age(3.0)

    assert await admissions.port.start("turns", "b", POLICY) is None


async def test_a_ticket_nobody_picks_up_is_forgotten(admissions: AdmissionsTwin) -> None:
    await admissions.port.admit("turns", "a", POLICY)
    await admissions.age(WAITING_SECONDS + 1)

    assert await admissions.port.position("turns", "a", POLICY) is None


async def test_releasing_what_is_not_held_changes_nothing(admissions: AdmissionsTwin) -> None:
    await admissions.port.release("turns", "nobody")

    assert await admissions.port.status("turns", POLICY) == QueueStatus(0, 0, 1, 2, 0.0)


async def test_the_status_names_the_oldest_wait(admissions: AdmissionsTwin) -> None:
    await admissions.port.admit("turns", "a", POLICY)
    await admissions.age(9.0)
    await admissions.port.admit("turns", "b", POLICY)

    status = await admissions.port.status("turns", POLICY)

    assert (status.n_waiting, status.n_running) == (2, 0)
    assert 9.0 <= status.oldest_wait_seconds < 10.0


async def test_queues_do_not_know_each_other(admissions: AdmissionsTwin) -> None:
    await admissions.port.start("turns", "a", POLICY)

    assert await admissions.port.start("voice", "a2", POLICY) == 0.0
