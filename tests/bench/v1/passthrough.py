"""The ceiling: the least that any gateway of this make can do. No key, no limit, no count.

UPSTREAM=http://127.0.0.1:9000 granian --interface asgi tests.bench.v1.passthrough:application
"""

import os
from typing import Any

import aiohttp

_UPSTREAM = os.environ["UPSTREAM"]
_sessions: list[aiohttp.ClientSession] = []


def _session() -> aiohttp.ClientSession:
    if not _sessions:
        _sessions.append(
            aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(total=None)
            )
        )
    return _sessions[0]


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Forward one request and its answer, byte for byte."""
    if scope["type"] != "http":
        return
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    headers = {"content-type": "application/json"}
    async with _session().post(_UPSTREAM + scope["path"], data=body, headers=headers) as answer:
        kind = answer.headers["content-type"].encode()
        start = {"type": "http.response.start", "status": answer.status}
        await send({**start, "headers": [(b"content-type", kind)]})
        async for data in answer.content.iter_any():
            await send({"type": "http.response.body", "body": data, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})
