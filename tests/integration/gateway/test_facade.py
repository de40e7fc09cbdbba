"""The facade from threads, as a worker and a view call it, on a real store."""

import asyncio
import os
import threading
from uuid import uuid4

import pytest

from gateway import facade, metrics, runtime
from gateway.domain.relay import Delta, End, Item, Snapshot
from gateway.runtime import engines

TEXT = "Which number changed, and who measured it? 哪个数字变了，谁测的？"


pytestmark = pytest.mark.usefixtures("redis_client")  # which empties the store


def order(*, turn: str | None = None, epoch: int = 1, **script: object) -> facade.SpeechOrder:
    """Return the order of a turn of its own."""
    turn = turn or uuid4().hex
    spoken = facade.Script(**{"text": TEXT, "pace_cps": 5000.0, **script})  # type: ignore[arg-type]
    return facade.SpeechOrder(
        stream_id=f"{turn}.{epoch}",
        lease_id=turn,
        epoch=epoch,
        request=facade.ChatRequest("q", "scripted", "scripted", script=spoken),
        ticket=facade.Ticket("turns", turn),
    )


def last_of(pieces: list[facade.Piece]) -> facade.Outcome:
    """Return the outcome, which is the last piece."""
    assert isinstance(pieces[-1], facade.Outcome)
    return pieces[-1]


def test_a_turn_from_the_queue_to_its_outcome() -> None:
    asked = order()
    assert facade.admit("turns", asked.lease_id) == facade.Admitted(0)
    assert facade.queue_position("turns", asked.lease_id) == 0

    pieces = list(facade.speak(asked))

    assert [type(piece).__name__ for piece in pieces] == [
        "Started",
        "FirstToken",
        "Segment",
        "Outcome",
    ]
    assert (last_of(pieces).text, last_of(pieces).finish) == (TEXT, "stop")
    status = facade.queue_status("turns")
    assert (status.n_waiting, status.n_running) == (0, 0)
    assert facade.queue_position("turns", asked.lease_id) is None


def test_a_turn_is_stopped_from_another_thread() -> None:
    asked = order(pace_cps=40.0)
    answers: list[bool] = []

    def cancel_twice() -> None:
        answers.extend(facade.cancel(asked.stream_id, by="user") for _ in range(2))

    pieces: list[facade.Piece] = []
    for piece in facade.speak(asked):
        pieces.append(piece)
        if isinstance(piece, facade.FirstToken):
            assert facade.lease_alive([asked.lease_id, "other"]) == {asked.lease_id}
            canceller = threading.Thread(target=cancel_twice)
            canceller.start()
            canceller.join()

    assert answers == [True, False]
    outcome = last_of(pieces)
    assert (outcome.finish, outcome.cancelled_by, outcome.provider_closed) == (
        "cancelled",
        "user",
        True,
    )
    assert TEXT.startswith(outcome.text)
    assert "".join(p.text for p in pieces if isinstance(p, facade.Segment)) == outcome.text
    assert facade.lease_alive([asked.lease_id]) == set()


def test_a_turn_cancelled_in_the_queue_never_starts() -> None:
    asked = order()
    facade.admit("turns", asked.lease_id)
    facade.cancel(asked.stream_id, by="user")

    (outcome,) = facade.speak(asked)

    assert isinstance(outcome, facade.Outcome)
    assert (outcome.text, outcome.finish) == ("", "cancelled")
    assert facade.queue_status("turns").n_waiting == 0


def test_a_failure_is_an_outcome_too() -> None:
    outcome = last_of(list(facade.speak(order(fail_after=10))))

    assert outcome.failure is not None
    assert (outcome.finish, outcome.failure.code) == ("error", "provider_unavailable")
    assert len(outcome.text) >= 10


def test_an_epoch_is_spoken_once() -> None:
    asked = order()
    list(facade.speak(asked))

    with pytest.raises(facade.LeaseHeldError):
        list(facade.speak(asked))


def test_an_older_epoch_is_fenced() -> None:
    list(facade.speak(order(turn="t", epoch=2)))

    with pytest.raises(facade.FencedError):
        list(facade.speak(order(turn="t", epoch=1)))


def test_closing_the_iterator_early_frees_what_the_turn_held() -> None:
    asked = order(pace_cps=40.0)
    pieces = facade.speak(asked)
    next(pieces)

    pieces.close()

    # The loop does the rest; every question gives it another round.
    while facade.lease_alive([asked.lease_id]) or facade.queue_status("turns").n_running:
        pass
    reading = runtime.read_state()
    assert reading is not None
    assert reading.in_flight["scripted"] == (0, 4096)


def test_many_threads_speak_at_once_on_one_loop() -> None:
    outcomes: list[facade.Outcome] = []

    def speak() -> None:
        outcomes.append(last_of(list(facade.speak(order()))))

    threads = [threading.Thread(target=speak) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [outcome.text for outcome in outcomes] == [TEXT] * 30
    assert sum(thread.name == "gateway-loop" for thread in threading.enumerate()) == 1


def test_a_full_queue_refuses() -> None:
    policy = runtime.ports().queues["turns"]
    for number in range(policy.concurrency + policy.limit):
        facade.admit("turns", f"t{number}")

    answer = facade.admit("turns", "one too many")

    assert answer == facade.Refused(retry_after_seconds=1)
    assert facade.queue_status("turns").n_waiting == policy.concurrency + policy.limit
    facade.release("turns", "t0")
    assert facade.admit("turns", "one too many") == facade.Admitted(policy.limit)


def test_the_shared_gauges_show_a_turn_in_flight() -> None:
    asked = order(pace_cps=40.0)
    seen: list[metrics.StateReading | None] = []
    for piece in facade.speak(asked):
        if isinstance(piece, facade.FirstToken):
            seen.append(runtime.read_state())
            facade.cancel(asked.stream_id, by="user")

    (reading,) = seen
    assert reading is not None
    assert reading.in_flight["scripted"] == (1, 4096)
    assert runtime.read_state() == metrics.StateReading(
        {"scripted": (0, 4096)},
        {"turns": metrics.QueueReading(0, 500, 0.0)},
        {("scripted", "scripted"): "closed"},
    )


async def test_a_reader_on_this_loop_hears_a_turn_spoken_on_the_other() -> None:
    asked = order(pace_cps=400.0)
    items: list[Item] = []
    speaking = asyncio.create_task(asyncio.to_thread(lambda: list(facade.speak(asked))))

    async with facade.hub().reader(asked.stream_id) as reader:
        items = [item async for item in reader]
    pieces = await speaking
    await runtime.aclose_hub()
    await runtime.aclose_hub()  # nothing left to close

    text = "".join(item.text for item in items if isinstance(item, Snapshot | Delta))
    assert text == TEXT == last_of(pieces).text
    assert items[-1] == End(last_of(pieces).upto_seq, "stop")


def test_a_forked_child_begins_with_an_engine_of_its_own() -> None:
    facade.queue_status("turns")
    before = engines.engine()

    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        answer = b"0"
        try:
            is_own = engines.engine() is not before
            answer = b"1" if is_own and facade.queue_status("turns").n_running == 0 else b"0"
        finally:
            os.write(writer, answer)
            os._exit(0)
    os.waitpid(child, 0)

    assert os.read(reader, 1) == b"1"
    os.close(reader)
    os.close(writer)
    assert engines.engine() is before
