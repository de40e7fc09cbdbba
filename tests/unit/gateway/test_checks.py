"""Settings that are each fine and together are not."""

from pytest_django import Settings

from gateway import checks


def test_a_lease_that_outlives_two_heartbeats_passes(settings: Settings) -> None:
    settings.LEASE_SECONDS, settings.HEARTBEAT_SECONDS = 4.0, 2.0

    assert checks.lease_outlives_heartbeats(None) == []


def test_a_lease_shorter_than_that_is_refused(settings: Settings) -> None:
    settings.LEASE_SECONDS, settings.HEARTBEAT_SECONDS = 1.0, 1.0

    assert [error.id for error in checks.lease_outlives_heartbeats(None)] == ["gateway.E001"]
