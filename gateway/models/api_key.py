"""Virtual keys: the table keeps a hash, never a secret."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from gateway.domain.catalog import Scope
from gateway.models.figures import are_patterns


def default_scopes() -> list[str]:
    """Return what a key opens when nobody says otherwise."""
    return [Scope.CHAT.value, Scope.EMBEDDINGS.value, Scope.MODELS.value]


class ApiKey(models.Model):
    """One key of one tenant; good until it expires or is revoked, whichever comes first."""

    id = models.CharField(_("id"), max_length=24, primary_key=True, editable=False)
    tenant = models.ForeignKey(
        "gateway.Tenant", verbose_name=_("tenant"), on_delete=models.PROTECT, related_name="keys"
    )
    name = models.CharField(
        _("name"), max_length=120, blank=True, help_text=_("Who or what uses it.")
    )
    hash = models.CharField(max_length=64, unique=True, editable=False)
    prefix = models.CharField(max_length=12, editable=False)
    last4 = models.CharField(max_length=4, editable=False)
    scopes = models.JSONField(_("scopes"), default=default_scopes)
    model_patterns = models.JSONField(
        _("models"),
        default=list,
        blank=True,
        validators=[are_patterns],
        help_text=_("Patterns of public names, such as gpt-*; none allows every route."),
    )
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True, editable=False)
    rotated_from = models.ForeignKey(
        "self",
        verbose_name=_("in place of"),
        null=True,
        blank=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="rotated_to",
    )
    created_by = models.CharField(_("created by"), max_length=150, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        ordering = ["tenant", "-created_at", "id"]
        verbose_name = _("key")
        verbose_name_plural = _("keys")

    def __str__(self) -> str:
        return f"{self.shown} · {self.name}" if self.name else self.shown

    @property
    def shown(self) -> str:
        """Return as much of the secret as anybody ever sees again."""
        return f"{self.prefix}…{self.last4}"
