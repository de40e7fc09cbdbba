"""Faults on purpose: the table of rules."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from gateway.domain.configuration.figures import LONGEST_SECONDS
from gateway.domain.faults import FaultProfile
from gateway.models.figures import Between
from gateway.models.tenant import is_name

PROFILES = {
    FaultProfile.LATENCY: _("latency: everything takes so much longer"),
    FaultProfile.SLOW_FIRST: _("slow first content"),
    FaultProfile.STATUS: _("an error status"),
    FaultProfile.RATE_LIMITED: _("429 with Retry-After"),
    FaultProfile.REFUSE_CONNECT: _("the connection is refused"),
    FaultProfile.STALL: _("silence in the middle"),
    FaultProfile.CUT: _("cut in the middle"),
    FaultProfile.MALFORMED: _("a piece that cannot be read"),
    FaultProfile.NO_DONE: _("no terminal mark"),
}


class FaultRule(models.Model):
    """One fault and whom it hits: the table's side of `gateway.domain.faults.FaultRule`."""

    name = models.CharField(_("name"), max_length=64, unique=True, validators=[is_name])
    is_enabled = models.BooleanField(_("switched on"), default=True)
    profile = models.CharField(
        _("fault"),
        max_length=16,
        choices=[(profile.value, words) for profile, words in PROFILES.items()],
    )
    tenant = models.ForeignKey(
        "gateway.Tenant",
        verbose_name=_("tenant"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="faults",
        help_text=_("It alone is hit, and nobody else notices; empty: everybody, rooms too."),
    )
    provider = models.CharField(_("provider"), max_length=64, blank=True)
    model = models.CharField(_("model"), max_length=128, blank=True)
    route = models.CharField(_("route"), max_length=128, blank=True)
    room = models.CharField(_("room"), max_length=64, blank=True)
    probability = models.FloatField(_("probability"), default=1.0, validators=[Between(0, 1)])
    n_times = models.PositiveIntegerField(
        _("times"), null=True, blank=True, help_text=_("After so many it stops; empty: never.")
    )
    until = models.DateTimeField(
        _("until"), null=True, blank=True, help_text=_("A forgotten fault ends by itself.")
    )
    seconds = models.FloatField(_("seconds"), default=0.0, validators=[Between(0, LONGEST_SECONDS)])
    status = models.PositiveSmallIntegerField(_("status"), default=500)
    after_tokens = models.PositiveIntegerField(_("after tokens"), default=0)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        ordering = ["name"]
        verbose_name = _("fault")
        verbose_name_plural = _("faults")

    def __str__(self) -> str:
        return self.name
