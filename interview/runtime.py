"""The composition root: builds the adapters once per process."""

from functools import lru_cache

from interview.adapters.gateway_stage import GatewayStage
from interview.adapters.outbox import LiveOutbox, room_group
from interview.domain.ports import Ports

__all__ = ["ports", "room_group"]


@lru_cache(maxsize=1)
def ports() -> Ports:
    """Return the real outside world."""
    return Ports(stage=GatewayStage(), outbox=LiveOutbox())
