"""What was used and what it cost: one row per attempt, a sum per day, and who was told."""

from typing import Any

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from gateway.domain.money import AttemptEnd, AttemptState, BudgetPeriod


class UsageRecord(models.Model):
    """One attempt at one target; inserted, never changed (trigger in migration 0002).

    ``charged_at`` is when the request was let in, which decides the period that pays.
    Names are kept as words: a row outlives the tenant, the key and the route it tells of.
    """

    attempt_id = models.CharField(_("attempt"), max_length=160)
    request_id = models.CharField(_("request"), max_length=150)
    tenant = models.CharField(_("tenant"), max_length=80, blank=True)
    key_id = models.CharField(_("key"), max_length=80, blank=True)
    room_id = models.CharField(_("room"), max_length=64, blank=True)
    route = models.CharField(_("route"), max_length=128, blank=True)
    provider = models.CharField(_("provider"), max_length=80)
    model = models.CharField(_("model"), max_length=160)
    state = models.CharField(
        _("state"), max_length=16, choices=[(state.value, state.value) for state in AttemptState]
    )
    end_reason = models.CharField(
        _("end"), max_length=16, choices=[(end.value, end.value) for end in AttemptEnd]
    )
    error_code = models.CharField(_("error"), max_length=64, blank=True)
    charged_at = models.DateTimeField(_("charged at"))
    began_at = models.DateTimeField(_("began at"))
    ended_at = models.DateTimeField(_("ended at"))
    written_at = models.DateTimeField(_("written at"), db_default=Now(), editable=False)
    ttft_ms = models.PositiveIntegerField(_("time to first token, ms"), null=True)
    input_tokens = models.PositiveBigIntegerField(_("input tokens"))
    input_cached_tokens = models.PositiveBigIntegerField(_("of these, cached"), default=0)
    cache_write_5m_tokens = models.PositiveBigIntegerField(
        _("of these, written to a cache for 5 minutes"), default=0
    )
    cache_write_1h_tokens = models.PositiveBigIntegerField(
        _("of these, written to a cache for 1 hour"), default=0
    )
    output_tokens = models.PositiveBigIntegerField(_("output tokens"))
    reasoning_tokens = models.PositiveBigIntegerField(_("of these, reasoning"), default=0)
    is_estimated = models.BooleanField(_("estimated"))
    cost_microusd = models.PositiveBigIntegerField(_("cost, micro-USD"))
    price_id = models.CharField(_("price"), max_length=200, blank=True)
    provider_usage = models.JSONField(_("usage in the provider's words"), null=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("usage record")
        verbose_name_plural = _("usage records")
        # Named here: a field that is indexed by itself gets a second index, for searches by how a
        # word begins, and every row pays for it.
        constraints = [
            models.UniqueConstraint(fields=["attempt_id"], name="usage_attempt_once"),
        ]
        indexes = [
            models.Index(fields=["request_id"], name="usage_of_request"),
            models.Index(
                fields=["key_id", "charged_at"], include=["cost_microusd"], name="usage_of_key"
            ),
            models.Index(
                fields=["tenant", "charged_at"], include=["cost_microusd"], name="usage_of_tenant"
            ),
            models.Index(fields=["charged_at"], name="usage_by_time"),
            models.Index(fields=["written_at"], name="usage_by_writing"),
        ]

    def __str__(self) -> str:
        return f"{self.attempt_id} {self.end_reason} {self.cost_microusd}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert; a row that exists is refused (the trigger is the lock, this is courtesy)."""
        if not self._state.adding:
            raise TypeError("a usage record is never changed")
        super().save(*args, **kwargs)


class UsageDay(models.Model):
    """What one key used of one model on one UTC day: sums of the records, made again from them."""

    day = models.DateField(_("day"))
    tenant = models.CharField(_("tenant"), max_length=80, blank=True)
    key_id = models.CharField(_("key"), max_length=80, blank=True)
    route = models.CharField(_("route"), max_length=128, blank=True)
    provider = models.CharField(_("provider"), max_length=80)
    model = models.CharField(_("model"), max_length=160)
    n_attempts = models.PositiveBigIntegerField(_("attempts"))
    n_failed = models.PositiveBigIntegerField(_("failed attempts"))
    n_estimated = models.PositiveBigIntegerField(_("estimated attempts"))
    input_tokens = models.PositiveBigIntegerField(_("input tokens"))
    input_cached_tokens = models.PositiveBigIntegerField(_("of these, cached"))
    output_tokens = models.PositiveBigIntegerField(_("output tokens"))
    cost_microusd = models.PositiveBigIntegerField(_("cost, micro-USD"))

    class Meta:
        ordering = ["-day", "tenant", "key_id", "model"]
        verbose_name = _("usage of a day")
        verbose_name_plural = _("usage by day")
        constraints = [
            models.UniqueConstraint(
                fields=["day", "tenant", "key_id", "route", "provider", "model"],
                name="usage_day_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.tenant} {self.model}"


class BudgetAlert(models.Model):
    """A budget that passed a share of itself, told once per period."""

    at = models.DateTimeField(_("at"), auto_now_add=True)
    subject = models.CharField(_("whose"), max_length=160)
    period = models.CharField(
        _("period"), max_length=8, choices=[(period.value, period.value) for period in BudgetPeriod]
    )
    starts_at = models.PositiveBigIntegerField(_("began at (Unix seconds)"))
    share = models.FloatField(_("share"))
    limit_microusd = models.PositiveBigIntegerField(_("limit, micro-USD"))
    spent_microusd = models.PositiveBigIntegerField(_("spent, micro-USD"))

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("budget alert")
        verbose_name_plural = _("budget alerts")
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "period", "starts_at", "share", "limit_microusd"],
                name="budget_alert_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.share:.0%} {self.period}"
