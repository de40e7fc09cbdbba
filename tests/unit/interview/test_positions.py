"""One watch per process tells every reader where its log ends, also after an outage."""

import asyncio
from uuid import uuid4

import pytest
from django.db import InterfaceError, OperationalError

from interview import selectors
from interview.consumers.positions import Positions


@pytest.mark.parametrize("outage", [OperationalError("gone"), InterfaceError("closed")])
async def test_the_watch_outlives_a_database_that_was_away(
    monkeypatch: pytest.MonkeyPatch, outage: Exception
) -> None:
    room = uuid4()
    answers: list[dict[object, int] | Exception] = [outage, {room: 7}]

    def top_offsets(_rooms: object) -> dict[object, int]:
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(selectors, "top_offsets", top_offsets)
    told: asyncio.Queue[int] = asyncio.Queue()

    with Positions(every_seconds=0.0).watch(room, told.put_nowait):
        async with asyncio.timeout(5):
            assert await told.get() == 7
