"""The relay's encoding: what goes out comes back, stored or told."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.adapters.redis import relay_wire
from gateway.domain.relay import Delta, End, Item, Snapshot

ITEMS = st.one_of(
    st.builds(Delta, st.integers(1, 2**40), st.text(max_size=50)),
    st.builds(Snapshot, st.text(max_size=50), st.integers(0, 2**40)),
    st.builds(End, st.integers(0, 2**40), st.sampled_from(["stop", "cancelled", "error"])),
)


@given(st.lists(st.tuples(st.text(max_size=12), ITEMS), max_size=20))
def test_a_batch_is_its_entries(said: list[tuple[str, Item]]) -> None:
    entries = [relay_wire.encoded(stream_id, item) for stream_id, item in said]

    batch = relay_wire.decode_batch(relay_wire.batch_of(entries))

    assert [(entry[0], relay_wire.item_of(entry)) for entry in batch] == said
    assert [relay_wire.stored_item(entry) for entry in entries] == [item for _, item in said]


def test_a_stream_always_travels_on_the_same_channel() -> None:
    channels = {relay_wire.channel("p:", f"room.{number}.1") for number in range(100)}

    assert channels == {f"p:relay:{shard}" for shard in range(relay_wire.N_SHARDS)}
    assert relay_wire.channel("p:", "room.t1.1") == relay_wire.channel("p:", "room.t1.1")
