"""Connections that are slow, and processes that end."""

import json
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import openai
import pytest

from tests.fakes.upstream import Reply, Upstream
from tests.integration.gateway.v1 import known
from tests.integration.gateway.v1.conftest import served

HI = [{"role": "user", "content": "Hi"}]
WITHOUT_END = "word " * 400_000  # some 60 MB of frames


def open_stream(address: str) -> socket.socket:
    """Ask for a stream and read nothing of it."""
    parts = urlsplit(address)
    body = json.dumps({"model": "open", "messages": HI, "stream": True}).encode()
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nHost: {parts.netloc}\r\n"
        f"Authorization: Bearer {known.SECRET}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    connection = socket.create_connection((parts.hostname or "", parts.port or 0))
    connection.sendall(head.encode() + body)
    return connection


def scraped(address: str) -> str:
    """Return the data plane's series as text."""
    with openai.OpenAI(api_key="none", base_url=address, max_retries=0) as plain:
        return plain.get("/metrics", cast_to=str)


def wait_for(is_so) -> None:
    """Wait, within the test's own time limit."""
    while not is_so():
        time.sleep(0.01)


def test_a_client_that_does_not_read_stops_the_reading_from_the_provider(
    data_plane: str, upstream: Upstream
):
    upstream.say(WITHOUT_END)
    with open_stream(data_plane):
        wait_for(lambda: upstream.seen and upstream.seen[-1].n_paused)
        seen = upstream.seen[-1]
        n_bytes = -1
        while n_bytes != seen.n_bytes:  # what fits into all the buffers on the way
            n_bytes = seen.n_bytes
            time.sleep(0.2)
        assert n_bytes < 30_000_000
    wait_for(lambda: upstream.seen[-1].is_gone)


def test_a_process_that_ends_lets_streams_run_and_tells_those_it_cuts(
    models: Upstream, upstream: Upstream, tmp_path: Path
):
    with (
        served(models, tmp_path) as (process, address),
        openai.OpenAI(api_key=known.SECRET, base_url=f"{address}/v1", max_retries=0) as client,
    ):
        upstream.say("word " * 2_000, token_delay_seconds=0.02)
        upstream.say("word " * 40, token_delay_seconds=0.01)
        long = client.chat.completions.create(model="open", messages=HI, stream=True)
        next(iter(long))
        short = client.chat.completions.create(model="open", messages=HI, stream=True)
        process.send_signal(signal.SIGTERM)
        n_chunks = len(list(short))
        assert n_chunks >= 40
        with pytest.raises(openai.APIError) as raised:
            list(long)
        assert raised.value.code == "shutting_down"
        wait_for(lambda: all(seen.is_gone or seen.is_answered for seen in upstream.seen))
        assert process.wait(20) == 0


def sample(address: str, name: str) -> int:
    """Return the value of a series without labels."""
    found = next(line for line in scraped(address).splitlines() if line.startswith(f"{name} "))
    return int(float(found.removeprefix(f"{name} ")))


def test_clients_that_leave_at_any_point_leave_nothing_behind(data_plane: str, upstream: Upstream):
    upstream.always(Reply(text="word " * 300, first_delay_seconds=0.02, token_delay_seconds=0.005))

    def leave(n_reads: int) -> None:
        with open_stream(data_plane) as connection:
            for _ in range(n_reads):
                connection.recv(300)

    for n_reads in range(10):
        leave(n_reads)
    wait_for(lambda: upstream.n_in_flight == 0)
    n_open = sample(data_plane, "process_open_fds")
    n_gone = sample(data_plane, "gw_disconnect_seconds_count")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(leave, [n % 12 for n in range(240)]))
    wait_for(lambda: upstream.n_in_flight == 0)
    wait_for(lambda: sample(data_plane, "process_open_fds") <= n_open + 8)
    # A few were gone before they were seen to have come.
    assert sample(data_plane, "gw_disconnect_seconds_count") > n_gone + 200


def test_the_series_of_the_data_plane_can_be_read(data_plane: str, program: openai.OpenAI):
    program.models.list()
    series = scraped(data_plane)
    assert 'gw_data_plane_answers_total{endpoint="models",status="200"}' in series
    assert "gw_disconnect_seconds_bucket" in series
