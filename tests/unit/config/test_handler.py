"""Django's requests, each in one thread."""

import threading
from typing import BinaryIO

import pytest
from django.core.signals import request_finished, request_started
from django.http import FileResponse, HttpResponse
from django.urls import path

from config.handler import Handler
from tests.unit.config.asgi import Client, fetch, http_scope

seen: list[str] = []


def _here(*_arguments, **_named):
    seen.append(threading.current_thread().name)


def _view(request):
    _here()
    return HttpResponse(b"heard " + request.body, headers={"X-Said": request.GET["said"]})


def _file(request):
    return FileResponse(opened[-1])


opened: list[BinaryIO] = []
urlpatterns = [path("view", _view), path("file", _file)]


class Watched:
    """A middleware of both colours that notes its thread."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response):
        self._get_response = get_response

    def __call__(self, request):
        _here()
        return self._get_response(request)


@pytest.fixture
def handler(settings):
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = [f"{__name__}.Watched"]
    seen.clear()
    return Handler()


async def test_a_request_is_answered_in_one_thread_from_its_beginning_to_its_end(handler):
    request_started.connect(_here)
    request_finished.connect(_here)
    try:
        status, headers, body = await fetch(handler, "/view", query_string=b"said=yes")
    finally:
        request_started.disconnect(_here)
        request_finished.disconnect(_here)

    assert (status, headers[b"X-Said"], body) == (200, b"yes", b"heard ")
    assert len(seen) == 4
    assert len(set(seen)) == 1
    assert seen[0].startswith("django")


async def test_a_body_in_pieces_reaches_the_view_whole(handler):
    client = Client(handler, http_scope("/view", method="POST", query_string=b"said=yes"))
    client.put({"type": "http.request", "body": b"one ", "more_body": True})
    client.put({"type": "http.request", "body": b"two", "more_body": False})

    _, answer = await client.finish()

    assert answer["body"] == b"heard one two"


async def test_who_leaves_before_the_request_is_whole_starts_nothing(handler):
    client = Client(handler, http_scope("/view", method="POST"))
    client.put({"type": "http.request", "body": b"one ", "more_body": True})
    client.put({"type": "http.disconnect"})

    assert await client.finish() == []
    assert seen == []


async def test_a_request_that_cannot_be_read_is_refused(handler):
    scope = http_scope("/view", query_string=b"\xff")
    client = Client(handler, scope)
    client.put({"type": "http.request", "body": b"", "more_body": False})

    start, _ = await client.finish()

    assert start["status"] == 400


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")
async def test_a_file_is_sent_whole_and_closed(handler, tmp_path):
    source = tmp_path / "words.txt"
    source.write_bytes(b"all of it")
    opened.append(source.open("rb"))

    client = Client(handler, http_scope("/file"))
    client.put({"type": "http.request", "body": b"", "more_body": False})
    start, content, _ = await client.finish()

    assert (start["status"], content["body"]) == (200, b"all of it")
    assert opened.pop().closed
