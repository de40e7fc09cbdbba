"""What one address may open, whatever cookies it brings."""

import json

import pytest
from django.test import Client
from redis.exceptions import ConnectionError as RedisAwayError

from config.shared_cache import SharedCache
from interview import runtime
from interview.domain.errors import RateLimitedError
from interview.services import addresses
from interview.services.addresses import Taken
from tests.fakes.interview import fake_ports

pytestmark = pytest.mark.usefixtures("redis_client")
RESUME = {"text": "Cut latency to 310ms\nBuilt the Redis cache"}
ROOM = {"scenery": "court", "mode": "survive", "language": "en", "resume": RESUME}


def post(path, body, *, address="203.0.113.9"):
    """Send as somebody new: no cookie at all."""
    return Client().post(path, body, content_type="application/json", REMOTE_ADDR=address)


@pytest.mark.usefixtures("edition")
@pytest.mark.parametrize(("path", "body"), [("/api/rooms", ROOM), ("/api/resumes", RESUME)])
def test_a_fresh_cookie_each_time_does_not_get_past_the_limit_of_an_address(
    path, body, settings, monkeypatch
):
    ports = fake_ports()
    monkeypatch.setattr(runtime, "ports", lambda: ports)
    settings.ROOMS_PER_ADDRESS = settings.RESUMES_PER_ADDRESS = 2
    settings.ADDRESS_WINDOW_SECONDS = 10**10

    answers = [post(path, body) for _ in range(3)]
    elsewhere = post(path, body, address="203.0.113.10")

    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert elsewhere.status_code == 201
    problem = json.loads(answers[2].content)
    left = int(answers[2]["Retry-After"])
    assert answers[2]["Content-Type"] == "application/problem+json"
    assert problem["code"] == "rate_limited"
    assert problem["detail"] == (
        f"Too much has come from this network; try again in {left} seconds."
    )
    assert "Set-Cookie" not in answers[2]


def test_the_window_ends_and_another_thing_is_counted_apart(settings):
    settings.ROOMS_PER_ADDRESS = settings.RESUMES_PER_ADDRESS = 1
    settings.ADDRESS_WINDOW_SECONDS = 600
    addresses.check("203.0.113.9", Taken.ROOM, now=6000.0)

    with pytest.raises(RateLimitedError) as refused:
        addresses.check("203.0.113.9", Taken.ROOM, now=6480.0)

    assert refused.value.retry_after_seconds == 120
    addresses.check("203.0.113.9", Taken.RESUME, now=6480.0)
    addresses.check("203.0.113.9", Taken.ROOM, now=6600.0)


def test_no_limit_counts_nothing_and_a_store_that_is_away_refuses_nobody(settings, monkeypatch):
    def away(*_args, **_options):
        raise RedisAwayError

    monkeypatch.setattr(SharedCache, "add", away)
    settings.ROOMS_PER_ADDRESS, settings.RESUMES_PER_ADDRESS = 0, 1

    for taken in (Taken.ROOM, Taken.RESUME, Taken.RESUME):
        addresses.check("203.0.113.9", taken)
