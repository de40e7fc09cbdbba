"""The rooms table."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _


class Room(models.Model):
    """A room: who owns it, what it plays, and the fold of its log up to ``snapshot_offset``.

    The log is the truth. ``status``, ``turn_*`` and ``top_offset`` repeat parts of it so that
    the fences and the reaper need no fold; only the event log writes them.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    epoch = models.CharField(max_length=16, help_text="identity of the log; readers carry it")
    owner = models.UUIDField(db_index=True, help_text="the player in the seat")
    token_hash = models.CharField(max_length=64, help_text="SHA-256 of the room token")
    share_token_hash = models.CharField(max_length=64, blank=True)
    edition = models.ForeignKey("interview.Edition", on_delete=models.PROTECT, related_name="+")
    resume = models.ForeignKey("interview.Resume", on_delete=models.PROTECT, related_name="rooms")
    mode = models.CharField(_("mode"), max_length=16)
    language = models.CharField(_("language"), max_length=2)
    status = models.CharField(_("status"), max_length=20)
    top_offset = models.PositiveIntegerField(_("facts"), default=0)
    snapshot = models.JSONField(default=dict)
    snapshot_offset = models.PositiveIntegerField(default=0)
    turn_id = models.CharField(max_length=16, blank=True)
    turn_state = models.CharField(max_length=16, blank=True)
    turn_epoch = models.PositiveIntegerField(default=0)
    silent_since = models.DateTimeField(
        null=True, blank=True, help_text="when the reaper first missed the turn's worker"
    )
    result = models.CharField(_("result"), max_length=16, blank=True)
    score = models.IntegerField(_("score"), default=0)
    created_at = models.DateTimeField(_("opened"), auto_now_add=True)
    changed_at = models.DateTimeField(_("last change"), auto_now=True)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = _("room")
        verbose_name_plural = _("rooms")
        indexes = [
            models.Index(fields=["owner", "-changed_at"], name="room_by_owner"),
            models.Index(
                fields=["changed_at"],
                name="room_live_turns",
                condition=models.Q(turn_state__in=["queued", "streaming"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.mode} {self.id}"
