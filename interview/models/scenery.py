"""The sceneries tables."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from interview.models.persona import SLUG


def default_modes() -> list[str]:
    """Return both modes."""
    return ["survive", "convince"]


def default_languages() -> list[str]:
    """Return both languages."""
    return ["zh", "en"]


def default_strategies() -> list[str]:
    """Return every strategy."""
    return ["serial", "random", "director"]


class Scenery(models.Model):
    """A position to play; fields as in `interview.domain.scenery.Scenery`."""

    slug = models.CharField(_("id"), max_length=64, unique=True, validators=[SLUG])
    version = models.PositiveIntegerField(_("version"), default=1)
    is_open = models.BooleanField(_("open"), default=True, help_text=_("Shown in the lobby."))
    order = models.PositiveIntegerField(_("order"), default=0)
    title_zh = models.CharField(max_length=60)
    title_en = models.CharField(max_length=80)
    blurb_zh = models.CharField(max_length=200)
    blurb_en = models.CharField(max_length=300)
    backdrop = models.CharField(_("backdrop"), max_length=32, default="courtroom")
    chair = models.ForeignKey("interview.Persona", on_delete=models.PROTECT, related_name="chairs")
    goal_rounds = models.PositiveIntegerField(
        _("goal"),
        default=8,
        validators=[MinValueValidator(3), MaxValueValidator(40)],
        help_text=_("Survive: rounds after which the win is banked."),
    )
    question_tags = models.JSONField(default=list)
    modes = models.JSONField(default=default_modes)
    languages = models.JSONField(default=default_languages)
    strategy_default = models.CharField(max_length=16, default="serial")
    strategies_allowed = models.JSONField(default=default_strategies)
    difficulty_start = models.PositiveIntegerField(
        _("difficulty"), default=2, validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    difficulty_up_every_rounds = models.PositiveIntegerField(
        default=3, validators=[MinValueValidator(1)]
    )
    difficulty_max = models.PositiveIntegerField(
        default=5, validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    approval_start = models.PositiveIntegerField(default=40)
    approval_convinced_at = models.PositiveIntegerField(default=70)
    approval_walkout_at = models.PositiveIntegerField(default=8)
    approval_rule = models.CharField(max_length=20, default="all")
    approval_max_rounds = models.PositiveIntegerField(default=12)
    branches = models.JSONField(default=list, blank=True)
    loaded_hash = models.CharField(
        max_length=64,
        blank=True,
        editable=False,
        help_text=_("What load_content wrote last; differs from the row once an author edited it."),
    )

    class Meta:
        ordering = ["order", "slug"]
        verbose_name = _("scenery")
        verbose_name_plural = _("sceneries")

    def __str__(self) -> str:
        return f"{self.title_en} · {self.title_zh}"


class PanelSeat(models.Model):
    """Who sits where."""

    scenery = models.ForeignKey(Scenery, on_delete=models.CASCADE, related_name="seats")
    persona = models.ForeignKey("interview.Persona", on_delete=models.PROTECT, related_name="seats")
    order = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["order", "id"]
        constraints = [
            models.UniqueConstraint(fields=["scenery", "persona"], name="one_seat_each"),
        ]
        verbose_name = _("seat")
        verbose_name_plural = _("seats")

    def __str__(self) -> str:
        return f"{self.order}: {self.persona}"
