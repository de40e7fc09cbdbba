"""What a client of /v1 hears while every place at the provider is taken."""

import asyncio
import math
import re
from dataclasses import replace

from gateway.domain.waiting import Lines
from tests.fakes.upstream import Reply
from tests.integration.gateway.faults.house import STREAMS, WAYS, House, Way


def narrowed(house: House, *, n_places: int) -> None:
    """Leave one target, with so many places."""
    house.alone()
    (one,) = house.catalog.routes["m"].targets
    house.change(targets=(replace(one, provider=replace(one.provider, n_places=n_places)),))


@STREAMS
async def test_a_stream_hears_where_it_stands_and_then_its_answer(house: House, way: Way) -> None:
    house.upstream.always(Reply(text="So", first_delay_seconds=0.2))
    narrowed(house, n_places=1)
    house.keep_alive(every_seconds=0.02)

    answers = await asyncio.gather(*(house.ask(way) for _ in range(3)))

    told = [[f for f in answer.frames if f.startswith(b": queued")] for answer in answers]
    assert all(answer.is_good and answer.text == "So" for answer in answers)
    assert [bool(comments) for comments in told] == [False, True, True]
    assert [comments[0] for comments in told[1:]] == [
        b": queued position=1",
        b": queued position=2",
    ]
    assert re.fullmatch(rb": queued position=1 eta=\d+\.\d", told[2][-1])


@WAYS
async def test_who_finds_the_line_full_is_told_to_come_again(house: House, way: Way) -> None:
    house.upstream.always(Reply(text="So", first_delay_seconds=0.1))
    narrowed(house, n_places=1)
    house.ports = replace(house.ports, lines=Lines(n_waiting=1))
    await asyncio.gather(*(house.ask(way) for _ in range(2)))  # a place has come free by now

    served, waits, refused = await asyncio.gather(*(house.ask(way) for _ in range(3)))

    assert (served.is_good, waits.is_good, refused.is_ended_once) == (True, True, True)
    assert refused.status == (503 if way.path.endswith("completions") else 529)
    assert refused.error in {"provider_busy", "overloaded_error"}
    told_ms = int(refused.headers["retry-after-ms"])
    assert int(refused.headers["retry-after"]) == math.ceil(told_ms / 1000) > 0
