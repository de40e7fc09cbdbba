"""The question bank's pages."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from interview.admin.authoring import AuthoringAdmin, AuthoringForm
from interview.admin.fields import ChoicesField, LinesField, WordsField
from interview.admin.sceneries import trigger_choices
from interview.domain.bilingual import Text
from interview.domain.lint import Problem, lint_question
from interview.domain.vocabulary import FACT_KEYS, KEY_POINT_MISSING, WEAKNESSES
from interview.models import FollowUp, KeyPoint, Persona, Question, Scenery
from interview.services import content, content_rows, rehearsals

if TYPE_CHECKING:
    KeyPointInlineBase = admin.StackedInline[KeyPoint, Question]
    FollowUpInlineBase = admin.StackedInline[FollowUp, Question]
else:
    KeyPointInlineBase = admin.StackedInline
    FollowUpInlineBase = admin.StackedInline

EXPECTATIONS = [
    ("number", _("A number")),
    ("tradeoff", _("A trade-off")),
    ("failure_mode", _("What fails")),
    ("ownership", _("Their own part")),
]
WEAKNESS_NAMES = {
    "no_baseline": _("a number without a baseline"),
    "no_owner": _("nobody did it"),
    "scale_unknown": _("no idea of the scale"),
    "buzzword": _("a buzzword"),
    "perfect_number": _("a number too good to be true"),
    "duration_vs_claim": _("too much for the time"),
}


def _ask_box(language: str) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": 2, "cols": 60, "lang": language})


class QuestionForm(AuthoringForm):
    """A question with words and tick boxes for its lists."""

    tags = WordsField(
        label=_("Tags"),
        help_text=_(
            "Separated by commas; the first is its topic, which is not asked twice in a row."
        ),
    )
    any_fact = WordsField(
        required=False,
        label=_("Asked of"),
        help_text=_(
            "What the résumé must claim, such as metric.latency or tech.*; empty: anybody."
            " Needed when the question quotes {claim}."
        ),
    )
    weakness = ChoicesField(
        required=False,
        choices=[(name, WEAKNESS_NAMES.get(name, name)) for name in WEAKNESSES],
        label=_("Smells"),
        help_text=_("It comes sooner when the claim shows one of these."),
    )
    expects = ChoicesField(
        required=False,
        choices=EXPECTATIONS,
        label=_("Expects"),
        help_text=_("What an answer must contain; its absence arms a follow-up."),
    )
    difficulty = forms.TypedChoiceField(
        coerce=int,
        choices=[(n, "●" * n + "○" * (5 - n)) for n in range(1, 6)],
        label=_("Difficulty"),
    )

    class Meta:
        """Every column."""

        model = Question
        exclude = ()
        labels = {
            "slug": _("Id"),
            "best_q": _("Best mark"),
            "ask_zh": _("Question (Chinese)"),
            "ask_en": _("Question (English)"),
            "personas": _("Who likes to ask it"),
            "better_zh": _("Better answer (Chinese)"),
            "better_en": _("Better answer (English)"),
        }
        help_texts = {
            "slug": _("q. and lower-case words, such as q.gw_fallback. It stays once saved."),
            "best_q": _("The mark of the best answer there is."),
            "ask_zh": _("One thing, at most 45 characters, one question mark at the end."),
            "ask_en": _("One thing, at most 30 words, one question mark at the end."),
            "better_en": _("A frame to fill in: __ where the player's own numbers go."),
        }
        widgets = {
            "ask_zh": _ask_box("zh-Hans"),
            "ask_en": _ask_box("en"),
            "better_zh": forms.Textarea(attrs={"rows": 3, "cols": 70, "lang": "zh-Hans"}),
            "better_en": forms.Textarea(attrs={"rows": 3, "cols": 70, "lang": "en"}),
            "personas": forms.CheckboxSelectMultiple,
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["any_fact"].widget.attrs["size"] = 60
        self.fields["tags"].widget.attrs["size"] = 60


class KeyPointForm(forms.ModelForm):  # type: ignore[type-arg]
    """One thing a full answer mentions."""

    terms = LinesField(
        label=_("Terms"),
        keep_blanks=True,
        help_text=_("One a line, lower case, in both languages; any of them counts."),
    )

    class Meta:
        """Every column."""

        model = KeyPoint
        fields = ("slug", "weight", "order", "label_zh", "label_en", "terms")
        labels = {
            "slug": _("Id"),
            "weight": _("Weight"),
            "label_zh": _("Label (Chinese)"),
            "label_en": _("Label (English)"),
            "order": _("Order"),
        }
        help_texts = {"label_en": _("What a full answer says; shown in the report.")}


class FollowUpForm(forms.ModelForm):  # type: ignore[type-arg]
    """A reply: asks on, or goes to another question."""

    class Meta:
        """Every column."""

        model = FollowUp
        fields = ("slug", "trigger", "priority", "order", "ask_zh", "ask_en", "goto")
        labels = {
            "slug": _("Id"),
            "trigger": _("Waits for"),
            "priority": _("Priority"),
            "ask_zh": _("Asks on (Chinese)"),
            "ask_en": _("Asks on (English)"),
            "goto": _("or goes to"),
            "order": _("Order"),
        }
        widgets = {
            "trigger": forms.TextInput(attrs={"list": "triggers", "size": 36}),
            "ask_zh": _ask_box("zh-Hans"),
            "ask_en": _ask_box("en"),
        }
        help_texts = {"priority": _("1 to 100; the highest that is armed is asked.")}


class KeyPointInline(KeyPointInlineBase):
    """What a full answer mentions."""

    model = KeyPoint
    form = KeyPointForm
    extra = 0
    fields = (("slug", "weight", "order"), ("label_zh", "label_en"), "terms")


class FollowUpInline(FollowUpInlineBase):
    """The replies an answer can arm."""

    model = FollowUp
    form = FollowUpForm
    fk_name = "question"
    extra = 0
    autocomplete_fields = ("goto",)
    fields = (("slug", "trigger", "priority", "order"), ("ask_zh", "ask_en"), "goto")


class TagFilter(admin.SimpleListFilter):
    """Questions that carry a tag."""

    title = _("tag")
    parameter_name = "tag"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return every tag in use."""
        lists = Question.objects.values_list("tags", flat=True)
        return [(tag, tag) for tag in sorted({tag for tags in lists for tag in tags})]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the questions with the chosen tag."""
        return queryset.filter(tags__contains=[self.value()]) if self.value() else queryset


class QuestionAdmin(AuthoringAdmin):
    """Write a question: what it asks, of whom, what a full answer has, and what comes next."""

    form = QuestionForm
    change_form_template = "admin/interview/question_change_form.html"
    inlines = (KeyPointInline, FollowUpInline)
    list_display = ("slug", "ask_here", "level", "topics", "n_followups")
    list_filter = (TagFilter, "difficulty", "personas")
    search_fields = ("slug", "ask_zh", "ask_en", "better_zh", "better_en")
    readonly_fields = ("as_spoken",)
    try_label = _("Try this question")
    list_per_page = 50
    fieldsets = (
        (_("Question"), {"fields": ("slug", "ask_zh", "ask_en", "as_spoken")}),
        (
            _("When and by whom"),
            {
                "fields": (
                    "tags",
                    ("difficulty", "best_q"),
                    "any_fact",
                    "weakness",
                    "personas",
                    "expects",
                )
            },
        ),
        (_("A better answer"), {"fields": ("better_zh", "better_en")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Question]:
        """Return the questions with the count of their follow-ups."""
        rows: QuerySet[Question] = super().get_queryset(request)
        return rows.annotate(followup_count=Count("followups"))

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Draw or save, with the triggers a follow-up can wait for at hand."""
        points = KeyPoint.objects.filter(question_id=object_id) if object_id else ()
        context = {
            **(extra_context or {}),
            "triggers": [
                *trigger_choices(),
                *((f"{KEY_POINT_MISSING}{point.slug}", point.label_en) for point in points),
            ],
            "fact_keys": FACT_KEYS,
        }
        return super().changeform_view(request, object_id, form_url, context)

    def lint(self, row: Question) -> list[Problem]:
        """Return what the rules of questions say, with all that exists on the table."""
        shelf = content.shelf()
        return lint_question(shelf.questions[row.slug], shelf.personas, shelf.questions)

    def rehearsal(self) -> Callable[..., Any]:
        """Return the service that tries a question."""
        return rehearsals.try_question

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Return what would go; a question a scenery branches to is protected."""
        to_delete, counts, missing, protected = super().get_deleted_objects(objs, request)
        going = {row.slug for row in objs}
        for scenery in Scenery.objects.all():
            for branch in scenery.branches:
                if branch["goto"] in going:
                    text = gettext("%(scenery)s branches to %(question)s")
                    words = {"scenery": scenery.slug, "question": branch["goto"]}
                    protected.append(text % words)
        return to_delete, counts, missing, protected

    @admin.display(description=_("As spoken"))
    def as_spoken(self, row: Question | None) -> SafeString | str:
        """Return the question in both languages, with the claim of a sample résumé in it."""
        if row is None or not row.pk:
            return gettext("Save it once to hear it.")
        item = content_rows.question(row)
        asker = row.personas.first() or Persona.objects.first()
        return format_html_join("", "{}", ((_bubble(item, asker, lang),) for lang in ("zh", "en")))

    @admin.display(description=_("Question"), ordering="ask_en")
    def ask_here(self, row: Question) -> str:
        """Return the question in the author's language."""
        return Text(row.ask_zh, row.ask_en).pick(
            "zh" if (get_language() or "").startswith("zh") else "en"
        )

    @admin.display(description=_("Difficulty"), ordering="difficulty")
    def level(self, row: Question) -> str:
        """Return the difficulty as pips."""
        return "●" * row.difficulty + "○" * (5 - row.difficulty)

    @admin.display(description=_("Tags"))
    def topics(self, row: Question) -> str:
        """Return the tags."""
        return ", ".join(row.tags)

    @admin.display(description=_("Follow-ups"), ordering="followup_count")
    def n_followups(self, row: Any) -> int:
        """Return how many follow-ups it has."""
        count: int = row.followup_count
        return count


def _bubble(item: Any, asker: Persona | None, language: str) -> SafeString:
    claim = rehearsals.spoken_claim(item, language)
    words = item.ask.pick(language).replace("{claim}", claim or "…")
    name = "" if asker is None else asker.name_zh if language == "zh" else asker.name_en
    return format_html(
        '<blockquote class="as-spoken" lang="{}"><cite>{}</cite><p>{}</p></blockquote>',
        "zh-Hans" if language == "zh" else "en",
        name,
        words,
    )
