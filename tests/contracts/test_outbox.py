"""What the game may rely on when it tells readers and workers; on the fake and on the real one."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
import redis
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from django.conf import settings

from interview.adapters.outbox import LiveOutbox, room_group
from interview.domain.jobs import QUEUES, Job
from interview.domain.ports import Fact, Outbox
from tests.fakes.interview import FakeOutbox

ROOM = UUID(int=7)
FACTS: list[Fact] = [
    {
        "offset": 1,
        "type": "turn.done",
        "at": "2026-11-21T09:00:00.000Z",
        "data": {"text": "哪个数？"},
    },
    {"offset": 2, "type": "room.settled", "at": "2026-11-21T09:00:00.001Z", "data": {"score": 3}},
]


@dataclass(frozen=True, slots=True)
class OutboxTwin:
    """An outbox, what its readers have been told, and what its workers will find."""

    port: Outbox
    told: Callable[[UUID], Awaitable[list[Fact]]]
    jobs: Callable[[Job], list[list[str]]]


@pytest.fixture
async def outbox(twin: str, request: pytest.FixtureRequest) -> AsyncIterator[OutboxTwin]:
    """The outbox under test, with a reader of the room already there."""
    if twin == "memory":
        fake = FakeOutbox()

        async def kept(room_id: UUID) -> list[Fact]:
            return [fact for told, fact in fake.published if told == room_id]

        yield OutboxTwin(
            fake, kept, lambda job: [list(found) for kind, found in fake.jobs if kind is job]
        )
        return
    client: redis.Redis = request.getfixturevalue("redis_client")
    layer = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add(room_group(ROOM), channel)

    async def heard(room_id: UUID) -> list[Fact]:
        if room_id != ROOM:
            return []
        message = await layer.receive(channel)
        assert message["type"] == "room.events"
        facts: list[Fact] = message["events"]
        return facts

    def queued(job: Job) -> list[list[str]]:
        prefix = settings.CELERY_BROKER_TRANSPORT_OPTIONS["global_keyprefix"]
        waiting = client.lrange(f"{prefix}{QUEUES[job]}", 0, -1)
        messages = [json.loads(raw) for raw in reversed(waiting)]
        return [_arguments(message) for message in messages if message["headers"]["task"] == job]

    yield OutboxTwin(LiveOutbox(), heard, queued)
    await layer.group_discard(room_group(ROOM), channel)


def _arguments(message: dict[str, dict[str, str]]) -> list[str]:
    """Return a job's arguments as its worker would decode them."""
    found = json.loads(message["headers"]["argsrepr"].replace("'", '"'))
    return [str(argument) for argument in found]


async def test_readers_of_the_room_are_told_the_facts_in_order(outbox: OutboxTwin):
    await sync_to_async(outbox.port.publish)(ROOM, FACTS)

    assert await outbox.told(ROOM) == FACTS


async def test_readers_of_another_room_are_not(outbox: OutboxTwin):
    other = uuid4()
    await sync_to_async(outbox.port.publish)(other, FACTS[:1])
    await sync_to_async(outbox.port.publish)(ROOM, FACTS[1:])

    assert await outbox.told(ROOM) == FACTS[1:]


@pytest.mark.parametrize("job", list(Job))
async def test_a_job_waits_for_its_worker_with_its_arguments(outbox: OutboxTwin, job: Job):
    await sync_to_async(outbox.port.enqueue)(job, ("a", "t1"))
    await sync_to_async(outbox.port.enqueue)(job, iter(["b", "t2"]), delay_seconds=2.0)

    assert outbox.jobs(job) == [["a", "t1"], ["b", "t2"]]


async def test_every_job_has_a_queue():
    assert set(QUEUES) == set(Job)
