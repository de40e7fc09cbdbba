"""The composition root: builds the adapters once per process."""

from functools import lru_cache

from django.conf import settings

from interview.adapters.gateway_counsel import GatewayCounsel
from interview.adapters.gateway_stage import GatewayStage
from interview.adapters.outbox import LiveOutbox, room_group
from interview.domain.ports import ModelPolicy, Ports

__all__ = ["ports", "room_group"]


@lru_cache(maxsize=1)
def ports() -> Ports:
    """Return the real outside world."""
    counsel = GatewayCounsel()
    models = ModelPolicy(
        speaker=settings.ROOM_MODEL_ROUTE,
        judge=settings.JUDGE_MODEL_ROUTE,
        director=settings.DIRECTOR_MODEL_ROUTE,
        first_words_seconds=settings.ROOM_FIRST_WORDS_SECONDS,
        line_seconds=settings.ROOM_LINE_SECONDS,
        judge_seconds=settings.JUDGE_SECONDS,
        director_seconds=settings.DIRECTOR_SECONDS,
        judge_votes=settings.JUDGE_VOTES,
    )
    if models.speaker:
        counsel.follow()
    return Ports(stage=GatewayStage(), outbox=LiveOutbox(), counsel=counsel, models=models)
