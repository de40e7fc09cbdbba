"""Notices: word of a new configuration reaches every listener, soon or not at all."""

import threading
from collections.abc import Callable, Iterator

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from gateway.adapters.redis.notices import RedisNotices
from gateway.domain.ports import Notices
from tests.fakes.notices import Board, MemoryNotices

LONG = 20.0
Make = Callable[[], Notices]


@pytest.fixture(params=["memory", "redis"])
def make(request: pytest.FixtureRequest, redis_url: str, redis_prefix: str) -> Iterator[Make]:
    """Make another end of the same line."""
    made: list[Notices] = []
    clients: list[Redis] = []
    board = Board()

    def another() -> Notices:
        if request.param == "memory":
            made.append(MemoryNotices(board))
        else:
            clients.append(Redis.from_url(redis_url))
            made.append(RedisNotices(clients[-1], prefix=f"{redis_prefix}contract:"))
        return made[-1]

    yield another
    for notices in made:
        notices.close()
    for client in clients:
        client.close()


def test_the_first_wait_ends_at_once_because_word_may_have_been_missed(make: Make) -> None:
    assert make().wait(seconds=LONG) is True


def test_word_reaches_every_listener(make: Make) -> None:
    one, other = make(), make()
    assert one.wait(seconds=LONG)
    assert other.wait(seconds=LONG)

    make().send(7)

    assert one.wait(seconds=LONG) is True
    assert other.wait(seconds=LONG) is True


def test_without_word_a_wait_ends_with_no(make: Make) -> None:
    notices = make()
    assert notices.wait(seconds=LONG)

    assert notices.wait(seconds=0.01) is False


def test_word_wakes_a_thread_that_waits(make: Make) -> None:
    listening, answers = make(), []
    assert listening.wait(seconds=LONG)
    thread = threading.Thread(target=lambda: answers.append(listening.wait(seconds=LONG)))
    thread.start()

    make().send(1)
    thread.join(LONG)

    assert answers == [True]


def test_after_closing_one_may_listen_again(make: Make) -> None:
    notices = make()
    assert notices.wait(seconds=LONG)
    notices.close()

    assert notices.wait(seconds=LONG) is True


def test_a_store_that_is_away_neither_raises_nor_says_yes(redis_prefix: str) -> None:
    away = Redis.from_url("unix:///nowhere/at/all.sock", retry=Retry(NoBackoff(), 0))
    notices = RedisNotices(away, prefix=redis_prefix)

    notices.send(1)

    assert notices.wait(seconds=0.01) is False
    assert notices.wait(seconds=0.01) is False
    notices.close()
