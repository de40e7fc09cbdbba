"""Two processes on one store: answers kept, calls shared, and streams taken up again in either."""

import json
import re
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from compose.local import free_port
from tests.fakes.upstream import Reply, Upstream
from tests.integration.gateway.v1 import known
from tests.integration.gateway.v1.conftest import served

LONG = " ".join(f"word{number}" for number in range(30))
PACED = Reply(text=LONG, token_delay_seconds=0.02)


@dataclass(slots=True)
class Heard:
    """What came of a request."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def text(self) -> str:
        """The words of a stream."""
        data = re.findall(rb"^data: (\{.*)$", self.body, re.M)
        chunks = [json.loads(found)["choices"] for found in data]
        return "".join(chunk[0]["delta"].get("content") or "" for chunk in chunks if chunk)


class Line:
    """One connection by hand: it can be cut after any byte."""

    def __init__(self, address: str, method: str, path: str, body: object = None, **more: str):
        parts = urlsplit(address)
        raw = b"" if body is None else json.dumps(body).encode()
        headers = {
            "Host": parts.netloc,
            "Authorization": f"Bearer {known.SECRET}",
            "Content-Type": "application/json",
            "Content-Length": str(len(raw)),
            "Connection": "close",
            **{name.replace("_", "-"): value for name, value in more.items()},
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self._socket = socket.create_connection((parts.hostname or "", parts.port or 0), 20)
        self._socket.sendall(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + raw)
        self._raw = b""

    def hear(self, *, n_frames: int | None = None) -> Heard:
        """Return what came: up to so many frames, or to the end."""
        while True:
            heard = self._heard()
            if n_frames is not None and heard.body.count(b"\n\n") >= n_frames:
                return heard
            more = self._socket.recv(65536)
            if not more:
                self._socket.close()
                return heard
            self._raw += more

    def cut(self) -> None:
        """Hang up."""
        self._socket.close()

    def _heard(self) -> Heard:
        head, end, rest = self._raw.partition(b"\r\n\r\n")
        if not end:
            return Heard()
        lines = head.decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines[1:])
        if headers.get("transfer-encoding") == "chunked":
            rest = _unchunked(rest)
        return Heard(int(lines[0].split(" ")[1]), headers, rest)


def _unchunked(raw: bytes) -> bytes:
    found = b""
    while b"\r\n" in raw:
        size, _, raw = raw.partition(b"\r\n")
        n_bytes = int(size, 16) if size else 0
        if n_bytes == 0:
            break
        found, raw = found + raw[:n_bytes], raw[n_bytes + 2 :]
    return found


def asked(model: str, *, stream: bool = True, **more: object) -> dict[str, object]:
    content = more.pop("content", "Why?")
    return {"model": model, "stream": stream, "messages": [{"role": "user", "content": content}]}


def chat(address: str, body: object, **headers: str) -> Line:
    return Line(address, "POST", "/v1/chat/completions", body, **headers)


def wait_for(is_so) -> None:
    """Wait, within the test's own time limit."""
    while not is_so():
        time.sleep(0.01)


@pytest.fixture(scope="module")
def pair(models: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The addresses of two processes that share a store."""
    prefix = f"v1-pair-{free_port()}:"
    one, other = (tmp_path_factory.mktemp(name) for name in ("one", "other"))
    with (
        served(models, one, prefix=prefix) as (_, first),
        served(models, other, prefix=prefix) as (_, second),
    ):
        yield first, second


@pytest.mark.parametrize("stream", [True, False])
def test_an_answer_kept_by_one_process_is_given_by_the_other_as_it_was(pair, upstream, stream):
    body = asked("kept", stream=stream, content=uuid4().hex)
    first = chat(pair[0], body).hear()
    again = chat(pair[0], body).hear()
    wait_for(lambda: chat(pair[1], body).hear().headers["x-cache"] == "hit")
    n_asked = len(upstream.seen)
    elsewhere = chat(pair[1], body).hear()
    assert (first.headers["x-cache"], again.headers["x-cache"]) == ("miss", "hit")
    assert elsewhere.headers["x-cache"] == "hit"
    assert first.body == again.body == elsewhere.body
    assert elsewhere.headers["x-gateway-provider"] == "acme"
    assert len(upstream.seen) == n_asked


def test_those_who_ask_the_same_of_either_process_share_one_call(pair, upstream):
    upstream.always(PACED, model="m-together")
    body = asked("together", content=uuid4().hex)
    first = chat(pair[0], body)
    first.hear(n_frames=3)
    with ThreadPoolExecutor(5) as pool:
        others = list(pool.map(lambda number: chat(pair[number % 2], body).hear(), range(5)))
    heard = first.hear()
    assert heard.text == LONG
    assert {each.body for each in others} == {heard.body}
    assert {each.headers["x-gateway-coalesced"] for each in others} == {"follower"}
    assert heard.headers["x-gateway-coalesced"] == "leader"
    assert len(upstream.seen) == 1


def test_a_shared_call_is_closed_when_the_last_has_left_in_either_process(pair, upstream):
    upstream.always(Reply(text="endless " * 4000, token_delay_seconds=0.01), model="m-together")
    body = asked("together", content=uuid4().hex)
    first = chat(pair[0], body)
    first.hear(n_frames=3)
    second = chat(pair[1], body)
    second.hear(n_frames=3)
    first.cut()
    n_tokens = upstream.seen[-1].n_tokens
    wait_for(lambda: upstream.seen[-1].n_tokens > n_tokens + 20)
    assert not upstream.seen[-1].is_gone
    second.cut()
    wait_for(lambda: upstream.seen[-1].is_gone)
    assert len(upstream.seen) == 1


def test_followers_of_a_process_that_is_killed_get_a_clean_error(
    pair, models: Upstream, upstream, tmp_path
):
    prefix = f"v1-killed-{free_port()}:"
    (tmp_path / "one").mkdir()
    (tmp_path / "other").mkdir()
    upstream.always(Reply(text="endless " * 4000, token_delay_seconds=0.01), model="m-together")
    with (
        served(models, tmp_path / "other", prefix=prefix) as (_, second),
        served(models, tmp_path / "one", prefix=prefix) as (process, first),
    ):
        body = asked("together", content=uuid4().hex)
        leader = chat(first, body)
        leader.hear(n_frames=3)
        follower = chat(second, body)
        follower.hear(n_frames=3)
        _kill_family(process.pid)
        leader.cut()
        heard = follower.hear()
        assert b'"code":"stream_truncated"' in heard.body.replace(b'": "', b'":"')
        assert heard.body.endswith(b"data: [DONE]\n\n")
        # Whoever asks now leads itself.
        upstream.always(PACED, model="m-together")
        assert chat(second, body).hear().text == LONG


def _kill_family(pid: int) -> None:
    import psutil  # noqa: PLC0415

    parent = psutil.Process(pid)
    for one in (*parent.children(recursive=True), parent):
        one.send_signal(signal.SIGKILL)


def test_a_stream_cut_anywhere_is_taken_up_again_in_the_other_process(pair, upstream):
    upstream.always(PACED, model="m-open")
    whole = chat(pair[0], asked("open"), x_gateway_resumable="true").hear()
    run_id = whole.headers["x-request-id"]
    assert whole.text == LONG
    for number in range(0, whole.body.count(b"\n\n") + 1, 4):
        path = f"/v1/streams/{run_id}?after={number}"
        rest = Line(pair[1], "GET", path).hear()
        at = whole.body.find(f"id: {run_id}:{number}\n\n".encode())
        kept = whole.body[: whole.body.find(b"\n\n", at) + 2] if number else b""
        assert kept + rest.body == whole.body


def test_a_stream_that_lost_its_reader_is_heard_live_to_its_end_in_the_other_process(
    pair, upstream
):
    upstream.always(PACED, model="m-open")
    line = chat(pair[0], asked("open"), x_gateway_resumable="true")
    cut = line.hear(n_frames=5)
    line.cut()
    run_id = cut.headers["x-request-id"]
    kept = cut.body[: cut.body.rfind(b"\n\n") + 2]
    last = re.findall(rf"id: ({run_id}:\d+)\n\n".encode(), kept)[-1].decode()
    rest = Line(pair[1], "GET", f"/v1/streams/{run_id}", Last_Event_ID=last).hear()
    assert Heard(body=kept + rest.body).text == LONG
    assert rest.body.count(b"data: [DONE]") == 1
    assert len(upstream.seen) == 1
