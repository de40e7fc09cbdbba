"""The series: what a scrape finds before the first request, and what it reads from the store."""

from prometheus_client import CollectorRegistry, generate_latest

from gateway import metrics
from gateway.metrics import QueueReading, StateReading


def scraped(registry: CollectorRegistry) -> str:
    """Return the text of a scrape."""
    return generate_latest(registry).decode()


def test_shared_gauges_are_read_at_the_scrape() -> None:
    registry = CollectorRegistry()
    reading = StateReading(
        {"scripted": (3, 256)}, {"turns": QueueReading(7, 500, 1.5)}, {("a", "m"): "open"}
    )

    metrics.publish_state(lambda: reading, registry)

    text = scraped(registry)
    assert 'gw_inflight{provider="scripted"} 3.0' in text
    assert 'gw_inflight_limit{provider="scripted"} 256.0' in text
    assert 'gw_queue_depth{queue="turns"} 7.0' in text
    assert 'gw_queue_limit{queue="turns"} 500.0' in text
    assert 'gw_queue_oldest_seconds{queue="turns"} 1.5' in text
    assert 'gw_breaker_state{model="m",provider="a",state="open"} 1.0' in text
    assert 'gw_breaker_state{model="m",provider="a",state="closed"} 0.0' in text


def test_a_store_that_does_not_answer_leaves_no_series_rather_than_zero() -> None:
    registry = CollectorRegistry()

    metrics.publish_state(lambda: None, registry)

    assert "gw_inflight{" not in scraped(registry)


def test_publishing_reads_nothing_before_the_first_scrape() -> None:
    def read() -> StateReading:
        raise AssertionError("read too early")

    metrics.publish_state(read, CollectorRegistry())


def test_series_exist_before_the_first_request() -> None:
    metrics.precreate(providers=["scripted"], queues=["turns"])

    text = generate_latest().decode()

    assert 'gw_queue_wait_seconds_count{outcome="expired",queue="turns"}' in text
    assert 'gw_cancels_total{phase="streaming",source="user"}' in text
    assert 'gw_provider_ttft_seconds_count{model="scripted",provider="scripted"}' in text
