"""Who pays: the table of tenants."""

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from gateway.domain.configuration import NAME
from gateway.domain.configuration.figures import MOST_WEIGHT_OF_A_TENANT
from gateway.models.figures import Between

is_name = RegexValidator(
    rf"^{NAME.pattern}\Z",
    _("A name is made of small letters, digits, dots, dashes and underscores."),
)


class Tenant(models.Model):
    """One customer, team or program: its keys share its limits and its budgets."""

    name = models.CharField(
        _("name"),
        max_length=64,
        unique=True,
        validators=[is_name],
        help_text=_("Short and lasting: limits, budgets and the ledger count under it."),
    )
    title = models.CharField(_("title"), max_length=120, blank=True)
    is_active = models.BooleanField(
        _("switched on"),
        default=True,
        help_text=_("Switched off, all of its keys are refused within a second."),
    )
    weight = models.PositiveSmallIntegerField(
        _("share of the queue"),
        default=1,
        validators=[Between(1, MOST_WEIGHT_OF_A_TENANT)],
        help_text=_("Twice the share is served twice as often when everybody waits."),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        ordering = ["name"]
        verbose_name = _("tenant")
        verbose_name_plural = _("tenants")

    def __str__(self) -> str:
        return self.name
