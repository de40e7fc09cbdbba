"""The question bank's tables."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from interview.models.persona import SLUG


class Question(models.Model):
    """A root question; fields as in `interview.domain.questions.Question`."""

    slug = models.CharField(_("id"), max_length=64, unique=True, validators=[SLUG])
    tags = models.JSONField(default=list)
    difficulty = models.PositiveIntegerField(
        _("difficulty"), default=2, validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    best_q = models.PositiveIntegerField(
        default=92, validators=[MinValueValidator(60), MaxValueValidator(100)]
    )
    ask_zh = models.CharField(max_length=200)
    ask_en = models.CharField(max_length=300)
    any_fact = models.JSONField(default=list, blank=True, help_text=_("Patterns such as metric.*"))
    weakness = models.JSONField(default=list, blank=True)
    expects = models.JSONField(default=list, blank=True)
    personas = models.ManyToManyField(
        "interview.Persona", verbose_name=_("personas"), blank=True, related_name="questions"
    )
    better_zh = models.TextField()
    better_en = models.TextField()
    loaded_hash = models.CharField(
        max_length=64,
        blank=True,
        editable=False,
        help_text=_("What load_content wrote last; differs from the row once an author edited it."),
    )

    class Meta:
        ordering = ["slug"]
        verbose_name = _("question")
        verbose_name_plural = _("questions")

    def __str__(self) -> str:
        return self.slug


class KeyPoint(models.Model):
    """One thing a full answer mentions."""

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="key_points")
    slug = models.CharField(max_length=64)
    order = models.PositiveIntegerField(default=0)
    weight = models.PositiveIntegerField(
        default=1, validators=[MinValueValidator(1), MaxValueValidator(3)]
    )
    terms = models.JSONField(default=list, help_text=_("Any of these counts; both languages."))
    label_zh = models.CharField(max_length=80)
    label_en = models.CharField(max_length=120)

    class Meta:
        ordering = ["order", "id"]
        constraints = [
            models.UniqueConstraint(fields=["question", "slug"], name="key_point_once"),
        ]
        verbose_name = _("key point")
        verbose_name_plural = _("key points")

    def __str__(self) -> str:
        return self.slug


class FollowUp(models.Model):
    """A reply armed by a trigger: asks on, or goes to another question."""

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="followups")
    slug = models.CharField(max_length=64)
    order = models.PositiveIntegerField(default=0)
    trigger = models.CharField(max_length=80)
    priority = models.PositiveIntegerField(default=50)
    ask_zh = models.CharField(max_length=200, blank=True)
    ask_en = models.CharField(max_length=300, blank=True)
    goto = models.ForeignKey(
        Question, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["order", "id"]
        constraints = [
            models.UniqueConstraint(fields=["question", "slug"], name="followup_once"),
        ]
        verbose_name = _("follow-up")
        verbose_name_plural = _("follow-ups")

    def __str__(self) -> str:
        return f"{self.slug} ({self.trigger})"
