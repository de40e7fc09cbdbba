"""What an answer says of its making."""

import pytest

from gateway.domain.rate_limit import Level
from gateway.v1 import headers
from gateway.v1.headers import Account


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0ms"),
        (-1.0, "0ms"),
        (0.012, "12ms"),
        (1.0, "1s"),
        (3.25, "3.25s"),
        (59.9994, "59.999s"),
        (60.0, "1m0s"),
        (359.2, "6m0s"),
        (3723.0, "1h2m3s"),
    ],
)
def test_durations_are_written_as_openai_writes_them(seconds, text):
    assert headers.duration(seconds) == text


def test_what_is_known_is_said():
    account = Account(
        route="fast",
        provider="acme",
        model="m-1",
        n_attempts=2,
        cache="hit",
        is_degraded=True,
        overhead_seconds=0.00125,
        decision="priority one/modèle!failed two/m:1.00",
    )
    assert dict(headers.of_answer(account)) == {
        b"x-gateway-route": b"fast",
        b"x-gateway-provider": b"acme",
        b"x-gateway-model": b"m-1",
        b"x-cache": b"hit",
        b"x-gateway-attempts": b"2",
        b"x-degraded": b"limits",
        b"x-gateway-overhead-ms": b"1.25",
        b"x-gateway-decision": b"priority one/mod?le!failed two/m:1.00",
    }


def test_what_is_not_known_is_left_out():
    assert headers.of_answer(Account()) == []


def test_the_limit_that_ends_first_is_shown():
    levels = (
        Level("requests:key", 100, 90, 6.0),
        Level("requests:tenant", 10, 1, 54.0),
        Level("tokens:key", 1000, 0, 60.0),
        Level("concurrent:key", 5, 4, 0.0),
    )
    assert dict(headers.of_limits(levels)) == {
        b"x-ratelimit-limit-requests": b"10",
        b"x-ratelimit-remaining-requests": b"1",
        b"x-ratelimit-reset-requests": b"54s",
        b"x-ratelimit-limit-tokens": b"1000",
        b"x-ratelimit-remaining-tokens": b"0",
        b"x-ratelimit-reset-tokens": b"1m0s",
    }


def test_a_name_cannot_add_a_header():
    told = dict(headers.of_answer(Account(model="a\r\nx: 1é")))
    assert told[b"x-gateway-model"] == b"a??x: 1?"
