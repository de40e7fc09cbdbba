"""Who changed what: the table of the audit log, and the configuration's version."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from gateway.domain.audit import Verb, Via

VERBS = {
    Verb.CREATED: _("created"),
    Verb.CHANGED: _("changed"),
    Verb.REMOVED: _("removed"),
    Verb.ROTATED: _("rotated"),
    Verb.REVOKED: _("revoked"),
    Verb.TESTED: _("tested"),
}
DOORS = {Via.ADMIN: _("admin"), Via.API: _("API"), Via.CLI: _("command line")}


class AuditEntry(models.Model):
    """One change by one actor; inserted, never changed (trigger in migration 0003)."""

    at = models.DateTimeField(_("at"), auto_now_add=True, db_index=True)
    actor = models.CharField(_("who"), max_length=150)
    via = models.CharField(
        _("by way of"), max_length=8, choices=[(via.value, words) for via, words in DOORS.items()]
    )
    verb = models.CharField(
        _("did"), max_length=16, choices=[(verb.value, words) for verb, words in VERBS.items()]
    )
    kind = models.CharField(_("kind"), max_length=32)
    subject = models.CharField(_("what"), max_length=160)
    version = models.PositiveBigIntegerField(
        _("version"), default=0, help_text=_("Of the configuration that this change made.")
    )
    before = models.JSONField(_("before"), null=True)
    after = models.JSONField(_("after"), null=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit log")
        indexes = [models.Index(fields=["kind", "subject"], name="audit_of_subject")]

    def __str__(self) -> str:
        return f"{self.actor} {self.verb} {self.kind}:{self.subject}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert; a row that exists is refused (the trigger is the lock, this is courtesy)."""
        if not self._state.adding:
            raise TypeError("an audit entry is never changed")
        super().save(*args, **kwargs)


class Revision(models.Model):
    """The configuration's version: one row, locked by whoever changes anything."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    number = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="revision_is_one_row")]

    def __str__(self) -> str:
        return str(self.number)
