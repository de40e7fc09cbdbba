"""The personas tables: what authors edit; rooms play a pinned edition of it."""

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

SLUG = RegexValidator(r"^[a-z][a-z0-9_.]*$", _("Lower-case letters, digits, dots and underscores."))


def default_weights() -> dict[str, int]:
    """Return equal weights of the six dimensions."""
    names = ("relevance", "specificity", "depth", "ownership", "structure", "consistency")
    return dict.fromkeys(names, 1)


def default_portrait() -> dict[str, str]:
    """Return the parts of a plain portrait."""
    return {
        "head": "oval",
        "hair": "swept",
        "glasses": "none",
        "clothes": "collar",
        "extra": "none",
        "accent": "slate",
    }


class Persona(models.Model):
    """An interviewer as authors write them; fields as in `interview.domain.persona.Persona`."""

    slug = models.CharField(_("id"), max_length=64, unique=True, validators=[SLUG])
    version = models.PositiveIntegerField(_("version"), default=1)
    archetype = models.CharField(_("archetype"), max_length=64)
    name_zh = models.CharField(max_length=40)
    name_en = models.CharField(max_length=40)
    title_zh = models.CharField(max_length=40)
    title_en = models.CharField(max_length=60)
    tagline_zh = models.CharField(max_length=120)
    tagline_en = models.CharField(max_length=200)
    first_mes_zh = models.CharField(max_length=200)
    first_mes_en = models.CharField(max_length=300)
    system_prompt = models.TextField()
    mes_example = models.TextField(blank=True)
    post_history_instructions = models.TextField(blank=True)
    creator_notes = models.TextField(blank=True, help_text=_("Never enters a prompt."))
    think_lang = models.CharField(
        max_length=2, default="zh", choices=[("zh", "中文"), ("en", "English")]
    )
    speak_lang = models.CharField(
        _("speaks"),
        max_length=4,
        default="room",
        choices=[("room", _("the room's language")), ("zh", "中文"), ("en", "English")],
    )
    pace_cps = models.FloatField(
        default=28.0,
        validators=[MinValueValidator(5), MaxValueValidator(200)],
        help_text=_("Characters a second."),
    )
    temper = models.FloatField(
        _("temper"),
        default=1.0,
        validators=[MinValueValidator(0.5), MaxValueValidator(1.5)],
        help_text=_("Factor on damage in Survive: 1 is even-tempered."),
    )
    weights = models.JSONField(default=default_weights)
    goals = models.JSONField(default=list, blank=True)
    taboos = models.JSONField(default=list, blank=True)
    tags = models.JSONField(default=list, blank=True)
    portrait = models.JSONField(default=default_portrait)
    motif = models.JSONField(default=list, blank=True)
    extensions = models.JSONField(default=dict, blank=True)
    loaded_hash = models.CharField(
        max_length=64,
        blank=True,
        editable=False,
        help_text=_("What load_content wrote last; differs from the row once an author edited it."),
    )

    class Meta:
        ordering = ["slug"]
        verbose_name = _("persona")
        verbose_name_plural = _("personas")

    def __str__(self) -> str:
        return f"{self.name_en} · {self.name_zh}"


class PersonaLine(models.Model):
    """One reaction line of a persona, for one band."""

    persona = models.ForeignKey(Persona, on_delete=models.CASCADE, related_name="lines")
    band = models.CharField(max_length=16)
    order = models.PositiveIntegerField(default=0)
    zh = models.CharField(max_length=200)
    en = models.CharField(max_length=300)

    class Meta:
        ordering = ["band", "order", "id"]
        verbose_name = _("line")
        verbose_name_plural = _("lines")

    def __str__(self) -> str:
        return f"{self.band}: {self.en}"
