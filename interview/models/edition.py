"""The editions table."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Edition(models.Model):
    """One published state of a scenery with its panel and questions; never changed.

    Rooms point here, so a game goes on as it began while authors edit. ``id`` is the SHA-256 of
    ``body``, which is `interview.domain.position.Edition` in JSON.
    """

    id = models.CharField(primary_key=True, max_length=64)
    scenery_slug = models.CharField(_("scenery"), max_length=64, db_index=True)
    scenery_version = models.PositiveIntegerField(_("version"))
    body = models.JSONField()
    published_at = models.DateTimeField(_("published"), auto_now_add=True)

    class Meta:
        ordering = ["-published_at"]
        verbose_name = _("edition")
        verbose_name_plural = _("editions")

    def __str__(self) -> str:
        return f"{self.scenery_slug} v{self.scenery_version} ({self.id[:8]})"
