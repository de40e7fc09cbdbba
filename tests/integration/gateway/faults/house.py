"""/v1 in this process, over real HTTP to a misbehaving server, and all that can be seen of it.

Two targets on one server, ``one`` before ``two``: two retries, a budget of thirty seconds, and
deadlines short enough that nobody waits. What a client sees, what the ledger holds and what the
trace tells come from the same request.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from gateway.adapters.providers import CONTINUATIONS, build_providers
from gateway.adapters.providers.http import Http
from gateway.domain import keys
from gateway.domain.caller import Caller
from gateway.domain.catalog import (
    Ability,
    Catalog,
    Key,
    Provider,
    RetryPolicy,
    Route,
    Scope,
    Target,
    Tenant,
)
from gateway.domain.messages import ChatRequest, Deadlines, Dialect
from gateway.domain.money import Entry, Price
from gateway.domain.ports import Ports
from gateway.services import completion
from gateway.services.calls import Call
from gateway.services.heartbeat import Heart
from gateway.services.watchdog import Watchdog
from gateway.v1.app import DataPlane
from gateway.v1.engine import PipelineCall
from gateway.v1.visit import Plane
from tests.fakes.clock import Clock
from tests.fakes.gateway import FakeProvider, make_ports
from tests.fakes.ledger import MemoryLedger
from tests.fakes.upstream import Upstream

SIXTY = " ".join(f"w{number}" for number in range(60))
FORTY = SIXTY.split(" w40")[0]
REST = "w40" + SIXTY.split(" w40")[1]
PRICE = Price("p", input=1_000_000, output=1_000_000)  # a token costs one micro-dollar
ABLE = frozenset(Ability)
UNABLE = ABLE - {Ability.PREFILL}
FAST = Deadlines(connect_seconds=2.0, first_seconds=0.6, idle_seconds=0.6, total_seconds=30.0)
SECRET = "sk-" + "faults" * 8
BUDGET_HEADER = ("x-request-budget-ms", "30000")


@dataclass(frozen=True, slots=True)
class Way:
    """How a client asks: in whose dialect, and whether for a stream.

    The server speaks OpenAI's dialect: what comes in it is forwarded, the rest is translated.
    """

    dialect: Dialect
    is_streamed: bool

    @property
    def path(self) -> str:
        """Where it asks."""
        return "/v1/chat/completions" if self.dialect is Dialect.OPENAI else "/v1/messages"

    @property
    def body(self) -> bytes:
        """What it sends."""
        asked: dict[str, Any] = {
            "model": "m",
            "stream": self.is_streamed,
            "messages": [{"role": "user", "content": "Why?"}],
        }
        if self.dialect is Dialect.ANTHROPIC:
            asked["max_tokens"] = 500
        elif self.is_streamed:
            asked["stream_options"] = {"include_usage": True}
        return json.dumps(asked).encode()

    def __str__(self) -> str:
        return f"{self.dialect.value} {'stream' if self.is_streamed else 'whole'}"


STREAMED = (Way(Dialect.OPENAI, is_streamed=True), Way(Dialect.ANTHROPIC, is_streamed=True))
WHOLE = (Way(Dialect.OPENAI, is_streamed=False), Way(Dialect.ANTHROPIC, is_streamed=False))
WAYS = pytest.mark.parametrize("way", [*STREAMED, *WHOLE], ids=str)
STREAMS = pytest.mark.parametrize("way", STREAMED, ids=str)
WHOLES = pytest.mark.parametrize("way", WHOLE, ids=str)


@dataclass(slots=True)
class Answer:
    """What one client saw."""

    way: Way
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    has_ended: bool = False

    @property
    def frames(self) -> list[bytes]:
        """The stream's frames, comments among them."""
        return [frame for frame in self.body.split(b"\n\n") if frame]

    @property
    def objects(self) -> list[dict[str, Any]]:
        """Everything that was told as JSON, in order."""
        if not self.headers["content-type"].startswith("text/event-stream"):
            return [json.loads(self.body)]
        lines = [line for frame in self.frames for line in frame.split(b"\n")]
        told = [line.removeprefix(b"data: ") for line in lines if line.startswith(b"data: {")]
        return [json.loads(line) for line in told]

    @property
    def text(self) -> str:
        """The words."""
        return "".join(_words(found) for found in self.objects)

    @property
    def seams(self) -> list[str]:
        """Who took over, and where."""
        return [f.decode()[7:] for f in self.frames if f.startswith(b": seam ")]

    @property
    def error(self) -> str:
        """The error's code, or its type where a dialect has no codes; empty for none."""
        found = [one["error"] for one in self.objects if one.get("error")]
        assert len(found) <= 1
        return str(found[0].get("code") or found[0]["type"]) if found else ""

    @property
    def complaint(self) -> str:
        """What the error says to people."""
        return next((str(one["error"]["message"]) for one in self.objects if one.get("error")), "")

    @property
    def reasons(self) -> list[str]:
        """Why it ended, as often as that was said."""
        return [reason for found in self.objects for reason in _reasons(found)]

    @property
    def usage(self) -> tuple[int, int]:
        """Tokens in and out, as they were told last."""
        told = {}
        for found in self.objects:
            told |= (found.get("message") or {}).get("usage") or {}
            told |= found.get("usage") or {}
        return (
            told.get("prompt_tokens", told.get("input_tokens", 0)),
            told.get("completion_tokens", told.get("output_tokens", 0)),
        )

    @property
    def models(self) -> set[str]:
        """Who the answer says it is by."""
        named = {str((one.get("message") or one).get("model", "")) for one in self.objects}
        return named - {"", "None"}

    @property
    def is_ended_once(self) -> bool:
        """Whether there is one end, last, in the manner of the dialect."""
        if not self.way.is_streamed or self.status != 200:
            return self.has_ended
        if self.way.dialect is Dialect.OPENAI:
            ends = [frame == b"data: [DONE]" for frame in self.frames]
        else:
            words = (b"event: message_stop", b"event: error")
            ends = [frame.startswith(words) for frame in self.frames]
        return self.has_ended and ends[-1] and sum(ends) == 1

    @property
    def is_good(self) -> bool:
        """Whether it is a whole answer with a good end."""
        good = [["stop"], ["end_turn"]]
        return self.status == 200 and not self.error and self.is_ended_once and self.reasons in good


class Client:
    """One client's end of a connection; `leave` hangs up."""

    def __init__(self, way: Way) -> None:
        self.way = way
        self.answer = Answer(way)
        self._has_asked = False
        self._has_left = asyncio.Event()

    def leave(self) -> None:
        """Hang up."""
        self._has_left.set()

    async def receive(self) -> dict[str, Any]:
        """Return the request, then the end of the connection."""
        if self._has_asked:
            await self._has_left.wait()
            return {"type": "http.disconnect"}
        self._has_asked = True
        return {"type": "http.request", "body": self.way.body, "more_body": False}

    async def send(self, message: dict[str, Any]) -> None:
        """Take a part of the answer."""
        answer = self.answer
        assert not answer.has_ended
        if message["type"] == "http.response.start":
            assert answer.status == 0
            answer.status = message["status"]
            answer.headers = {n.decode(): v.decode() for n, v in message["headers"]}
        else:
            answer.body += message.get("body", b"")
            answer.has_ended = not message.get("more_body", False)


class House:
    """The data plane, with what is beside the provider in memory; time passes by hand there."""

    def __init__(self, upstream: Upstream, http: Http, spans: InMemorySpanExporter) -> None:
        self.upstream, self.http = upstream, http
        self.spans = spans
        self.clock = Clock()
        self.naps: list[float] = []
        self.provider = Provider("acme", "openai", Dialect.OPENAI, base_url=upstream.base_url)
        self.catalog = Catalog(
            version=1,
            providers={"acme": self.provider},
            routes={"m": self._route()},
            keys={
                keys.hash_of(SECRET): Key(
                    "k", Tenant("t"), frozenset({Scope.CHAT, Scope.FAULTS, Scope.MODELS})
                )
            },
        )
        self.ledger = MemoryLedger()
        made = make_ports(provider=FakeProvider(), clock=self.clock, places=64)
        self.ports: Ports = replace(
            made,
            providers=build_providers(http),
            continuations=CONTINUATIONS,
            catalog=lambda: self.catalog,
            ledger=self.ledger,
        )
        self.heart = Heart(self.ports, beat_seconds=60)
        self.on_call: Callable[[Call], None] = lambda _: None
        self._app = DataPlane(Plane(lambda: self.catalog, self._ask))

    def _route(self) -> Route:
        return Route(
            "m",
            (
                Target(self.provider, "one", ABLE, context_tokens=1000, price=PRICE),
                Target(self.provider, "two", ABLE, context_tokens=100_000, price=PRICE),
            ),
            retry=RetryPolicy(n_retries=2),
            deadlines=FAST,
        )

    # --- What a test changes ------------------------------------------------------------------

    def change(self, **route: Any) -> None:
        """Change fields of the route."""
        changed = replace(self.catalog.routes["m"], **route)
        self.catalog = replace(self.catalog, routes={"m": changed})

    def alone(self) -> None:
        """Let there be nobody but ``one``."""
        self.change(targets=self.catalog.routes["m"].targets[:1])

    def two_is_unable(self) -> None:
        """Let ``two`` not take an answer that somebody else began."""
        one, two = self.catalog.routes["m"].targets
        self.change(targets=(one, replace(two, abilities=UNABLE)))

    def keep_alive(self, *, every_seconds: float) -> None:
        """Give a sign of life on silent streams so often."""
        self._app = DataPlane(
            Plane(lambda: self.catalog, self._ask, keep_alive_seconds=every_seconds)
        )

    # --- What a client does -------------------------------------------------------------------

    async def ask(self, way: Way, **headers: str) -> Answer:
        """Return what a client sees that asks in this way; ``_`` in a header's name is ``-``."""
        client = Client(way)
        await self.serve(client, **headers)
        return client.answer

    async def serve(self, client: "Client", **headers: str) -> None:
        """Serve the client until it is answered or has left."""
        given = {
            "authorization": f"Bearer {SECRET}",
            "content-type": "application/json",
            BUDGET_HEADER[0]: BUDGET_HEADER[1],
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        scope = {
            "type": "http",
            "method": "POST",
            "path": client.way.path,
            "client": ("127.0.0.1", 1),
            "headers": [(name.encode(), value.encode()) for name, value in given.items()],
        }
        await self._app(scope, client.receive, client.send)

    def _ask(
        self,
        request: ChatRequest,
        *,
        caller: Caller,
        catalog: Catalog,
        budget_seconds: float | None,
    ) -> PipelineCall:
        call = Call(
            request, Watchdog(), caller=caller, catalog=catalog, budget_seconds=budget_seconds
        )
        self.on_call(call)
        return PipelineCall(call, completion.stream(call, ports=self.ports, heart=self.heart))

    # --- What can be seen afterwards ----------------------------------------------------------

    @property
    def asked(self) -> list[str]:
        """The models that were asked, in order."""
        return [seen.model for seen in self.upstream.seen]

    @property
    def entries(self) -> list[Entry]:
        """The ledger, in the order of the attempts."""
        return list(self.ledger.entries.values())

    @property
    def rows(self) -> list[tuple[str, str, str]]:
        """The ledger: who was asked, how it ended, and why when it went wrong."""
        return [(entry.model, entry.end.value, entry.error_code) for entry in self.entries]

    @property
    def costs(self) -> list[int]:
        """What each attempt cost, in micro-dollars."""
        return [entry.cost_microusd for entry in self.entries]

    @property
    def events(self) -> list[str]:
        """What the traces tell of the calls, in order."""
        return [event.name for span in self._spans("chat ") for event in span.events]

    def details(self, name: str) -> list[dict[str, Any]]:
        """What the traces tell with events of one name, calls and attempts alike."""
        return [
            dict(event.attributes or {})
            for span in self.spans.get_finished_spans()
            for event in span.events
            if event.name == name
        ]

    @property
    def attempts(self) -> list[tuple[str, str, str, str]]:
        """The attempts on the traces: of whom, why, how it ended and what went wrong."""
        told = [dict(span.attributes or {}) for span in self._spans("attempt ")]
        names = (
            "gen_ai.request.model",
            "gw.attempt.cause",
            "gw.outcome",
            "error.type",
        )
        return [tuple(str(one.get(name, "")) for name in names) for one in told]  # type: ignore[misc]

    @property
    def call(self) -> dict[str, Any]:
        """What the trace tells of the last call as a whole."""
        return dict(self._spans("chat ")[-1].attributes or {})

    async def holds_nothing(self) -> bool:
        """Whether every place has been given back."""
        return await self.ports.gate.in_flight("acme") == 0

    def forget(self) -> None:
        """Forget what has been seen and said so far."""
        self.upstream.forget()
        self.spans.clear()
        self.ledger.entries.clear()
        self.naps.clear()

    def _spans(self, prefix: str) -> list[ReadableSpan]:
        found = [s for s in self.spans.get_finished_spans() if s.name.startswith(prefix)]
        return sorted(found, key=lambda span: span.start_time or 0)


def _words(found: dict[str, Any]) -> str:
    """Return the words in one object of either dialect."""
    if "choices" in found:
        said = [choice.get("delta") or choice.get("message") or {} for choice in found["choices"]]
        return "".join(one.get("content") or "" for one in said)
    if found.get("type") == "message":
        return "".join(block.get("text", "") for block in found["content"])
    return str(found.get("delta", {}).get("text", "")) if "delta" in found else ""


def _reasons(found: dict[str, Any]) -> list[str]:
    """Return why one object of either dialect says that the answer ends."""
    if "choices" in found:
        given = [choice.get("finish_reason") for choice in found["choices"]]
    else:
        given = [found.get("stop_reason"), (found.get("delta") or {}).get("stop_reason")]
    return [str(reason) for reason in given if reason]
