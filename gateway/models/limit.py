"""Limits and budgets: how much, of what, for whom."""

from decimal import Decimal

from django.db import models
from django.utils.translation import gettext_lazy as _

from gateway.domain.configuration.figures import (
    LONGEST_WINDOW_SECONDS,
    MOST_UNITS,
    SHORTEST_WINDOW_SECONDS,
)
from gateway.domain.money import MICROUSD_PER_USD, BudgetPeriod
from gateway.domain.rate_limit import Algorithm, Dimension, Unit
from gateway.models.figures import Between

DIMENSIONS = {
    Dimension.KEY: _("each key"),
    Dimension.TENANT: _("each tenant"),
    Dimension.USER: _("each user a program names"),
    Dimension.IP: _("each address"),
    Dimension.ROUTE: _("each kind of call"),
    Dimension.MODEL: _("each model"),
    Dimension.PROVIDER: _("each provider"),
    Dimension.GLOBAL: _("all together"),
}
UNITS = {
    Unit.REQUESTS: _("requests"),
    Unit.TOKENS: _("tokens"),
    Unit.CONCURRENT: _("requests at once"),
    Unit.MICROUSD: _("micro-USD"),
}
ALGORITHMS = {
    Algorithm.TOKEN_BUCKET: _("token bucket: refills steadily, may save up"),
    Algorithm.SLIDING_WINDOW: _("sliding window: never more in any window"),
    Algorithm.FIXED_WINDOW: _("fixed window: begins anew on the clock"),
    Algorithm.LEAKY_BUCKET: _("leaky bucket: evenly spaced"),
}
PERIODS = {
    BudgetPeriod.DAY: _("a day"),
    BudgetPeriod.MONTH: _("a month"),
    BudgetPeriod.TOTAL: _("in all"),
}


def default_alerts() -> list[float]:
    """Return the shares at which somebody is told when nobody says otherwise."""
    return [0.8, 1.0]


class Bound(models.Model):
    """What binds one tenant's keys or one key: whom it is for, and how it is called there."""

    tenant = models.ForeignKey(
        "gateway.Tenant",
        verbose_name=_("tenant"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="%(class)ss",
    )
    key = models.ForeignKey(
        "gateway.ApiKey",
        verbose_name=_("key"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="%(class)ss",
    )

    class Meta:
        abstract = True
        ordering = ["pk"]

    @property
    def subject(self) -> str:
        """Return whom it binds, as the ledger and the gate name it; empty for neither."""
        if self.key_id:
            return f"key:{self.key_id}"
        return f"tenant:{self.tenant.name}" if self.tenant else ""


class Limit(Bound):
    """So much per window. It binds one key, one tenant's keys, one route, or everybody."""

    route = models.ForeignKey(
        "gateway.Route",
        verbose_name=_("route"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="limits",
    )
    amount = models.PositiveBigIntegerField(_("amount"), validators=[Between(1, MOST_UNITS)])
    unit = models.CharField(
        _("unit"),
        max_length=16,
        choices=[(unit.value, words) for unit, words in UNITS.items()],
        default=Unit.REQUESTS.value,
    )
    dimension = models.CharField(
        _("counted for"),
        max_length=16,
        choices=[(dimension.value, words) for dimension, words in DIMENSIONS.items()],
    )
    window_seconds = models.FloatField(
        _("window, seconds"),
        default=60.0,
        validators=[Between(SHORTEST_WINDOW_SECONDS, LONGEST_WINDOW_SECONDS)],
    )
    algorithm = models.CharField(
        _("algorithm"),
        max_length=16,
        choices=[(algorithm.value, words) for algorithm, words in ALGORITHMS.items()],
        default=Algorithm.TOKEN_BUCKET.value,
    )
    burst = models.PositiveBigIntegerField(
        _("burst"),
        default=0,
        validators=[Between(0, MOST_UNITS)],
        help_text=_("The most a bucket saves up; 0 means the amount."),
    )

    class Meta(Bound.Meta):
        verbose_name = _("limit")
        verbose_name_plural = _("limits")
        constraints = [
            models.CheckConstraint(
                condition=(
                    models.Q(tenant=None, key=None)
                    | models.Q(tenant=None, route=None)
                    | models.Q(key=None, route=None)
                ),
                name="limit_one_subject",
                violation_error_message=_("A limit binds one of them: tenant, key or route."),
            ),
            models.CheckConstraint(
                condition=models.Q(amount__gt=0, window_seconds__gte=0.001),
                name="limit_can_be_counted",
                violation_error_message=_("A limit is more than nothing, in more than no time."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """Return what it says and whom it binds: 60 requests/60 s by key, key:k_1."""
        bound = self.subject or (f"route:{self.route}" if self.route else "everybody")
        return f"{self.amount} {self.unit}/{self.window_seconds:g} s by {self.dimension}, {bound}"


class Budget(Bound):
    """So much money per period for one tenant or one key."""

    period = models.CharField(
        _("period"),
        max_length=8,
        choices=[(period.value, words) for period, words in PERIODS.items()],
        default=BudgetPeriod.MONTH.value,
    )
    limit_microusd = models.PositiveBigIntegerField(
        _("limit, micro-USD"), validators=[Between(1, MOST_UNITS)]
    )
    alerts = models.JSONField(
        _("alerts"),
        default=default_alerts,
        blank=True,
        help_text=_("Shares of it at which somebody should be told, such as 0.8."),
    )

    class Meta(Bound.Meta):
        verbose_name = _("budget")
        verbose_name_plural = _("budgets")
        constraints = [
            models.CheckConstraint(
                condition=(
                    models.Q(tenant=None, key__isnull=False)
                    | models.Q(tenant__isnull=False, key=None)
                ),
                name="budget_one_subject",
                violation_error_message=_("A budget is for a tenant or for a key."),
            ),
            models.UniqueConstraint(
                fields=["tenant", "key", "period"],
                nulls_distinct=False,
                name="budget_once_per_period",
                violation_error_message=_("There is a budget for this period already."),
            ),
        ]

    def __str__(self) -> str:
        usd = Decimal(self.limit_microusd) / MICROUSD_PER_USD
        return f"{self.subject} · {usd:.2f} USD / {self.period}"

    @property
    def name(self) -> str:
        """Return whose it is and for how long: tenant:acme/month."""
        return f"{self.subject}/{self.period}"
