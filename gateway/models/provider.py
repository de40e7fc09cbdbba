"""Accounts at vendors and servers of one's own: the table of providers."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from gateway.domain.configuration.figures import LONGEST_SECONDS, MOST_COUNT
from gateway.models.figures import Between
from gateway.models.tenant import is_name


class Provider(models.Model):
    """Where a target's calls go, with which credential, and how many at a time.

    The credential is either the name of an environment variable or sealed in the row; at most
    one of the two is set.
    """

    name = models.CharField(_("name"), max_length=64, unique=True, validators=[is_name])
    adapter = models.CharField(
        _("adapter"), max_length=32, help_text=_("The wire format it speaks.")
    )
    vendor = models.CharField(
        _("vendor"),
        max_length=32,
        blank=True,
        help_text=_("Whose address and habits to assume, such as deepseek; empty for none."),
    )
    base_url = models.CharField(
        _("address"),
        max_length=300,
        blank=True,
        help_text=_("Empty means the vendor's own."),
    )
    credential_env = models.CharField(
        _("credential in the environment"),
        max_length=100,
        blank=True,
        help_text=_("The name of a variable every process of the gateway has."),
    )
    credential_sealed = models.TextField(blank=True, editable=False)
    credential_last4 = models.CharField(max_length=4, blank=True, editable=False)
    is_enabled = models.BooleanField(_("switched on"), default=True)
    is_local = models.BooleanField(
        _("local"), default=False, help_text=_("On machines of our own: nothing to pay per token.")
    )
    n_places = models.PositiveIntegerField(
        _("places"),
        default=64,
        validators=[Between(1, MOST_COUNT)],
        help_text=_("The most calls in flight, over all processes."),
    )
    wait_seconds = models.FloatField(
        _("wait for a place, seconds"), default=30.0, validators=[Between(0, LONGEST_SECONDS)]
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
    options = models.JSONField(
        _("options"),
        default=dict,
        blank=True,
        help_text=_("The vendor's own settings, such as api_version; names and words."),
    )

    class Meta:
        ordering = ["name"]
        verbose_name = _("provider")
        verbose_name_plural = _("providers")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(credential_env="") | models.Q(credential_sealed=""),
                name="provider_one_credential",
                violation_error_message=_("A credential is in the environment or here, not both."),
            )
        ]

    def __str__(self) -> str:
        return self.name
