"""Runs that processes share: a lock says who asks, the relay carries what is said."""

from collections.abc import AsyncGenerator, Callable

from redis.asyncio import Redis

from gateway.adapters.redis import delta_wire, scripts
from gateway.adapters.redis.faults import translated
from gateway.domain.messages import Delta
from gateway.domain.ports import Relay, RelayHub, RelayWriter
from gateway.domain.relay import End, Item, Snapshot


class RedisRunWriter:
    """A run being told: each delta is one line of a relayed text."""

    def __init__(self, writer: RelayWriter) -> None:
        self._writer = writer

    def write(self, delta: Delta) -> None:
        """Take the next delta."""
        self._writer.write(delta_wire.line_of(delta))

    async def end(self) -> None:
        """Return once everything is on its way."""
        await self._writer.end("over")


class RedisSharedRuns:
    """Shared runs of one event loop; ``hub`` returns the loop's own."""

    def __init__(
        self,
        client: Redis,
        relay: Relay,
        hub: Callable[[], RelayHub],
        *,
        prefix: str,
        lease_seconds: float,
    ) -> None:
        self._script = client.register_script(scripts.source("coalescing"))
        self._relay = relay
        self._hub = hub
        self._prefix = f"{prefix}shared:"
        self._lease_ms = round(lease_seconds * 1000)

    async def join(self, key: str, *, member: str) -> str:
        """Return the run to listen to."""
        found = await self._do("join", key, run="", member=member)
        assert isinstance(found, bytes)
        return found.decode()

    async def renew(self, key: str, *, run: str, member: str) -> bool:
        """Keep the member alive; False when the run leads no longer."""
        return await self._do("renew", key, run=run, member=member) == 1

    async def leave(self, key: str, *, member: str) -> None:
        """Listen no longer."""
        await self._do("leave", key, run="", member=member)

    async def retire(self, key: str, *, run: str, is_over: bool) -> bool:
        """Lead no longer; False while others listen to a run that is not over."""
        return await self._do("over" if is_over else "retire", key, run=run, member=run) == 1

    def write(self, run: str) -> RedisRunWriter:
        """Return the writer of a run."""
        return RedisRunWriter(self._relay.open(_stream_id(run)))

    async def follow(self, run: str) -> AsyncGenerator[Delta, None]:
        """Yield what is said in the run from its beginning."""
        n_lines = 0
        async with self._hub().reader(_stream_id(run)) as reader:
            async for item in reader:
                if isinstance(item, End):
                    return
                lines = _lines(item, after=n_lines)
                n_lines += len(lines)
                for line in lines:
                    yield delta_wire.delta_of(line)

    async def _do(self, what: str, key: str, *, run: str, member: str) -> object:
        # One slot of a cluster, whatever the key.
        keys = [f"{self._prefix}{{{key}}}:leads", f"{self._prefix}{{{key}}}:members"]
        with translated():
            return await self._script(keys=keys, args=[what, run, member, self._lease_ms])


def _stream_id(run: str) -> str:
    return f"run:{run}"


def _lines(item: Item, *, after: int) -> list[str]:
    """Return the lines that are new: a snapshot holds the old ones as well."""
    assert not isinstance(item, End)
    lines = item.text.split("\n")[:-1]  # every line is closed, and words may hold other breaks
    return lines[after:] if isinstance(item, Snapshot) else lines
