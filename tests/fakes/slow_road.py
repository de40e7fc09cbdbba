"""A road to a server that can be slow, silent or closed: a TCP proxy on loopback."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import parse_qs, urlsplit

CHUNK_BYTES = 65536


class SlowRoad:
    """Passes bytes on to a ``unix:`` address; ``delay_seconds`` is on the way back."""

    def __init__(self, server_url: str) -> None:
        server = urlsplit(server_url)
        self._socket_path = server.path
        self._database = parse_qs(server.query).get("db", ["0"])[0]
        self._server: asyncio.Server | None = None
        self._port = 0
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.delay_seconds = 0.0
        self.is_silent = False

    @property
    def url(self) -> str:
        """The address of the same database, as redis-py reads it."""
        return f"redis://127.0.0.1:{self._port}/{self._database}"

    async def open(self) -> None:
        """Listen, on the same port as before."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Cut every connection and refuse new ones."""
        assert self._server is not None
        self._server.close()
        for writer in self._writers:
            writer.close()
        self._writers.clear()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        server_reader, server_writer = await asyncio.open_unix_connection(self._socket_path)
        self._writers |= {writer, server_writer}
        with suppress(OSError, asyncio.CancelledError):
            await asyncio.gather(
                self._pass_on(reader, server_writer),
                self._pass_on(server_reader, writer, is_way_back=True),
            )
        for each in (writer, server_writer):
            self._writers.discard(each)
            each.close()

    async def _pass_on(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        is_way_back: bool = False,
    ) -> None:
        while chunk := await reader.read(CHUNK_BYTES):
            if is_way_back and self.delay_seconds:
                await asyncio.sleep(self.delay_seconds)
            if not (is_way_back and self.is_silent):
                writer.write(chunk)
                await writer.drain()
        writer.close()


@asynccontextmanager
async def slow_road(server_url: str) -> AsyncIterator[SlowRoad]:
    """Yield an open road."""
    road = SlowRoad(server_url)
    await road.open()
    try:
        yield road
    finally:
        await road.close()
