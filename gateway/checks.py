"""Start-up checks: settings that are each fine and together are not."""

from collections.abc import Sequence

from django.apps.config import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error

BEATS_PER_LEASE = 2


def lease_outlives_heartbeats(
    app_configs: Sequence[AppConfig] | None, **kwargs: object
) -> list[CheckMessage]:
    """Return an error when a living worker could be taken for a dead one."""
    if settings.LEASE_SECONDS >= BEATS_PER_LEASE * settings.HEARTBEAT_SECONDS:
        return []
    return [
        Error(
            "LEASE_SECONDS is too short for HEARTBEAT_SECONDS.",
            hint=f"A lease has to outlive {BEATS_PER_LEASE} heartbeats; one may come late.",
            id="gateway.E001",
        )
    ]
