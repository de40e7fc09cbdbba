"""Start-up checks: settings that are each fine and together are not."""

from collections.abc import Sequence

from django.apps.config import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.db import DatabaseError
from django.utils.module_loading import import_string

BEATS_PER_LEASE = 2
# By name, because this module is imported before Django knows any table.
_READ = "gateway.snapshot.reading.read"


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


def configuration_is_in_order(
    app_configs: Sequence[AppConfig] | None,
    databases: Sequence[str] | None = None,
    **kwargs: object,
) -> list[CheckMessage]:
    """Return a warning for each thing there is to say against the stored configuration.

    Only where the database is asked for (``manage.py check --database default``), and never an
    error: a configuration that is wrong must not be in the way of the migration that mends it.
    """
    if not databases:
        return []
    try:
        problems = import_string(_READ)().problems
    except DatabaseError:  # its tables are not there yet
        return []
    return [Warning(str(problem), id="gateway.W001") for problem in problems]
