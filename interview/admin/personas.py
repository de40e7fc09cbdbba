"""The personas' pages."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from interview.admin.authoring import AuthoringAdmin, AuthoringForm
from interview.admin.fields import LinesField, NotesField, WordsField
from interview.domain.lint import Problem, lint_persona
from interview.domain.persona import Band, Dimension
from interview.domain.vocabulary import PORTRAIT_PARTS
from interview.models import Persona, PersonaLine
from interview.services import content_rows, rehearsals

if TYPE_CHECKING:
    LineInlineBase = admin.TabularInline[PersonaLine, Persona]
else:
    LineInlineBase = admin.TabularInline

DIMENSIONS = {
    Dimension.RELEVANCE: _("Relevance: is it an answer to what was asked"),
    Dimension.SPECIFICITY: _("Specificity: numbers, names, dates"),
    Dimension.DEPTH: _("Depth: mechanism, price, failure"),
    Dimension.OWNERSHIP: _("Ownership: what was theirs"),
    Dimension.STRUCTURE: _("Structure: easy to follow"),
    Dimension.CONSISTENCY: _("Consistency: fits the résumé and what was said"),
}
PARTS = {
    "head": _("Head"),
    "hair": _("Hair"),
    "glasses": _("Glasses"),
    "clothes": _("Clothes"),
    "extra": _("Extra"),
    "accent": _("Ink"),
}
BANDS = {
    Band.LOW: _("Lines · low: the answer fell short of par"),
    Band.MID: _("Lines · mid: it will do"),
    Band.HIGH: _("Lines · high: a good answer, grudgingly or not"),
    Band.CAUGHT: _("Lines · caught: {a} on paper, {b} just now"),
    Band.EVASIVE: _("Lines · evasive: talked around it"),
    Band.HONEST: _("Lines · honest: “I don't know” said well"),
    Band.INJECTION: _("Lines · injection: tried to give orders to the panel"),
    Band.CONVINCED: _("Lines · convinced: won over for good"),
    Band.WALKOUT: _("Lines · walkout: leaves the room"),
    Band.INTERRUPTED: _("Lines · interrupted: cut off by the candidate"),
    Band.IDLE: _("Lines · idle: the candidate says nothing"),
}


class PersonaForm(AuthoringForm):
    """A persona with weights and portrait parts as fields of their own."""

    goals = LinesField(required=False, label=_("Goals"), help_text=_("One a line."))
    taboos = LinesField(
        required=False,
        label=_("Taboos"),
        help_text=_("One a line: what this persona never touches, whatever the candidate does."),
        rows=6,
    )
    tags = WordsField(required=False, label=_("Tags"), help_text=_("Separated by commas."))
    motif = NotesField(
        required=False,
        label=_("Motif"),
        help_text=_("Semitones above A3 played when the persona takes the floor: 0, 3, -5."),
    )
    borrow_from = forms.ModelChoiceField(
        Persona.objects.all(),
        required=False,
        label=_("Borrow lines from"),
        help_text=_(
            "Where this persona has no line of its own for an occasion, it gets copies of those"
            " of the one chosen here. Rewrite them when you know how it talks."
        ),
    )

    class Meta:
        """Every column but those the fields above write."""

        model = Persona
        exclude = ("weights", "portrait")
        labels = {
            "slug": _("Id"),
            "version": _("Version"),
            "archetype": _("Archetype"),
            "name_zh": _("Name (Chinese)"),
            "name_en": _("Name (English)"),
            "title_zh": _("Title (Chinese)"),
            "title_en": _("Title (English)"),
            "tagline_zh": _("Tagline (Chinese)"),
            "tagline_en": _("Tagline (English)"),
            "first_mes_zh": _("Greeting (Chinese)"),
            "first_mes_en": _("Greeting (English)"),
            "system_prompt": _("System prompt"),
            "mes_example": _("Sample dialogue"),
            "post_history_instructions": _("Last instructions"),
            "creator_notes": _("Notes for colleagues"),
            "think_lang": _("Thinks in"),
            "speak_lang": _("Speaks"),
            "pace_cps": _("Pace"),
            "temper": _("Temper"),
            "extensions": _("Extensions"),
        }
        help_texts = {
            "slug": _(
                "Lower-case, such as zhou_architect. It stays once saved: others refer to it."
            ),
            "archetype": _("One word for the kind of interviewer, such as stress_architect."),
            "tagline_en": _("One sentence under the name in the lobby."),
            "first_mes_en": _("Said once, when the candidate sits down."),
            "system_prompt": _("Who a model has to be. Attack the claim, never the person."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for dimension, label in DIMENSIONS.items():
            self.fields[f"weights_{dimension}"] = forms.IntegerField(
                label=label,
                min_value=0,
                max_value=5,
                initial=self.instance.weights.get(dimension.value, 1),
            )
        for part, label in PARTS.items():
            self.fields[f"portrait_{part}"] = forms.ChoiceField(
                label=label,
                choices=[(choice, choice) for choice in PORTRAIT_PARTS[part]],
                initial=self.instance.portrait.get(part),
            )

    def save(self, commit: bool = True) -> Any:
        """Return the row with weights and portrait gathered from their fields."""
        data = self.cleaned_data
        self.instance.weights = {d.value: data[f"weights_{d}"] for d in DIMENSIONS}
        self.instance.portrait = {part: data[f"portrait_{part}"] for part in PARTS}
        return super().save(commit)


class LineForm(forms.ModelForm):  # type: ignore[type-arg]
    """One line, in two languages."""

    class Meta:
        """The texts as boxes that wrap."""

        model = PersonaLine
        fields = ("zh", "en", "order")
        widgets = {
            "zh": forms.Textarea(attrs={"rows": 2, "cols": 40, "lang": "zh-Hans"}),
            "en": forms.Textarea(attrs={"rows": 2, "cols": 50, "lang": "en"}),
            "order": forms.NumberInput(attrs={"class": "narrow"}),
        }
        labels = {"zh": _("Chinese"), "en": _("English"), "order": _("Order")}


class LineFormSet(forms.BaseInlineFormSet):  # type: ignore[type-arg]
    """The lines of one band."""

    band: Band

    def save_new(self, form: Any, commit: bool = True) -> Any:
        """Return the new line, put into the band of this table."""
        form.instance.band = self.band.value
        return super().save_new(form, commit)


class LineInline(LineInlineBase):
    """The lines for one occasion; one subclass per band."""

    model = PersonaLine
    form = LineForm
    extra = 0
    classes = ("collapse",)
    band: Band

    def get_queryset(self, request: HttpRequest) -> QuerySet[PersonaLine]:
        """Return the lines of the band."""
        return super().get_queryset(request).filter(band=self.band.value)


def _line_inline(band: Band) -> type[LineInline]:
    formset = type(f"{band.title()}LineFormSet", (LineFormSet,), {"band": band})
    return type(
        f"{band.title()}LineInline",
        (LineInline,),
        {
            "band": band,
            "formset": formset,
            "verbose_name": _("line"),
            "verbose_name_plural": BANDS[band],
        },
    )


class PersonaAdmin(AuthoringAdmin):
    """Write an interviewer: card, voice, weights, face, lines."""

    form = PersonaForm
    inlines = tuple(_line_inline(band) for band in BANDS)
    list_display = ("face", "slug", "names", "archetype", "temper", "n_lines", "n_seats", "version")
    list_display_links = ("face", "slug")
    list_filter = ("archetype", "speak_lang")
    search_fields = ("slug", "name_zh", "name_en", "tagline_zh", "tagline_en")
    readonly_fields = ("version", "portrait_preview")
    try_label = _("Try this persona")
    fieldsets = (
        (
            _("Card"),
            {
                "fields": (
                    ("slug", "version"),
                    "archetype",
                    ("name_zh", "name_en"),
                    ("title_zh", "title_en"),
                    ("tagline_zh", "tagline_en"),
                    ("first_mes_zh", "first_mes_en"),
                    "tags",
                )
            },
        ),
        (
            _("Portrait"),
            {
                "fields": ("portrait_preview", *(f"portrait_{part}" for part in PARTS)),
                "classes": ("portrait-fields",),
            },
        ),
        (
            _("What counts"),
            {
                "fields": tuple(f"weights_{dimension}" for dimension in DIMENSIONS),
                "description": _(
                    "0 to 5 each. Weights say what this persona cares about; par and damage"
                    " are the ruleset's and cannot be bought here."
                ),
            },
        ),
        (
            _("Voice"),
            {"fields": (("think_lang", "speak_lang"), ("pace_cps", "temper"), "motif")},
        ),
        (
            _("For the model"),
            {
                "fields": (
                    "system_prompt",
                    "goals",
                    "taboos",
                    "mes_example",
                    "post_history_instructions",
                    "creator_notes",
                    "extensions",
                )
            },
        ),
        (
            _("Lines"),
            {
                "fields": ("borrow_from",),
                "description": _(
                    "{quote} becomes the candidate's own words. Keep at least one line for each"
                    " occasion that quotes nothing."
                ),
            },
        ),
    )

    class Media:
        """The script that keeps the portrait in step with the selects."""

        js = ("js/admin/portrait.js",)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Return the form; its own fields are not columns, so the columns are named here."""
        kwargs["fields"] = None
        return super().get_form(request, obj, change=change, **kwargs)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Persona]:
        """Return the personas with their counts."""
        rows: QuerySet[Persona] = super().get_queryset(request)
        return rows.annotate(
            line_count=Count("lines", distinct=True), seat_count=Count("seats", distinct=True)
        )

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Save the lines, with those borrowed, before the rules are asked."""
        lender = form.cleaned_data.get("borrow_from")
        if lender is not None:
            typed = {
                formset.band
                for formset in formsets
                if any(line.has_changed() for line in formset.forms)
            }
            _borrow(form.instance, lender, skip=typed)
        super().save_related(request, form, formsets, change)

    def lint(self, row: Persona) -> list[Problem]:
        """Return what the rules of personas say."""
        fresh = Persona.objects.prefetch_related("lines").get(pk=row.pk)
        return lint_persona(content_rows.persona(fresh))

    def rehearsal(self) -> Callable[..., Any]:
        """Return the service that tries a persona."""
        return rehearsals.try_persona

    def extra_urls(self) -> list[URLPattern]:
        """Return the address of the portrait's preview."""
        view = self.admin_site.admin_view(self.portrait_view)
        return [path("portrait/", view, name="interview_persona_portrait")]

    def portrait_view(self, request: HttpRequest) -> HttpResponse:
        """Answer with the portrait of the parts in the query; an unknown part is its default."""
        parts = {
            part: request.GET.get(part, "") if request.GET.get(part) in choices else choices[0]
            for part, choices in PORTRAIT_PARTS.items()
        }
        return HttpResponse(_drawn(parts))

    @admin.display(description=_("As drawn"))
    def portrait_preview(self, row: Persona | None) -> SafeString:
        """Return the portrait and where to ask for another."""
        parts = row.portrait if row and row.pk else {p: c[0] for p, c in PORTRAIT_PARTS.items()}
        return format_html(
            '<div class="portrait-preview" data-portrait-preview="{}" aria-live="polite">{}</div>',
            reverse("admin:interview_persona_portrait"),
            _drawn(parts),
        )

    @admin.display(description="")
    def face(self, row: Persona) -> SafeString:
        """Return the small portrait of the list."""
        return format_html('<span class="portrait-small">{}</span>', _drawn(row.portrait))

    @admin.display(description=_("Name"), ordering="name_en")
    def names(self, row: Persona) -> str:
        """Return both names."""
        return f"{row.name_zh} · {row.name_en}"

    @admin.display(description=_("Lines"), ordering="line_count")
    def n_lines(self, row: Any) -> int:
        """Return how many lines it has."""
        count: int = row.line_count
        return count

    @admin.display(description=_("Seats"), ordering="seat_count")
    def n_seats(self, row: Any) -> int:
        """Return in how many sceneries it sits."""
        count: int = row.seat_count
        return count


def _drawn(parts: dict[str, str]) -> SafeString:
    return mark_safe(render_to_string("interview/_portrait.svg", {"p": parts}))  # noqa: S308  ours


def _borrow(row: Persona, lender: Persona, *, skip: set[Band]) -> None:
    """Copy the lender's lines for every band the row has nothing for."""
    own = {*row.lines.values_list("band", flat=True), *(band.value for band in skip)}
    PersonaLine.objects.bulk_create(
        PersonaLine(persona=row, band=line.band, order=line.order, zh=line.zh, en=line.en)
        for line in lender.lines.all()
        if line.band not in own
    )
