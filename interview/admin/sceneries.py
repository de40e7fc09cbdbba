"""The sceneries' pages."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from interview.admin.authoring import AuthoringAdmin, AuthoringForm
from interview.admin.fields import BranchesField, ChoicesField
from interview.domain.lint import Problem, lint_scenery
from interview.domain.vocabulary import BACKDROPS, STREAK, TRIGGERS
from interview.models import PanelSeat, Question, Scenery
from interview.services import content, content_rows, rehearsals

if TYPE_CHECKING:
    SeatInlineBase = admin.TabularInline[PanelSeat, Scenery]
else:
    SeatInlineBase = admin.TabularInline

MODES = [("survive", _("Survive")), ("convince", _("Convince"))]
LANGUAGES = [("zh", "中文"), ("en", "English")]
STRATEGIES = [
    ("serial", _("Serial: round the table")),
    ("random", _("Random: by lot, nobody left out")),
    ("director", _("Director: whoever has the best question")),
]
RULES = [
    ("all", _("All of them")),
    ("majority", _("A majority")),
    ("chair_plus_one", _("The chair and one more")),
]
BACKDROP_NAMES = {
    "courtroom": _("Courtroom"),
    "boardroom": _("Boardroom"),
    "ward": _("Ward"),
    "warroom": _("War room"),
}
TRIGGER_NAMES = {
    "too_short": _("the answer is too short"),
    "rambling": _("the answer rambles"),
    "no_number": _("there is no number"),
    "number_no_baseline": _("a number without a baseline"),
    "perfect_number": _("a number too good to be true"),
    "we_no_i": _("all “we”, no “I”"),
    "buzzword_only": _("nothing but buzzwords"),
    "no_tradeoff": _("no trade-off is named"),
    "no_failure_mode": _("nothing ever fails"),
    "contradiction": _("it contradicts the résumé or an earlier answer"),
    "evasive": _("it talks around the question"),
    "resume_echo": _("it reads the résumé aloud"),
    "self_repeat": _("it repeats itself"),
    "off_topic": _("it is about something else"),
    "honest_unknown": _("an honest “I don't know”"),
    "strong": _("a strong answer"),
    "injection": _("orders for the panel"),
    "abuse": _("abuse"),
}


def trigger_choices() -> list[tuple[str, Any]]:
    """Return the triggers with what they mean."""
    return [(trigger, TRIGGER_NAMES.get(trigger, trigger)) for trigger in TRIGGERS]


class SceneryForm(AuthoringForm):
    """A scenery with tick boxes for its lists and a table for its branches."""

    question_tags = ChoicesField(
        label=_("Topics"),
        help_text=_("The panel draws on questions with any of these tags."),
    )
    modes = ChoicesField(choices=MODES, label=_("Modes"))
    languages = ChoicesField(choices=LANGUAGES, label=_("Languages"))
    strategies_allowed = ChoicesField(choices=STRATEGIES, label=_("A player may switch to"))
    strategy_default = forms.ChoiceField(choices=STRATEGIES, label=_("Who speaks next"))
    approval_rule = forms.ChoiceField(choices=RULES, label=_("Who must be convinced"))
    backdrop = forms.ChoiceField(
        choices=[(name, BACKDROP_NAMES.get(name, name)) for name in BACKDROPS],
        label=_("Backdrop"),
    )
    branches = BranchesField(
        required=False,
        label=_("Branches"),
        help_text=_("When this happens, the next root question is that one, once per game."),
    )

    class Meta:
        """Every column."""

        model = Scenery
        exclude = ()
        labels = {
            "slug": _("Id"),
            "version": _("Version"),
            "is_open": _("Open"),
            "order": _("Order in the lobby"),
            "title_zh": _("Heading (Chinese)"),
            "title_en": _("Heading (English)"),
            "blurb_zh": _("Blurb (Chinese)"),
            "blurb_en": _("Blurb (English)"),
            "chair": _("In the chair"),
            "goal_rounds": _("Goal"),
            "difficulty_start": _("Difficulty at the start"),
            "difficulty_up_every_rounds": _("Harder every … rounds"),
            "difficulty_max": _("Hardest"),
            "approval_start": _("Approval at the start"),
            "approval_convinced_at": _("Convinced at"),
            "approval_walkout_at": _("Walks out at"),
            "approval_max_rounds": _("Rounds at most"),
        }
        help_texts = {
            "slug": _("Lower-case, such as group_grilling. It stays once saved."),
            "chair": _("Must have a seat on the panel below."),
        }
        widgets = {
            "blurb_zh": forms.Textarea(attrs={"rows": 2, "cols": 60, "lang": "zh-Hans"}),
            "blurb_en": forms.Textarea(attrs={"rows": 2, "cols": 60, "lang": "en"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = list(Question.objects.values_list("slug", "tags"))
        tags = {tag for _slug, tags in rows for tag in tags} | set(self.instance.question_tags)
        self.fields["question_tags"].choices = [(tag, tag) for tag in sorted(tags)]  # type: ignore[attr-defined]
        widget: Any = self.fields["branches"].widget
        streaks = [
            (f"{STREAK}{n}", _("%(n)s good answers in a row") % {"n": n}) for n in range(2, 6)
        ]
        widget.triggers = [*streaks, *trigger_choices()]
        widget.questions = sorted(slug for slug, _tags in rows)


class SeatInline(SeatInlineBase):
    """Who sits where."""

    model = PanelSeat
    extra = 0
    min_num = 2
    max_num = 5
    fields = ("order", "persona")


class SceneryAdmin(AuthoringAdmin):
    """Set up a position: panel, topics, rules, branches."""

    form = SceneryForm
    inlines = (SeatInline,)
    list_display = (
        "slug",
        "titles",
        "panel",
        "difficulty_start",
        "goal_rounds",
        "is_open",
        "order",
        "version",
    )
    list_editable = ("is_open", "order")
    list_filter = ("is_open", "difficulty_start", "backdrop")
    search_fields = ("slug", "title_zh", "title_en", "blurb_zh", "blurb_en")
    readonly_fields = ("version",)
    autocomplete_fields = ("chair",)
    try_label = _("Try this scenery")
    fieldsets = (
        (
            _("On the card"),
            {
                "fields": (
                    ("slug", "version"),
                    ("is_open", "order"),
                    ("title_zh", "title_en"),
                    "blurb_zh",
                    "blurb_en",
                    "backdrop",
                )
            },
        ),
        (_("Panel"), {"fields": ("chair", ("strategy_default", "strategies_allowed"))}),
        (_("Played as"), {"fields": (("modes", "languages"), "question_tags")}),
        (
            _("Difficulty and Survive"),
            {
                "fields": (
                    ("difficulty_start", "difficulty_up_every_rounds", "difficulty_max"),
                    "goal_rounds",
                )
            },
        ),
        (
            _("Convince"),
            {
                "fields": (
                    ("approval_start", "approval_convinced_at", "approval_walkout_at"),
                    ("approval_rule", "approval_max_rounds"),
                )
            },
        ),
        (_("Side lines"), {"fields": ("branches",)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Scenery]:
        """Return the sceneries with their panels."""
        return super().get_queryset(request).prefetch_related("seats__persona")

    def lint(self, row: Scenery) -> list[Problem]:
        """Return what the rules of sceneries say, with all that exists on the table."""
        shelf = content.shelf()
        fresh = Scenery.objects.select_related("chair").get(pk=row.pk)
        return lint_scenery(content_rows.scenery(fresh), shelf.personas, shelf.questions)

    def rehearsal(self) -> Callable[..., Any]:
        """Return the service that tries a scenery."""
        return rehearsals.try_scenery

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Save the seats; the list page has no seats and changes no content."""
        if "question_tags" in form.fields:
            super().save_related(request, form, formsets, change)

    @admin.display(description=_("Heading"), ordering="title_en")
    def titles(self, row: Scenery) -> str:
        """Return both titles."""
        return f"{row.title_zh} · {row.title_en}"

    @admin.display(description=_("Panel"))
    def panel(self, row: Scenery) -> str:
        """Return who sits there, in order."""
        return " · ".join(seat.persona.name_en for seat in row.seats.all())
