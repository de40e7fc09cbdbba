"""What the operators' pages share: saving goes through the one service, and so do refusals.

A page is saved inside `configuration.change`, inlines and all. What the rules refuse rolls all
of it back and is drawn again beside the field it is about; what they only warn of is said above
the next page.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext

from gateway.domain.audit import Actor, Via
from gateway.domain.configuration import ConfigurationError, Problem
from gateway.domain.errors import GatewayError, ManagementError
from gateway.services import configuration
from gateway.services.configuration import Change

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
    ModelForm = forms.ModelForm[Any]
    ModelChoiceField = forms.ModelChoiceField[Any]
else:
    ModelAdmin = admin.ModelAdmin
    TabularInline = admin.TabularInline
    ModelForm = forms.ModelForm
    ModelChoiceField = forms.ModelChoiceField


_ZERO_BYTE = "\x00"


def told(problem: Problem) -> str:
    """Return the problem's sentence in the operator's language."""
    return gettext(problem.pattern) % problem.values


def sentences(refusal: GatewayError) -> list[str]:
    """Return what a refusal says, in the operator's language."""
    if isinstance(refusal, ManagementError):
        return [told(problem) for problem in _problems(refusal)]
    return [str(refusal) or refusal.code]


def actor_of(request: HttpRequest) -> Actor:
    """Return who acts, for the audit log."""
    return Actor(request.user.get_username(), Via.ADMIN)


class _NotSavedError(Exception):
    """The form was refused by its own fields; nothing of it stays."""

    def __init__(self, response: HttpResponse) -> None:
        super().__init__("not saved")
        self.response = response


class NamedLists(ModelAdmin):
    """A list that is called like what is in it."""

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Draw the list."""
        title = capfirst(str(self.opts.verbose_name_plural))
        return super().changelist_view(request, {"title": title, **(extra_context or {})})


class Chosen(AutocompleteSelect):
    """A row that is looked for by typing; what is no row's id is drawn as nothing chosen."""

    def optgroups(self, name: str, value: Any, attr: dict[str, Any] | None = None) -> Any:
        """Return the row that is chosen."""
        column = self.field.target_field
        return super().optgroups(name, [one for one in value if _fits(column, one)], attr)


class ChosenField(ModelChoiceField):
    """The same as a field; nothing is called with a zero byte, and no database is asked for one."""

    def to_python(self, value: Any) -> Any:
        """Return the row; raise ValidationError."""
        if _ZERO_BYTE in str(value):
            raise ValidationError(
                self.error_messages["invalid_choice"],
                code="invalid_choice",
                params={"value": value},
            )
        return super().to_python(value)


def _fits(column: Any, word: Any) -> bool:
    """Return whether a row could be called so."""
    try:
        column.to_python(word)
    except ValidationError:
        return False
    return _ZERO_BYTE not in str(word)


class GovernedForm(ModelForm):
    """A form that shows the rules' complaints where they belong."""

    #: Set by the page when the rules refused what this form would have saved.
    refusals: Sequence[Problem] = ()

    def clean(self) -> dict[str, Any]:
        """Return the data; add the refusals, each beside its field."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        for problem in self.refusals:
            field = problem.field if problem.field in self.fields else None
            self.add_error(field, told(problem))
        return data


class GovernedAdmin(NamedLists):
    """A page for one kind of thing in the configuration."""

    form = GovernedForm
    actions = None
    save_on_top = False

    class Media:
        """The look of these pages."""

        css = {"all": ("css/tokens.css", "css/admin.css", "css/gateway-admin.css")}

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Draw, or save as one change; what the rules refuse is drawn again."""
        draw = super().changeform_view
        if request.method != "POST":
            return draw(request, object_id, form_url, extra_context)
        try:
            with configuration.change(actor=actor_of(request)) as making:
                request.making = making  # type: ignore[attr-defined]
                response = draw(request, object_id, form_url, extra_context)
                if not getattr(request, "is_saved", False):
                    raise _NotSavedError(response)
        except _NotSavedError as refusal:
            return refusal.response
        except ManagementError as refusal:
            request.refusals = _problems(refusal)  # type: ignore[attr-defined]
            return draw(request, object_id, form_url, extra_context)
        for said in _kept_back(request):
            messages.add_message(request, **said)
        warn(request, making)
        return response

    def message_user(
        self,
        request: HttpRequest,
        message: Any,
        level: int | str = messages.INFO,
        extra_tags: str = "",
        fail_silently: bool = False,
    ) -> None:
        """Say it; of a change that is still being made, only once it stands."""
        said = {
            "message": message,
            "level": level,
            "extra_tags": extra_tags,
            "fail_silently": fail_silently,
        }
        if hasattr(request, "making"):
            _kept_back(request).append(said)
        else:
            messages.add_message(request, **said)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Return the field; an id that is none is refused by it, and does not break the page."""
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", Chosen(db_field, self.admin_site))
            kwargs.setdefault("form_class", ChosenField)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Return the form, which knows what the rules refused a moment ago."""
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        form.refusals = getattr(request, "refusals", ())
        return form

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save the row as part of the change."""
        self.store(making_of(request), obj, form)

    def store(self, making: Change, obj: Any, _form: Any) -> None:
        """Save the row; pages with more to do than that say so here."""
        making.save(obj)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Save an inline's rows as part of the change."""
        making = making_of(request)
        rows = formset.save(commit=False)
        for row in formset.deleted_objects:
            making.remove(row)
        for row in rows:
            making.save(row)
        formset.save_m2m()

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Save the inlines, and note that nothing was in the way."""
        super().save_related(request, form, formsets, change)
        request.is_saved = True  # type: ignore[attr-defined]

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Delete after a question; what the rules refuse is said on the row's page."""
        try:
            return super().delete_view(request, object_id, extra_context)
        except ManagementError as refusal:
            for sentence in sentences(refusal):
                messages.error(request, sentence)
            return HttpResponseRedirect(self.url_of("change", object_id))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete the row as a change."""
        with configuration.change(actor=actor_of(request)) as making:
            making.remove(obj)
        warn(request, making)

    def url_of(self, action: str, *args: str) -> str:
        """Return the address of one of this kind's pages."""
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_{action}"
        return reverse(name, args=args)


class RecordAdmin(NamedLists):
    """A page that shows and never changes."""

    actions = None

    class Media:
        """The look of these pages."""

        css = {"all": ("css/tokens.css", "css/admin.css", "css/gateway-admin.css")}

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return False: records come from what happens."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False."""
        return False


def making_of(request: HttpRequest) -> Change:
    """Return the change this request makes."""
    making: Change = request.making  # type: ignore[attr-defined]
    return making


def warn(request: HttpRequest, making: Change) -> None:
    """Say what the rules think of what was just changed."""
    for problem in making.warnings:
        sentence = told(problem)
        is_here = problem.subject in making.subjects
        messages.warning(request, sentence if is_here else f"{sentence} ({problem.subject})")


def _kept_back(request: HttpRequest) -> list[dict[str, Any]]:
    """Return what there will be to say of this request's change once it stands."""
    if not hasattr(request, "kept_back"):
        request.kept_back = []  # type: ignore[attr-defined]
    kept: list[dict[str, Any]] = request.kept_back  # type: ignore[attr-defined]
    return kept


def _problems(refusal: ManagementError) -> tuple[Problem, ...]:
    if isinstance(refusal, ConfigurationError):
        return refusal.problems
    return (Problem("", "", refusal.pattern, refusal.values),)
