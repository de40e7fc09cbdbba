"""How often one room may be told the same thing: nobody fills a log for ever by clicking."""

from datetime import datetime, timedelta

from interview.domain.errors import RateLimitedError
from interview.domain.events import EventType
from interview.models import Room as RoomRow
from interview.models import RoomEvent

MOST = 30
WINDOW = timedelta(minutes=1)
_LOOK_BACK = 500  # facts; a long log is not searched to its beginning


def check(row: RoomRow, kind: EventType, *, at: datetime) -> None:
    """Raise RateLimitedError when a locked room wrote ``MOST`` facts of this kind in a minute."""
    lately = RoomEvent.objects.filter(
        room_id=row.pk, offset__gt=row.top_offset - _LOOK_BACK, type=kind, at__gt=at - WINDOW
    )
    if lately.count() >= MOST:
        raise RateLimitedError(
            "The panel cannot follow that fast; take a breath.",
            retry_after_seconds=int(WINDOW.total_seconds()),
        )
