"""Public model names and the targets behind them: the tables of routes."""

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from gateway.domain.catalog import Ability, RoutingPolicy
from gateway.domain.configuration import PUBLIC_NAME
from gateway.domain.configuration.figures import (
    LONGEST_PUBLIC_NAME,
    LONGEST_SECONDS,
    MOST_ATTEMPTS,
    MOST_RETRIES,
    MOST_WEIGHT_OF_A_TARGET,
    SHORTEST_HEDGE_SECONDS,
)
from gateway.models.figures import Between

POLICIES = {
    RoutingPolicy.PRIORITY: _("in the order below"),
    RoutingPolicy.LOCAL_PREFER: _("local ones first"),
    RoutingPolicy.COST_AWARE: _("the cheapest first"),
    RoutingPolicy.QUALITY_AWARE: _("the best first"),
    RoutingPolicy.LATENCY_AWARE: _("the quickest first"),
    RoutingPolicy.WEIGHTED: _("by chance, by weight"),
    RoutingPolicy.ROUND_ROBIN: _("in turn"),
    RoutingPolicy.LEAST_BUSY: _("the least busy first"),
}


def default_abilities() -> list[str]:
    """Return what a model is taken to be able to do when nobody says otherwise."""
    return [Ability.STREAM.value]


class Route(models.Model):
    """One public model name: how its targets are chosen, tried and waited for."""

    model = models.CharField(
        _("public name"),
        max_length=LONGEST_PUBLIC_NAME,
        unique=True,
        validators=[
            RegexValidator(
                rf"^{PUBLIC_NAME.pattern}\Z",
                _("A public name is made of letters, digits and . _ : / @ + -."),
            )
        ],
        help_text=_("What programs ask for."),
    )
    is_enabled = models.BooleanField(_("switched on"), default=True)
    policy = models.CharField(
        _("choice"),
        max_length=16,
        default=RoutingPolicy.PRIORITY.value,
        choices=[(policy.value, words) for policy, words in POLICIES.items()],
    )
    n_retries = models.PositiveSmallIntegerField(
        _("retries per target"), default=2, validators=[Between(0, MOST_RETRIES)]
    )
    n_attempts = models.PositiveSmallIntegerField(
        _("attempts in all"), default=5, validators=[Between(1, MOST_ATTEMPTS)]
    )
    waits_for_primary = models.BooleanField(
        _("wait out a short Retry-After"),
        default=False,
        help_text=_("Instead of asking the next target at once."),
    )
    continues_answers = models.BooleanField(
        _("go on with a broken answer"),
        default=True,
        help_text=_("On another target that takes an answer's beginning; with a visible seam."),
    )
    hedge_after_seconds = models.FloatField(
        _("hedge after, seconds"),
        null=True,
        blank=True,
        validators=[Between(SHORTEST_HEDGE_SECONDS, LONGEST_SECONDS)],
        help_text=_("Ask a second target when the first is silent this long; the loser is closed."),
    )
    connect_seconds = models.FloatField(
        _("connect deadline, seconds"),
        null=True,
        blank=True,
        validators=[Between(0, LONGEST_SECONDS)],
    )
    first_seconds = models.FloatField(
        _("first content deadline, seconds"),
        null=True,
        blank=True,
        validators=[Between(0, LONGEST_SECONDS)],
    )
    idle_seconds = models.FloatField(
        _("idle deadline, seconds"), null=True, blank=True, validators=[Between(0, LONGEST_SECONDS)]
    )
    total_seconds = models.FloatField(
        _("total deadline, seconds"),
        null=True,
        blank=True,
        validators=[Between(0, LONGEST_SECONDS)],
    )
    cache_seconds = models.FloatField(
        _("cache, seconds"),
        default=0.0,
        validators=[Between(0, LONGEST_SECONDS)],
        help_text=_("How long an identical request of the same tenant gets the same answer."),
    )
    is_coalesced = models.BooleanField(
        _("merge identical requests"),
        default=False,
        help_text=_("Those in flight at the same time share one call."),
    )
    allows_faults = models.BooleanField(
        _("faults by header"),
        default=False,
        help_text=_("Let a key with the scope for it ask for a fault."),
    )

    class Meta:
        ordering = ["model"]
        verbose_name = _("route")
        verbose_name_plural = _("routes")

    def __str__(self) -> str:
        return self.model


class RouteTarget(models.Model):
    """One model at one provider, at its place in a route."""

    route = models.ForeignKey(
        Route, verbose_name=_("route"), on_delete=models.CASCADE, related_name="targets"
    )
    provider = models.ForeignKey(
        "gateway.Provider",
        verbose_name=_("provider"),
        on_delete=models.PROTECT,
        related_name="targets",
    )
    model = models.CharField(
        _("model there"), max_length=128, help_text=_("The name the provider knows it by.")
    )
    order = models.PositiveSmallIntegerField(_("order"), default=0)
    abilities = models.JSONField(_("abilities"), default=default_abilities)
    context_tokens = models.PositiveIntegerField(
        _("context, tokens"), default=0, help_text=_("0: unknown, never a reason to pass it over.")
    )
    max_output_tokens = models.PositiveIntegerField(_("longest answer, tokens"), default=0)
    quality = models.FloatField(_("quality"), default=0.5, validators=[Between(0, 1)])
    weight = models.PositiveSmallIntegerField(
        _("weight"), default=1, validators=[Between(0, MOST_WEIGHT_OF_A_TARGET)]
    )

    class Meta:
        ordering = ["route", "order", "pk"]
        verbose_name = _("target")
        verbose_name_plural = _("targets")
        constraints = [
            models.UniqueConstraint(
                fields=["route", "provider", "model"],
                name="route_target_once",
                violation_error_message=_("This target is in the route already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.provider}/{self.model}"
