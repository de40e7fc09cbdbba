"""A graceful end: plain requests finish, streams and sockets are let go."""

import asyncio

from config.drain import Drain
from tests.unit.config.asgi import Client, http_scope, websocket_scope

STREAM = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"Content-Type", b"text/event-stream; charset=utf-8")],
}
PLAIN = {"type": "http.response.start", "status": 200, "headers": []}


async def stream(scope, receive, send):
    """An event stream that ends only when its client leaves."""
    await send(STREAM)
    await send({"type": "http.response.body", "body": b"data: 1\n\n", "more_body": True})
    while (await receive())["type"] != "http.disconnect":
        pass


async def sock(scope, receive, send):
    """A socket that echoes what kind of message it got."""
    while True:
        message = await receive()
        if message["type"] == "websocket.connect":
            await send({"type": "websocket.accept"})
        elif message["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": message["text"]})
        else:
            return


async def test_an_event_stream_ends_whole_so_that_the_browser_reconnects():
    drain = Drain(stream)
    client = Client(drain, http_scope())
    await client.wait_for(2)
    drain.close_streams()
    sent = await client.finish()
    assert sent[-1] == {"type": "http.response.body", "body": b"", "more_body": False}
    assert await drain.finished(within_seconds=1) is True


async def test_a_socket_is_closed_with_service_restart():
    drain = Drain(sock)
    client = Client(drain, websocket_scope())
    client.put({"type": "websocket.connect"})
    client.put({"type": "websocket.receive", "text": "hello"})
    await client.wait_for(2)
    drain.close_streams()
    sent = await client.finish()
    assert [message["type"] for message in sent] == [
        "websocket.accept",
        "websocket.send",
        "websocket.close",
    ]
    assert sent[-1]["code"] == 4012


async def test_a_plain_request_is_left_to_finish():
    release = asyncio.Event()

    async def slow(scope, receive, send):
        await release.wait()
        await send(PLAIN)
        await send({"type": "http.response.body", "body": b"done"})

    drain = Drain(slow)
    client = Client(drain, http_scope())
    await asyncio.sleep(0)
    drain.close_streams()
    assert await drain.finished(within_seconds=0.01) is False
    release.set()
    assert (await client.finish())[-1] == {"type": "http.response.body", "body": b"done"}
    assert await drain.finished(within_seconds=1) is True


async def test_a_stream_that_opens_after_the_end_began_is_ended_at_once():
    drain = Drain(stream)
    drain.close_streams()
    sent = await Client(drain, http_scope()).finish()
    assert sent[-1]["more_body"] is False


async def test_a_client_that_left_by_itself_gets_no_last_word():
    drain = Drain(stream)
    client = Client(drain, http_scope())
    await client.wait_for(2)
    client.put({"type": "http.disconnect"})
    assert len(await client.finish()) == 2


async def test_a_stream_that_ended_itself_is_not_ended_twice():
    async def short(scope, receive, send):
        await send(STREAM)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    drain = Drain(short)
    drain.close_streams()
    assert len(await Client(drain, http_scope()).finish()) == 2


async def test_a_socket_that_closed_itself_is_not_closed_twice():
    async def refusing(scope, receive, send):
        await send({"type": "websocket.close", "code": 4403})

    drain = Drain(refusing)
    drain.close_streams()
    assert [m["code"] for m in await Client(drain, websocket_scope()).finish()] == [4403]


async def test_a_failing_application_leaves_no_open_connection_behind():
    async def failing(scope, receive, send):
        raise ValueError("no")

    drain = Drain(failing)
    client = Client(drain, http_scope())
    await asyncio.wait((client.task,))
    assert isinstance(client.task.exception(), ValueError)
    assert await drain.finished(within_seconds=1) is True


async def test_the_server_s_own_lifespan_passes_through():
    seen = []

    async def application(scope, receive, send):
        seen.append(scope["type"])

    await Client(Drain(application), {"type": "lifespan"}).finish()
    assert seen == ["lifespan"]
