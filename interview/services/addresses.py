"""How often one address may take something new, whoever it says it is.

A cookie costs nothing to get, so what a player may do is no limit to a program. Counts live in
the shared cache; while it is away nobody is refused, and the rooms themselves need it anyway.
"""

import logging
import time
from enum import StrEnum

from django.conf import settings
from django.core.cache import cache
from redis.exceptions import RedisError

from interview.domain.errors import RateLimitedError

logger = logging.getLogger(__name__)


class Taken(StrEnum):
    """What is counted by address."""

    ROOM = "room"
    RESUME = "resume"


def check(address: str, taken: Taken, *, now: float | None = None) -> None:
    """Count one more; raise RateLimitedError past the limit of the settings."""
    most = {Taken.ROOM: settings.ROOMS_PER_ADDRESS, Taken.RESUME: settings.RESUMES_PER_ADDRESS}
    if not most[taken]:
        return
    window, gone = divmod(time.time() if now is None else now, settings.ADDRESS_WINDOW_SECONDS)
    if _counted(f"{taken}:{address}:{window:.0f}") > most[taken]:
        left = max(1, round(settings.ADDRESS_WINDOW_SECONDS - gone))
        raise RateLimitedError(
            f"Too much has come from this network; try again in {left} seconds.",
            retry_after_seconds=left,
        )


def _counted(key: str) -> int:
    """Return how often the key was counted, with this time."""
    try:
        cache.add(key, 0, timeout=settings.ADDRESS_WINDOW_SECONDS)
        return cache.incr(key)
    except (RedisError, OSError, ValueError) as error:  # ValueError: the window has just ended
        logger.warning("addresses.not_counted", extra={"error_type": type(error).__name__})
        return 0
