"""A client that speaks ASGI to one application, message by message."""

import asyncio


class Client:
    """One connection: what the application sends is kept, what it receives is put in."""

    def __init__(self, application, scope):
        self._inbox = asyncio.Queue()
        self.sent = []
        self._news = asyncio.Event()
        self.task = asyncio.create_task(application(scope, self._inbox.get, self._send))

    async def _send(self, message):
        self.sent.append(message)
        self._news.set()

    def put(self, message):
        self._inbox.put_nowait(message)

    async def wait_for(self, n_messages):
        while len(self.sent) < n_messages:
            self._news.clear()
            await asyncio.wait_for(self._news.wait(), 5)

    async def finish(self):
        await asyncio.wait_for(self.task, 5)
        return self.sent


def http_scope(path="/", **changes):
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "headers": [],
        "client": ("127.0.0.1", 5),
        "query_string": b"",
    }
    return {**scope, **changes}


def websocket_scope(path="/", **changes):
    return {**http_scope(path), "type": "websocket", **changes}


async def fetch(application, path="/", **changes):
    """Return the status, the headers and the body of one request."""
    client = Client(application, http_scope(path, **changes))
    client.put({"type": "http.request", "body": b"", "more_body": False})
    start, *bodies = await client.finish()
    return start["status"], dict(start["headers"]), b"".join(part["body"] for part in bodies)
