"""The relay on the wire: small arrays, encoded once for the store and the listeners alike."""

from collections.abc import Sequence
from zlib import crc32

import msgspec

from gateway.domain.relay import Delta, End, Item, Snapshot

N_SHARDS = 4
_DELTA, _SNAPSHOT, _END = 0, 1, 2
_WIDE_ARRAY = 0xDD

Entry = tuple[str, int, int, str]

_encode = msgspec.msgpack.Encoder().encode
_decode_entry = msgspec.msgpack.Decoder(Entry).decode
decode_batch = msgspec.msgpack.Decoder(list[Entry]).decode


def channel(prefix: str, stream_id: str) -> str:
    """Return the channel that carries the stream; few channels, so few messages per flush."""
    return f"{prefix}relay:{crc32(stream_id.encode()) % N_SHARDS}"


def key(prefix: str, stream_id: str) -> str:
    """Return the key under which the stream is stored."""
    return f"{prefix}relay:stream:{stream_id}"


def encoded(stream_id: str, item: Item) -> bytes:
    """Return the item as one entry."""
    if isinstance(item, Delta):
        return _encode((stream_id, _DELTA, item.seq, item.text))
    if isinstance(item, Snapshot):
        return _encode((stream_id, _SNAPSHOT, item.upto_seq, item.text))
    return _encode((stream_id, _END, item.upto_seq, item.reason))


def batch_of(entries: Sequence[bytes]) -> bytes:
    """Return encoded entries as one encoded list of them, without encoding again."""
    return b"".join((bytes((_WIDE_ARRAY,)), len(entries).to_bytes(4, "big"), *entries))


def item_of(entry: Entry) -> Item:
    """Return the entry as what readers know."""
    _, kind, seq, text = entry
    if kind == _DELTA:
        return Delta(seq, text)
    return Snapshot(text, seq) if kind == _SNAPSHOT else End(seq, text)


def stored_item(payload: bytes) -> Item:
    """Return a stored entry as what readers know."""
    return item_of(_decode_entry(payload))
