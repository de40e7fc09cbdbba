"""Where programs' calls branch off, and the life of a process that serves nothing else."""

import asyncio
import os
import signal

import pytest
from prometheus_client import CollectorRegistry

from config import data_plane
from config.data_plane import asgi
from config.drain import Drain
from gateway.domain.messages import Finish, FinishReason
from gateway.v1 import app
from tests.unit.config.asgi import Client, fetch, http_scope
from tests.unit.gateway.v1.asgi import Client as Caller
from tests.unit.gateway.v1.asgi import Engine, make_plane

ASKED = {"model": "open", "messages": []}


async def the_game(scope, receive, send):
    """Answers everything with 418."""
    await send({"type": "http.response.start", "status": 418, "headers": []})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def build() -> data_plane.DataPlane:
    return data_plane.DataPlane(make_plane(Engine()))


@pytest.mark.parametrize(
    ("path", "status"),
    [("/v1/models", 401), ("/v1/x", 404), ("/v1", 418), ("/v12/models", 418), ("/", 418)],
)
async def test_calls_of_programs_branch_off_before_the_game(path, status):
    drain = Drain(the_game, data_plane=build())
    assert (await fetch(drain, path))[0] == status


async def test_a_socket_under_the_same_path_is_the_games():
    scope = {**http_scope("/v1/models"), "type": "websocket"}
    assert build().serves(scope) is False


async def test_the_end_waits_for_the_data_plane_too():
    asked = asyncio.Event()

    class Plane:
        def serves(self, scope):
            return False

        async def finished(self, *, within_seconds):
            asked.set()
            return within_seconds > 1

    drain = Drain(the_game, data_plane=Plane())
    assert await drain.finished(within_seconds=2.0) is True
    assert await drain.finished(within_seconds=0.5) is False
    assert asked.is_set()


async def test_without_an_exporter_nothing_stands_around_the_plane(settings):
    plane = make_plane(Engine())
    assert data_plane.DataPlane(plane)._application is plane


@pytest.mark.parametrize(
    ("told", "n_hops", "address"),
    [
        ("6.6.6.6, 203.0.113.9", 1, "203.0.113.9"),
        ("6.6.6.6, 203.0.113.9, 10.0.0.2", 2, "203.0.113.9"),
        ("[2001:db8::7]:4711", 1, "2001:db8::"),
        ("", 1, "192.0.2.1"),
    ],
)
async def test_behind_a_proxy_a_limit_counts_by_the_client_and_not_by_its_tale(
    settings, told, n_hops, address
):
    settings.TRUST_PROXY, settings.PROXY_HOPS = True, n_hops
    engine = Engine([Finish(FinishReason.STOP)])
    plane = data_plane.DataPlane(make_plane(engine))

    await Caller(plane).ask("/v1/chat/completions", ASKED, headers={"x-forwarded-for": told})

    assert engine.told[0]["caller"].ip == address


async def test_without_a_proxy_nobody_names_an_address_of_their_own(settings):
    settings.TRUST_PROXY = False
    engine = Engine([Finish(FinishReason.STOP)])
    plane = data_plane.DataPlane(make_plane(engine))

    await Caller(plane).ask("/v1/chat/completions", ASKED, headers={"x-forwarded-for": "6.6.6.6"})

    assert engine.told[0]["caller"].ip == "192.0.2.1"


async def test_with_an_exporter_a_strangers_trace_is_not_believed(settings, monkeypatch):
    seen = []

    async def inner(scope, receive, send):
        seen.extend(scope.get("headers", ()))

    monkeypatch.setattr(data_plane.telemetry, "edge", lambda application: inner)
    settings.OTLP_ENDPOINT = "http://localhost:4318"
    traced = data_plane.DataPlane(make_plane(Engine()))
    headers = [(b"traceparent", b"00-1-2-01"), (b"accept", b"*/*")]
    await Client(traced, http_scope("/v1/models", headers=headers)).finish()
    await Client(traced, {"type": "lifespan"}).finish()
    assert seen == [(b"accept", b"*/*")]


async def test_the_plane_of_the_house_takes_bodies_as_large_as_the_setting(settings):
    settings.DATA_PLANE_BODY_BYTES = 77
    assert data_plane.build().plane.plane.max_body_bytes == 77


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the process does at its beginning and its end, without doing it."""
    done: list[str] = []

    async def note(word: str) -> None:
        done.append(word)

    monkeypatch.setattr(asgi.engine, "begin", lambda: note("begin"))
    monkeypatch.setattr(asgi.engine, "end", lambda: note("end"))
    monkeypatch.setattr(asgi.loop_lag, "measure", lambda loop: None)
    monkeypatch.setattr(asgi.interpreter, "settle", lambda: None)
    return done


async def test_a_process_of_its_own_begins_serves_and_ends(quiet, settings, monkeypatch):
    settings.DRAIN_NOTICE_SECONDS, settings.DRAIN_SECONDS = 0.0, 0.0
    told: list[int] = []
    monkeypatch.setattr(asgi.os, "kill", lambda pid, number: told.append(number))
    server = asgi.Server(build())
    life = Client(server, {"type": "lifespan"})
    life.put({"type": "lifespan.startup"})
    await life.wait_for(1)
    assert (await fetch(server, "/healthz"))[0] == 200
    assert (await fetch(server, "/v1/models"))[0] == 401
    assert (await fetch(server, "/elsewhere"))[0] == 404

    server._signalled()
    server._signalled()  # the launcher tells everybody, and granian tells its own once more
    assert await server._ending is True
    assert told == [signal.SIGINT]
    assert (await fetch(server, "/readyz"))[0] == 503

    life.put({"type": "lifespan.shutdown"})
    sent = await life.finish()
    asyncio.get_running_loop().remove_signal_handler(signal.SIGTERM)
    assert [message["type"] for message in sent] == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
    ]
    assert quiet == ["begin", "end"]


async def test_a_scrape_is_answered_for_all_processes_of_the_port(settings, monkeypatch, tmp_path):
    settings.METRICS_DIR = str(tmp_path)
    asked: list[CollectorRegistry] = []
    monkeypatch.setattr(
        asgi.multiprocess, "MultiProcessCollector", lambda registry: asked.append(registry)
    )
    status, _, body = await fetch(asgi.Server(build()), "/metrics")
    assert (status, body, len(asked)) == (200, b"", 1)


def test_the_prefix_is_that_of_the_official_clients():
    assert app.PREFIX == "/v1/"
    assert os.environ["DJANGO_SETTINGS_MODULE"]
