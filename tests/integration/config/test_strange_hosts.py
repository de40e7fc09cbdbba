"""Requests for a host that is not ours."""

import io
import json
import logging

import pytest
from django.test import AsyncClient, Client

from config import logging as lines


@pytest.fixture
def written(monkeypatch):
    """What the process writes meanwhile, as its own formatter writes it."""
    stream = io.StringIO()
    writer = logging.StreamHandler(stream)
    writer.setFormatter(lines.formatter(is_json=True, is_coloured=False))
    root = logging.getLogger()
    root.addHandler(writer)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.removeHandler(writer)


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/api/sceneries", "/admin/login/"])
def test_a_strange_host_is_answered_400_and_costs_one_short_line(path, written):
    answer = Client(raise_request_exception=False).get(path, headers={"host": "evil.example"})

    assert answer.status_code == 400
    assert [(line["event"], line["level"]) for line in written()] == [("host.refused", "warning")]
    assert "evil.example" not in json.dumps(written())
    assert "exception" not in written()[0]


async def test_the_same_without_a_thread(written):
    answer = await AsyncClient().get("/api/sceneries", headers={"host": "evil.example:8000"})

    assert (answer.status_code, answer["Content-Type"]) == (400, "text/plain")
    assert answer["X-Request-Id"]
    assert [line["event"] for line in written()] == ["host.refused"]
