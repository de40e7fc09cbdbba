"""What models cost: rows that are added to and never rewritten."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _


class Price(models.Model):
    """The price of the models a pattern names, from a day on until a later row says otherwise.

    Figures are micro-USD per million tokens; empty ones fall back as `gateway.domain.money`
    says. ``tiers`` are further sets of figures for requests with more input than
    ``over_input_tokens``. A change of price is a new row: the old one explains old records.
    """

    vendor = models.CharField(_("vendor or provider"), max_length=80)
    model = models.CharField(_("model pattern"), max_length=160)
    valid_from = models.DateField(_("valid from"))
    input = models.PositiveBigIntegerField(_("input"))
    output = models.PositiveBigIntegerField(_("output"))
    input_cached = models.PositiveBigIntegerField(_("cached input"), null=True, blank=True)
    input_cache_write_5m = models.PositiveBigIntegerField(
        _("cache write, 5 minutes"), null=True, blank=True
    )
    input_cache_write_1h = models.PositiveBigIntegerField(
        _("cache write, 1 hour"), null=True, blank=True
    )
    output_reasoning = models.PositiveBigIntegerField(_("reasoning"), null=True, blank=True)
    tiers = models.JSONField(_("tiers"), default=list, blank=True)
    source = models.CharField(_("source"), max_length=120)
    as_of = models.DateField(_("as of"))
    note = models.TextField(_("note"), blank=True)

    class Meta:
        ordering = ["vendor", "model", "-valid_from"]
        verbose_name = _("price")
        verbose_name_plural = _("prices")
        constraints = [
            models.UniqueConstraint(fields=["vendor", "model", "valid_from"], name="price_once")
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert; a row that exists is refused (the trigger is the lock, this is courtesy)."""
        if not self._state.adding:
            raise TypeError("a price is never changed; add one that is valid from later on")
        super().save(*args, **kwargs)

    @property
    def name(self) -> str:
        """Return the name under which records refer to it: ``vendor/model@day``."""
        return f"{self.vendor}/{self.model}@{self.valid_from.isoformat()}"
