"""Form fields for what the rows keep as JSON: words, sentences, terms, notes, branches."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

_SEPARATORS = str.maketrans("，、；;\n\r", ",,,,,,")


def _words(value: Any) -> list[str]:
    words = str(value or "").translate(_SEPARATORS).split(",")
    return [word.strip() for word in words if word.strip()]


class WordsField(forms.CharField):
    """Short words, separated by commas; the row keeps a list."""

    def prepare_value(self, value: Any) -> Any:
        """Return what stands in the box."""
        return ", ".join(map(str, value)) if isinstance(value, list | tuple) else value

    def to_python(self, value: Any) -> Any:
        """Return the words, each once, in the order given."""
        return list(dict.fromkeys(_words(value)))

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether other words stand there now."""
        return bool(list(initial or []) != self.to_python(data))


class LinesField(forms.CharField):
    """Sentences or terms, one a line; the row keeps a list.

    keep_blanks: a blank at the edge of a term means something ("from " is not "fromage").
    """

    def __init__(self, *, keep_blanks: bool = False, rows: int = 4, **options: Any) -> None:
        self.keep_blanks = keep_blanks
        options.setdefault("widget", forms.Textarea(attrs={"rows": rows, "cols": 60}))
        super().__init__(strip=not keep_blanks, **options)

    def prepare_value(self, value: Any) -> Any:
        """Return what stands in the box."""
        return "\n".join(map(str, value)) if isinstance(value, list | tuple) else value

    def to_python(self, value: Any) -> Any:
        """Return the lines that are not empty."""
        lines = str(value or "").replace("\r", "").split("\n")
        return [line if self.keep_blanks else line.strip() for line in lines if line.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether other lines stand there now."""
        return bool(list(initial or []) != self.to_python(data))


class NotesField(WordsField):
    """Whole numbers, separated by commas: semitones of a motif."""

    def to_python(self, value: Any) -> Any:
        """Return the numbers; raise ValidationError for anything else."""
        try:
            return [int(word) for word in _words(value)]
        except ValueError:
            raise forms.ValidationError(
                _("Whole numbers separated by commas, such as 0, 3, -5."), code="notes"
            ) from None


class ChoicesField(forms.MultipleChoiceField):
    """Tick boxes; the row keeps the list of what is ticked."""

    widget = forms.CheckboxSelectMultiple


class BranchesWidget(forms.Widget):
    """A small table: when what happens, which question comes, and what the branch is called."""

    template_name = "admin/interview/branches_widget.html"
    COLUMNS = ("trigger", "goto", "zh", "en")
    N_BLANK = 2
    MAX_ROWS = 12

    def __init__(self) -> None:
        super().__init__()
        self.triggers: Sequence[tuple[str, str]] = ()
        self.questions: Sequence[str] = ()

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Return the rows to draw: those there are, and blank ones."""
        context: dict[str, Any] = super().get_context(name, value, attrs)
        rows = [{**branch, **branch.get("label", {})} for branch in (value or []) if branch] + [
            {} for _blank in range(self.N_BLANK)
        ]
        context["rows"] = [
            {"number": number, **{column: row.get(column, "") for column in self.COLUMNS}}
            for number, row in enumerate(rows)
        ]
        context["triggers"], context["questions"] = self.triggers, self.questions
        return context

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Any:
        """Return the filled rows as branches."""
        rows = [
            {column: data.get(f"{name}-{number}-{column}", "").strip() for column in self.COLUMNS}
            for number in range(self.MAX_ROWS)
        ]
        return [
            {
                "trigger": row["trigger"],
                "goto": row["goto"],
                "label": {"zh": row["zh"], "en": row["en"]},
            }
            for row in rows
            if any(row.values())
        ]

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        """Return the table, drawn by the project's templates rather than the form renderer's."""
        return render_to_string(self.template_name, self.get_context(name, value, attrs))

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """Return False: an empty table means no branches."""
        return False


class BranchesField(forms.Field):
    """The branches of a scenery; the domain's rules say what is wrong with them."""

    widget = BranchesWidget

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether the table differs."""
        return list(initial or []) != list(data or [])
