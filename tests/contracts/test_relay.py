"""What every relay promises: whoever listens, from whenever, ends up with the exact text."""

import asyncio
from collections.abc import AsyncIterator

from gateway.domain.relay import Delta, End, Item, Snapshot
from tests.contracts.conftest import RelayTwin

WORDS = ["Who ", "owned ", "the ", "rollback", "?", " 谁", "负责", "回滚", "？"]


def text_of(items: list[Item]) -> str:
    """Return the text a reader holds after the items."""
    text = ""
    for item in items:
        if isinstance(item, Snapshot):
            text = item.text
        elif isinstance(item, Delta):
            text += item.text
    return text


async def heard(relay: RelayTwin, stream_id: str) -> list[Item]:
    """Return all items up to the end."""
    async with relay.hub.reader(stream_id) as reader:
        return [item async for item in reader]


async def test_a_reader_from_the_start_gets_a_snapshot_the_deltas_and_the_end(
    relay: RelayTwin,
) -> None:
    async with relay.hub.reader("s") as reader:
        items = aiter(reader)
        first = await anext(items)
        writer = relay.port.open("s")
        for word in WORDS:
            writer.write(word)
            writer.seal()
        await writer.end("stop")
        rest = [item async for item in items]

    assert first == Snapshot("", 0)
    assert rest[:-1] == [Delta(seq, word) for seq, word in enumerate(WORDS, start=1)]
    assert rest[-1] == End(len(WORDS), "stop")


async def test_a_reader_after_the_end_gets_all_of_it_at_once(relay: RelayTwin) -> None:
    writer = relay.port.open("s")
    for word in WORDS:
        writer.write(word)
    await writer.end("stop")

    items = await heard(relay, "s")

    assert text_of(items) == "".join(WORDS)
    assert isinstance(items[0], Snapshot)
    assert items[-1] == End(items[0].upto_seq, "stop")


async def test_readers_who_come_at_any_moment_end_with_the_same_text(relay: RelayTwin) -> None:
    writer = relay.port.open("s")
    listeners = [asyncio.create_task(heard(relay, "s"))]
    for word in WORDS * 20:
        writer.write(word)
        listeners.append(asyncio.create_task(heard(relay, "s")))
        await asyncio.sleep(0)
    await writer.end("stop")

    texts = {text_of(items) for items in await asyncio.gather(*listeners)}

    assert texts == {"".join(WORDS * 20)}


async def test_a_write_says_under_which_seq_its_text_goes_out(relay: RelayTwin) -> None:
    writer = relay.port.open("s")
    seqs: list[int] = []
    for word in WORDS:
        seqs.append(writer.write(word))
        assert writer.seal() == seqs[-1]
    await writer.end("stop")

    assert seqs == list(range(1, len(WORDS) + 1))
    assert (await heard(relay, "s"))[-1] == End(len(WORDS), "stop")


async def test_a_stream_that_says_nothing_still_ends(relay: RelayTwin) -> None:
    await relay.port.open("s").end("cancelled")

    assert await heard(relay, "s") == [Snapshot("", 0), End(0, "cancelled")]


async def test_streams_do_not_mix(relay: RelayTwin) -> None:
    one, two = relay.port.open("one"), relay.port.open("two")
    for word in WORDS:
        one.write(word)
        two.write(word.upper())
    await asyncio.gather(one.end("stop"), two.end("stop"))

    assert text_of(await heard(relay, "two")) == "".join(WORDS).upper()


async def test_batches_carry_the_same_items(relay: RelayTwin) -> None:
    writer = relay.port.open("s")
    for word in WORDS:
        writer.write(word)
    await writer.end("stop")
    async with relay.hub.reader("s") as reader:
        batches: AsyncIterator[list[Item]] = reader.batches()
        items = [item async for batch in batches for item in batch]

    assert items == await heard(relay, "s")
