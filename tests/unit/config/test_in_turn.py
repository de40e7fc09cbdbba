"""Requests that wait in line."""

import asyncio

from config.in_turn import InTurn
from tests.unit.config.asgi import Client, http_scope


async def test_a_request_past_the_limit_begins_when_an_earlier_one_has_ended():
    begun = []
    may_end = asyncio.Event()

    async def slow(scope, receive, send):
        begun.append(scope["path"])
        await may_end.wait()

    application = InTurn(slow, places=asyncio.Semaphore(2))
    clients = [Client(application, http_scope(path)) for path in ("/a", "/b", "/c")]
    for _ in range(3):
        await asyncio.sleep(0)
    assert begun == ["/a", "/b"]

    may_end.set()
    for client in clients:
        await client.finish()

    assert begun == ["/a", "/b", "/c"]


async def test_a_request_that_waits_for_another_process_takes_nobodys_place():
    async def answered(scope, receive, send):
        await send({"type": "http.response.start", "status": 204, "headers": []})

    application = InTurn(answered, unless={"/files"}, places=asyncio.Semaphore(0))

    assert (await Client(application, http_scope("/files")).finish())[0]["status"] == 204
