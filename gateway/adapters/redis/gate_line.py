"""One connection kept for the gate's calls.

Taking a connection out of the pool, looking it over and putting it back costs more than the
gate's own work of a call. Calls come one at a time, so one connection is enough.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import cast

from redis.asyncio import Connection, Redis
from redis.exceptions import ConnectionError as LostError
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as LateError

Word = str | int | bytes


class Line:
    """A connection out of the client's pool, which closes it with all others."""

    def __init__(self, client: Redis) -> None:
        self._pool = client.connection_pool
        self._connection: Connection | None = None
        self._socket_timeout: float | None = None

    async def ask(self, command: Sequence[Word]) -> bytes:
        """Return the answer; a connection that was lost while nobody used it is replaced."""
        if self._connection is not None:
            try:
                return await self._ask(self._connection, command)
            except LateError:
                raise
            except LostError:
                pass
        return await self._ask(await self._connected(), command)

    async def _connected(self) -> Connection:
        connect = cast("Callable[[], Awaitable[Connection]]", self._pool.get_connection)
        connection = await connect()
        # Whoever asks watches the time; to the pool it goes back as it came.
        self._socket_timeout, connection.socket_timeout = connection.socket_timeout, None
        self._connection = connection
        return connection

    async def _ask(self, connection: Connection, command: Sequence[Word]) -> bytes:
        try:
            await connection.send_packed_command(
                connection.pack_command(*command), check_health=False
            )
            return cast("bytes", await connection.read_response())
        except ResponseError:
            raise  # an answer like any other
        except BaseException:
            # What else may come on this connection is the answer to nobody's question.
            self._connection = None
            connection.socket_timeout = self._socket_timeout
            await connection.disconnect(nowait=True)
            await self._pool.release(connection)
            raise
