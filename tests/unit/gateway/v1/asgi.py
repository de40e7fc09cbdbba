"""A client of the data plane without a socket: one request, and everything that came back."""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from gateway.domain import keys
from gateway.domain.catalog import (
    Ability,
    Catalog,
    Key,
    Provider,
    Route,
    Target,
    Tenant,
    built_in_catalog,
)
from gateway.domain.messages import ChatRequest, Delta, Dialect
from gateway.v1.app import DataPlane
from gateway.v1.headers import Account
from gateway.v1.visit import Plane

SECRET = "sk-" + "t" * 43
KEY = Key("k1", Tenant("acme"))


def make_catalog(*, key: Key = KEY) -> Catalog:
    """A provider of each dialect behind the routes ``open``, ``claude``, ``mixed``, ``vectors``."""
    openai = Provider("acme", "openai", Dialect.OPENAI)
    anthropic = Provider("clio", "anthropic", Dialect.ANTHROPIC)
    able = frozenset({Ability.STREAM, Ability.TOOLS})
    targets = {
        "open": (Target(openai, "m-1", able),),
        "claude": (Target(anthropic, "c-1", able),),
        "mixed": (Target(openai, "m-1", able), Target(anthropic, "c-1", able)),
        "vectors": (Target(openai, "v-1", frozenset({Ability.EMBEDDINGS})),),
    }
    routes = {name: Route(name, found) for name, found in targets.items()}
    return Catalog(routes={**routes, **built_in_catalog().routes}, keys={keys.hash_of(SECRET): key})


@dataclass(slots=True)
class Asked:
    """One call of the pipeline below."""

    deltas: AsyncGenerator[Delta, None]
    known: Account

    def account(self) -> Account:
        return replace(self.known)


@dataclass(slots=True)
class Engine:
    """A pipeline that says what it is given, and keeps what it was asked."""

    says: list[Delta | BaseException] = field(default_factory=list)
    asked: list[ChatRequest] = field(default_factory=list)
    told: list[dict[str, Any]] = field(default_factory=list)
    account: dict[str, Any] = field(default_factory=dict)
    hold: asyncio.Event | None = None  # waited for before the last of `says`
    is_closed: bool = False
    began: asyncio.Event = field(default_factory=asyncio.Event)

    def __call__(self, request: ChatRequest, **told: Any) -> "Asked":
        self.asked.append(request)
        self.told.append(told)
        return Asked(self._say(), Account(**self.account))

    async def _say(self) -> AsyncGenerator[Delta, None]:
        self.began.set()
        try:
            for index, said in enumerate(self.says):
                if self.hold is not None and index == len(self.says) - 1:
                    await self.hold.wait()
                if isinstance(said, BaseException):
                    raise said
                yield said
        finally:
            self.is_closed = True


@dataclass(slots=True)
class Answer:
    """Everything that was sent, as it was sent."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    stops_at: bytes = b""  # nothing is read past the message that holds this, until `may_read`
    may_read: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, message: dict[str, Any]) -> None:
        self.messages.append(message)
        self.changed.set()
        if self.stops_at and self.stops_at in message.get("body", b""):
            await self.may_read.wait()

    @property
    def status(self) -> int:
        return int(self.messages[0]["status"])

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.messages[0]["headers"]}

    @property
    def body(self) -> bytes:
        return b"".join(message["body"] for message in self.messages[1:])

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def is_whole(self) -> bool:
        return bool(self.messages) and not self.messages[-1].get("more_body", True)

    @property
    def data(self) -> list[Any]:
        """The data of each event: JSON where it is, else the text."""
        lines = [line for line in self.body.decode().split("\n") if line.startswith("data: ")]
        found = [line.removeprefix("data: ") for line in lines]
        return [json.loads(data) if data.startswith("{") else data for data in found]

    async def until(self, is_so: Any) -> None:
        while not is_so(self):
            self.changed.clear()
            await self.changed.wait()


def make_plane(engine: Engine, **changes: Any) -> DataPlane:
    catalog = changes.pop("catalog", None) or make_catalog()
    return DataPlane(Plane(lambda: catalog, engine, **changes))


def make_scope(path: str, *, method: str, headers: Mapping[str, str], query: str) -> dict[str, Any]:
    return {
        "type": "http",
        "path": path,
        "method": method,
        "query_string": query.encode(),
        "client": ("192.0.2.1", 1000),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }


@dataclass(slots=True)
class Client:
    """Sends one request at a time; ``leaving`` set makes it hang up."""

    plane: DataPlane
    leaving: asyncio.Event = field(default_factory=asyncio.Event)

    async def ask(
        self,
        path: str,
        body: Any = None,
        *,
        method: str = "POST",
        headers: Mapping[str, str] | None = None,
        query: str = "",
        answer: Answer | None = None,
        pieces: int = 1,
    ) -> Answer:
        """Return the whole answer."""
        raw = body if isinstance(body, bytes) else json.dumps(body, separators=(",", ":")).encode()
        size = max(1, -(-len(raw) // pieces))
        parts = [raw[at : at + size] for at in range(0, len(raw), size)] or [b""]
        waiting = list(enumerate(parts))
        given = {"content-type": "application/json", "authorization": f"Bearer {SECRET}"}
        given |= headers or {}
        answer = answer or Answer()

        async def receive() -> dict[str, Any]:
            if waiting:
                index, part = waiting.pop(0)
                has_more = index < len(parts) - 1
                return {"type": "http.request", "body": part, "more_body": has_more}
            await self.leaving.wait()
            return {"type": "http.disconnect"}

        scope = make_scope(path, method=method, headers=given, query=query)
        await self.plane(scope, receive, answer.send)
        return answer
