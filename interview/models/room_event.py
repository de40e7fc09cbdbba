"""The event log's table."""

from typing import Any

from django.db import models
from django.db.models.fields.json import KT
from django.utils.translation import gettext_lazy as _


class RoomEvent(models.Model):
    """One fact about a room; inserted, never changed (trigger in migration 0002)."""

    room = models.ForeignKey(
        "interview.Room", verbose_name=_("room"), on_delete=models.PROTECT, related_name="events"
    )
    offset = models.PositiveIntegerField(
        _("offset"), help_text="1, 2, 3 ... without gaps inside a room"
    )
    type = models.CharField(_("type"), max_length=64)
    turn_id = models.CharField(_("turn"), max_length=16, blank=True)
    at = models.DateTimeField(_("at"))
    data = models.JSONField()

    class Meta:
        ordering = ["room", "offset"]
        verbose_name = _("room event")
        verbose_name_plural = _("room events")
        constraints = [
            models.UniqueConstraint(fields=["room", "offset"], name="room_offset_once"),
            models.UniqueConstraint(
                models.F("room"),
                KT("data__client_id"),
                condition=models.Q(type="answer.submitted"),
                name="answer_client_id_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.room_id} #{self.offset} {self.type}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert; a row that exists is refused (the trigger is the lock, this is courtesy)."""
        if not self._state.adding:
            raise TypeError("a fact is never changed")
        super().save(*args, **kwargs)
