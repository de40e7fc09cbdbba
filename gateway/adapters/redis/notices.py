"""Word of a new configuration over Redis: a message that is quick and may get lost."""

import contextlib
import logging
import threading

from redis import Redis
from redis.client import PubSub
from redis.exceptions import RedisError

PAUSE_SECONDS = 0.5

_logger = logging.getLogger(__name__)


class RedisNotices:
    """One channel for all processes; a listener belongs to the thread that waits."""

    def __init__(self, client: Redis, *, prefix: str) -> None:
        self._client = client
        self._channel = f"{prefix}configuration"
        self._pubsub: PubSub | None = None
        self._is_away = False
        self._pause = threading.Event()

    def send(self, version: int) -> None:
        """Tell everybody; an outage is only noted: the others look by themselves."""
        try:
            self._client.publish(self._channel, str(version))
        except (RedisError, OSError) as error:
            _logger.warning("gateway.notice_unsent", extra={"error_type": type(error).__name__})

    def wait(self, *, seconds: float) -> bool:
        """Return True as soon as there was word, also after the connection had been away."""
        try:
            if self._pubsub is None:
                self._pubsub = self._client.pubsub()  # type: ignore[no-untyped-call]
                self._pubsub.subscribe(self._channel)
            # The subscription's own confirmation counts: until then word may have been missed.
            heard = self._pubsub.get_message(timeout=seconds)
            while heard is not None and self._pubsub.get_message(timeout=0) is not None:
                pass
        except (RedisError, OSError) as error:
            if not self._is_away:
                _logger.warning("gateway.notices_lost", extra={"error_type": type(error).__name__})
            self._is_away = True
            self.close()
            self._pause.wait(min(seconds, PAUSE_SECONDS))
            return False
        self._is_away = False
        return heard is not None

    def close(self) -> None:
        """Leave the connection."""
        if self._pubsub is not None:
            with contextlib.suppress(RedisError, OSError):
                self._pubsub.close()
            self._pubsub = None
