"""The résumés table."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _


class Resume(models.Model):
    """A candidate's résumé and the claims read from it; kept as it was when read."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.UUIDField(db_index=True, help_text="the player who brought it")
    sample = models.CharField(
        _("sample"), max_length=64, blank=True, help_text="slug of the sample it is"
    )
    language = models.CharField(_("language"), max_length=2)
    text = models.TextField()
    facts = models.JSONField()
    created_at = models.DateTimeField(_("read"), auto_now_add=True)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = _("résumé")
        verbose_name_plural = _("résumés")

    def __str__(self) -> str:
        return f"{self.sample or 'résumé'} {self.id}"
