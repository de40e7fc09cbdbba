"""When a vendor says to come back."""

import json

import pytest

from gateway.adapters.providers.failures import failure
from gateway.adapters.providers.failures.waiting import duration_seconds

NOW = 1_800_000_000.0  # Fri, 15 Jan 2027 08:00:00 GMT


def wait(headers: dict[str, str], message: str = "", status: int = 429) -> float | None:
    body = json.dumps({"error": {"message": message}}).encode()
    return failure(
        vendor="openai", status=status, body=body, headers=headers, now=NOW
    ).retry_after_seconds


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"Retry-After": "2"}, 2.0),
        ({"Retry-After": "0.25"}, 0.25),
        ({"Retry-After": "-3"}, 0.0),
        ({"Retry-After": "6m0s"}, 360.0),
        ({"Retry-After": "Fri, 15 Jan 2027 08:00:30 GMT"}, 30.0),
        ({"Retry-After": "Fri, 15 Jan 2027 07:00:00 GMT"}, 0.0),
        ({"Retry-After": "Fri Jan 15 08:00:07 2027"}, 7.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": ""}, None),
        ({"X-RateLimit-Reset": "12"}, 12.0),
        ({"X-RateLimit-Reset": "1800000020"}, 20.0),
        ({"X-RateLimit-Reset": "1800000020000"}, 20.0),
        ({"x-ratelimit-reset-requests": "12ms", "x-ratelimit-reset-tokens": "6m0s"}, 0.012),
        (
            {
                "x-ratelimit-reset-requests": "12ms",
                "x-ratelimit-reset-tokens": "6m0s",
                "x-ratelimit-remaining-requests": "3",
                "x-ratelimit-remaining-tokens": "0",
            },
            360.0,
        ),
        ({"x-ratelimit-reset-requests": "10"}, 10.0),
        ({"x-ratelimit-reset-requests": "?"}, None),
        ({"anthropic-ratelimit-requests-reset": "2027-01-15T08:00:05Z"}, 5.0),
        ({"anthropic-ratelimit-requests-limit": "50"}, None),
    ],
)
def test_headers_say_it_in_many_ways(headers: dict[str, str], seconds: float | None) -> None:
    assert wait(headers) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("message", "seconds"),
    [
        ("Please retry after 37 seconds.", 37.0),
        ("Please try again in 6m0s. Visit", 360.0),
        ("Please try again in 1m30.5s.", 90.5),
        ("Please try again in 820ms.", 0.82),
        ("Please retry in 34.4s.", 34.4),
        ("Try again in 2 minutes", 120.0),
        ("Try again in 250 milliseconds", 0.25),
        ("Wait for 3 hours", 10800.0),
        ("retry after 5", 5.0),
        ("Please slow down.", None),
    ],
)
def test_so_do_words(message: str, seconds: float | None) -> None:
    assert wait({}, message) == (None if seconds is None else pytest.approx(seconds))


def test_a_detail_of_the_body_says_it_too() -> None:
    body = {"error": {"status": "RESOURCE_EXHAUSTED", "details": [{"retryDelay": "34.4s"}]}}

    error = failure(vendor="gemini", status=429, body=json.dumps(body).encode(), now=NOW)

    assert error.retry_after_seconds == 34.4


def test_what_is_asked_comes_before_when_a_window_ends() -> None:
    headers = {"retry-after": "2", "x-ratelimit-reset-requests": "9s"}

    assert wait(headers) == 2.0
    assert wait({"x-ratelimit-reset-requests": "9s"}, "Please try again in 3s.") == 3.0


def test_the_end_of_a_window_means_nothing_to_who_is_not_limited() -> None:
    assert wait({"x-ratelimit-reset-requests": "9s"}, status=503) is None
    assert wait({"retry-after": "4"}, status=503) == 4.0
    assert wait({}, "Please try again in 3s.", status=503) == 3.0


@pytest.mark.parametrize("text", ["", "6", "s", "6 parsecs", "6m0s!"])
def test_not_everything_is_a_duration(text: str) -> None:
    assert duration_seconds(text) is None


def test_a_duration_adds_its_parts() -> None:
    assert duration_seconds("1d2h3m4.5s6ms") == pytest.approx(86400 + 7200 + 180 + 4.506)
