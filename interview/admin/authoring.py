"""What the authors' pages share: the domain's rules, versions, rehearsals, copies, export."""

import io
import zipfile
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.urls import URLPattern, path, reverse
from django.utils.translation import get_language, gettext, ngettext
from django.utils.translation import gettext_lazy as _

from interview import runtime
from interview.admin.fields import ChoicesField
from interview.domain.errors import GameError
from interview.domain.lint import Problem, Severity, errors
from interview.domain.ports import Ports
from interview.models import Persona, Scenery
from interview.services import content, players
from interview.services.rooms import OpenedRoom

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin

MAX_ADVICE = 6
_FIELDS = {"id": "slug"}


class RefusedContentError(Exception):
    """What was about to be saved breaks the rules of content; nothing of it stays."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(f"{len(problems)} problems")
        self.problems = problems


def told(problem: Problem) -> str:
    """Return the problem's sentence in the author's language."""
    return gettext(problem.pattern) % problem.values


def form_field(problem: Problem, names: Sequence[str]) -> str | None:
    """Return the form's field a problem belongs to; None for the top of the page."""
    parts = problem.field.split(".")
    candidates = (
        _FIELDS.get(problem.field, ""),
        "_".join(parts),
        parts[-1],
        parts[0],
        f"{parts[0]}_zh",
    )
    return next((name for name in candidates if name in names), None)


class AuthoringForm(forms.ModelForm):  # type: ignore[type-arg]
    """A form that shows the rules' complaints where they belong."""

    #: Set by the page when the rules refused what this form would have saved.
    refusals: Sequence[Problem] = ()

    def clean(self) -> dict[str, Any]:
        """Return the data; add the refusals, each beside its field."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        for problem in self.refusals:
            self.add_error(form_field(problem, list(self.fields)), told(problem))
        for name, value in list(data.items()):
            if isinstance(value, str):  # browsers send line ends as \r\n
                data[name] = value.replace("\r\n", "\n")
            elif isinstance(self.fields[name], ChoicesField):  # and ticks in the page's order
                earlier = list(self.initial.get(name) or [])
                kept = [choice for choice in earlier if choice in value]
                data[name] = kept + [choice for choice in value if choice not in earlier]
        return data


class AuthoringAdmin(ModelAdmin):
    """A page for one kind of content.

    The rules run on what was saved, inside the transaction, because only then the inlines count
    too; a refusal rolls everything back and draws the form again with the complaints.
    """

    change_form_template = "admin/interview/authoring_change_form.html"
    save_on_top = True
    actions = ("duplicate", "export_yaml")
    #: What the button says that opens a room on this.
    try_label = _("Try this")

    class Media:
        """The identity's tokens and the portraits, for the previews."""

        css = {"all": ("css/tokens.css", "css/portrait.css", "css/admin.css")}

    # --- saving under the rules ---

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Return the read-only fields; others refer to the id, so it stays once it is given."""
        fixed = tuple(super().get_readonly_fields(request, obj))
        return (*fixed, "slug") if obj else fixed

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Draw or save; what the rules refuse is drawn again with their complaints."""
        context = {
            **(extra_context or {}),
            "try_url": self._try_url(object_id),
            "try_label": self.try_label,
        }
        try:
            return super().changeform_view(request, object_id, form_url, context)
        except RefusedContentError as refusal:
            request.content_refusals = refusal.problems  # type: ignore[attr-defined]
            return super().changeform_view(request, object_id, form_url, context)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Return the form, which knows what the rules refused a moment ago."""
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        form.refusals = getattr(request, "content_refusals", ())
        return form

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save the row and remember what it said before."""
        before = content.fingerprint(content.item_of(obj)) if change else None
        request.content_before = before  # type: ignore[attr-defined]
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Save the inlines, ask the rules, and count the edit in the version."""
        super().save_related(request, form, formsets, change)
        row = form.instance
        problems = self.lint(row)
        if errors(problems):
            raise RefusedContentError(errors(problems))
        self._advise(request, problems)
        before = getattr(request, "content_before", None)
        if before is not None and isinstance(row, Persona | Scenery):
            content.count_edit(row, before=before)

    def lint(self, row: Any) -> list[Problem]:
        """Return what the rules say about the row as it is now saved."""
        raise NotImplementedError

    def _advise(self, request: HttpRequest, problems: list[Problem]) -> None:
        advice = [p for p in problems if p.severity is Severity.ADVICE]
        for problem in advice[:MAX_ADVICE]:
            messages.warning(request, told(problem))
        if len(advice) > MAX_ADVICE:
            left = len(advice) - MAX_ADVICE
            text = ngettext("and %(left)s more", "and %(left)s more", left)
            messages.warning(request, text % {"left": left})

    # --- trying ---

    def get_urls(self) -> list[URLPattern]:
        """Return the page's addresses, with the one that opens a rehearsal."""
        urls: list[URLPattern] = [
            path(
                "<path:object_id>/try/",
                self.admin_site.admin_view(self.try_view),
                name=self._url_name("try"),
            ),
            *self.extra_urls(),
        ]
        return urls + super().get_urls()

    def extra_urls(self) -> list[URLPattern]:
        """Return further addresses of this page."""
        return []

    def _url_name(self, action: str) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{action}"

    def _try_url(self, object_id: str | None) -> str:
        if object_id is None:
            return ""
        return reverse(f"admin:{self._url_name('try')}", args=[object_id])

    def rehearsal(self) -> Callable[..., OpenedRoom]:
        """Return the service that opens a room on a row of this kind."""
        raise NotImplementedError

    def try_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Open a room on the row with a sample résumé and go there."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        if not self.has_change_permission(request, row):
            raise PermissionDenied
        player = players.from_cookie(request.COOKIES.get(players.COOKIE)) or players.new_player()
        try:
            opened = self._open(row, player, runtime.ports())
        except GameError as error:
            messages.error(request, gettext(str(error)))
            return HttpResponseRedirect(
                reverse(f"admin:{self._url_name('change')}", args=[object_id])
            )
        response = HttpResponseRedirect(reverse("room-page", args=[opened.id]))
        response.set_cookie(**players.cookie_of(player))
        return response

    def _open(self, row: Model, player: UUID, ports: Ports) -> OpenedRoom:
        language = "zh" if (get_language() or "").startswith("zh") else "en"
        return self.rehearsal()(row, owner=player, language=language, ports=ports)

    # --- copies and files ---

    @admin.action(description=_("Duplicate"), permissions=["add"])
    def duplicate(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Copy the chosen rows under free ids."""
        for row in queryset:
            copy = content.duplicate(row)
            messages.success(
                request,
                gettext("%(copy)s is a copy of %(original)s.")
                % {"copy": copy.slug, "original": row.slug},
            )

    @admin.action(description=_("Export as YAML"), permissions=["view"])
    def export_yaml(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse:
        """Answer with one YAML file, or with an archive of several."""
        files = {f"{row.slug}.yaml": content.yaml_of(row) for row in queryset}
        if len(files) == 1:
            name, text = files.popitem()
            return _download(name, text.encode(), "application/yaml")
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
            for name, text in files.items():
                packed.writestr(name, text)
        return _download(f"{self.opts.model_name}.zip", archive.getvalue(), "application/zip")


def _download(name: str, body: bytes, content_type: str) -> HttpResponse:
    response = HttpResponse(body, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
