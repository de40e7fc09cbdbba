"""The keys' pages. A new secret is in one answer, which is not kept by anybody."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from gateway.admin.fields import ChoicesField, UsdField, WordsField
from gateway.admin.governed import GovernedAdmin, GovernedForm, TabularInline, actor_of, sentences
from gateway.admin.limits import BudgetInline, LimitInline
from gateway.domain.catalog import Scope
from gateway.domain.errors import ManagementError
from gateway.models import ApiKey
from gateway.models.api_key import default_scopes
from gateway.services import keys
from gateway.services.configuration import Change
from gateway.services.keys import KeyWish, NewKey

SCOPES = {
    Scope.CHAT: _("chat: ask models"),
    Scope.EMBEDDINGS: _("embeddings: turn texts into vectors"),
    Scope.MODELS: _("models: list them"),
    Scope.USAGE: _("usage: read what its tenant used"),
    Scope.FAULTS: _("faults: make things go wrong"),
    Scope.MANAGE: _("manage: everything on these pages"),
}
#: The fields of a new key that make rows of another kind.
BOUNDS = {"requests_per_minute": "gateway.add_limit", "budget": "gateway.add_budget"}
GRACES = {0: _("at once"), 1: _("in an hour"), 24: _("in a day"), 168: _("in a week")}


class KeyForm(GovernedForm):
    """A key; its first limit and budget can be given with it, by who may give any."""

    #: Set by the page: what whoever is signed in may give to a key, and which bounds.
    grantable: frozenset[Scope] = frozenset()
    bounds: tuple[str, ...] = ()

    scopes = ChoicesField(label=_("Opens"), choices=list(SCOPES.items()), initial=default_scopes)
    model_patterns = WordsField(
        label=_("Models"),
        required=False,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
        help_text=_("Patterns of public names, such as gpt-*; none allows every route."),
    )
    requests_per_minute = forms.IntegerField(
        label=_("Requests a minute"), required=False, min_value=1, max_value=2**31 - 1
    )
    budget = UsdField(
        label=_("Budget a month, USD"),
        required=False,
        widget=forms.TextInput(attrs={"size": 10, "inputmode": "decimal"}),
    )

    class Meta:
        """What can be chosen."""

        model = ApiKey
        fields = ("tenant", "name", "scopes", "model_patterns", "expires_at")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        scopes: Any = self.fields["scopes"]
        scopes.choices = [(one, words) for one, words in SCOPES.items() if one in self.grantable]
        for name in set(BOUNDS) - set(self.bounds):
            del self.fields[name]


class KeyInline(TabularInline):
    """A tenant's keys at a glance; each links to its own page."""

    model = ApiKey
    fk_name = "tenant"
    extra = 0
    fields = ("key", "name", "opens", "state", "expires_at")
    readonly_fields = fields
    can_delete = False
    ordering = ("revoked_at", "-created_at")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: a key is made on a page of its own, which shows it once."""
        return False

    @admin.display(description=_("Key"))
    def key(self, row: ApiKey) -> SafeString:
        """Return what is shown of the secret, leading to the key's page."""
        page = reverse("admin:gateway_apikey_change", args=[row.pk])
        return format_html('<a href="{}"><code>{}</code></a>', page, row.shown)

    @admin.display(description=_("Opens"))
    def opens(self, row: ApiKey) -> str:
        """Return scopes and models."""
        models = ", ".join(row.model_patterns) or gettext("every route")
        return f"{', '.join(row.scopes)} · {models}"

    @admin.display(description=_("State"))
    def state(self, row: ApiKey) -> SafeString:
        """Return whether the key is good."""
        return state_of(row)


def _bounds(request: HttpRequest) -> tuple[str, ...]:
    """Return which of a new key's bounds whoever is signed in may give."""
    return tuple(field for field, needed in BOUNDS.items() if request.user.has_perm(needed))


def _grantable(request: HttpRequest) -> frozenset[Scope]:
    """Return the scopes whoever is signed in may give to a key."""
    user: Any = request.user
    return keys.grantable(is_allowed=user.has_perm, manages_all=bool(user.is_superuser))


class ApiKeyAdmin(GovernedAdmin):
    """Make, rotate and revoke keys."""

    form = KeyForm
    change_form_template = "admin/gateway/key_change_form.html"
    list_display = ("secret_shown", "name", "tenant", "opens", "state", "expires_at")
    list_display_links = ("secret_shown", "name")
    list_filter = ("tenant", ("revoked_at", admin.EmptyFieldListFilter))
    list_select_related = ("tenant",)
    search_fields = ("id__startswith", "name", "last4", "tenant__name")
    autocomplete_fields = ("tenant",)
    readonly_fields = ("secret_shown", "state", "history")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return the groups of fields; a first limit and budget are asked for once."""
        may = (_("What it may"), {"fields": ["scopes", "model_patterns", "expires_at"]})
        if obj is None:
            first = [(None, {"fields": ["tenant", "name"]}), may]
            bounds = _bounds(request)
            return [*first, (_("How much"), {"fields": [bounds]})] if bounds else first
        return [(None, {"fields": ["secret_shown", "name", "state", "history"]}), may]

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Return the form; its own fields are not columns, so the columns are named here."""
        kwargs["fields"] = ("name", "scopes", "model_patterns", "expires_at")
        if obj is None:
            kwargs["fields"] = ("tenant", *kwargs["fields"])
        form = super().get_form(request, obj, change=change, **kwargs)
        form.grantable, form.bounds = _grantable(request), _bounds(request)
        return form

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        """Return the tables of a key that is there."""
        return [] if obj is None else [LimitInline, BudgetInline]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return whether they may; a key that may more than they is not theirs to change."""
        if obj is not None and not _grantable(request).issuperset(obj.scopes):
            return False
        return super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: the ledger refers to keys; they are revoked."""
        return False

    # --- making ---

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save a key that is there, or make a new one and keep its secret for one answer."""
        if change:
            super().save_model(request, obj, form, change)
            return
        data = form.cleaned_data
        made = keys.create_within(
            request.making,  # type: ignore[attr-defined]
            tenant=obj.tenant,
            wish=KeyWish(
                name=obj.name,
                scopes=data["scopes"],
                models=data["model_patterns"],
                expires_at=obj.expires_at,
                requests_per_minute=data.get("requests_per_minute"),
                budget_microusd=data.get("budget"),
            ),
        )
        obj.pk, obj._state.adding = made.row.pk, False
        request.made = made  # type: ignore[attr-defined]

    def store(self, making: Change, obj: Any, _form: Any) -> None:
        """Save a key that is there."""
        keys.save(obj, making=making)

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> Any:
        """Show the secret: in this answer and never again."""
        return self._shown_once(request, request.made)  # type: ignore[attr-defined]

    def _shown_once(self, request: HttpRequest, made: NewKey) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": gettext("The new key"),
            "key": made.row,
            "secret": made.secret,
            "page": self.url_of("change", made.row.pk),
        }
        response = TemplateResponse(request, "admin/gateway/key_secret.html", context)
        response["Cache-Control"] = "no-store"
        return response

    # --- rotating, revoking ---

    def get_urls(self) -> list[URLPattern]:
        """Return the addresses, with those that end a key."""
        ours = [
            path(
                f"<path:object_id>/{name}/",
                self.admin_site.admin_view(view),
                name=f"gateway_apikey_{name}",
            )
            for name, view in (("rotate", self.rotate_view), ("revoke", self.revoke_view))
        ]
        return ours + super().get_urls()

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Draw or save; a key that is there can be ended from its page."""
        context = {**(extra_context or {}), "graces": GRACES}
        if object_id is not None:
            row = self.get_object(request, unquote(object_id))
            context["is_good"] = row is not None and row.revoked_at is None
            context["rotate_url"] = self.url_of("rotate", object_id)
            context["revoke_url"] = self.url_of("revoke", object_id)
        return super().changeform_view(request, object_id, form_url, context)

    def rotate_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Make a key in place of this one and show it once."""
        row = self._asked_for(request, object_id)
        if isinstance(row, HttpResponse):
            return row
        given = request.POST.get("grace", "0")
        hours = int(given) if given.isdecimal() and int(given) in GRACES else 0
        try:
            made = keys.rotate(key_id=row.pk, grace=timedelta(hours=hours), actor=actor_of(request))
        except ManagementError as refusal:
            return self._refused(request, row, refusal)
        return self._shown_once(request, made)

    def revoke_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """End this key for good."""
        row = self._asked_for(request, object_id)
        if isinstance(row, HttpResponse):
            return row
        try:
            keys.revoke(key_id=row.pk, actor=actor_of(request))
        except ManagementError as refusal:
            return self._refused(request, row, refusal)
        messages.success(
            request, gettext("The key is revoked; within a second nobody gets in with it.")
        )
        return HttpResponseRedirect(self.url_of("change", row.pk))

    def _asked_for(self, request: HttpRequest, object_id: str) -> Any:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        if not self.has_change_permission(request, row):
            raise PermissionDenied
        return row

    def _refused(self, request: HttpRequest, row: ApiKey, refusal: ManagementError) -> HttpResponse:
        for sentence in sentences(refusal):
            messages.error(request, sentence)
        return HttpResponseRedirect(self.url_of("change", row.pk))

    # --- columns ---

    @admin.display(description=_("Key"), ordering="prefix")
    def secret_shown(self, row: ApiKey) -> SafeString:
        """Return the beginning and the end of the secret."""
        return format_html("<code>{}</code>", row.shown)

    @admin.display(description=_("Opens"))
    def opens(self, row: ApiKey) -> str:
        """Return scopes and models."""
        models = ", ".join(row.model_patterns) or gettext("every route")
        return f"{', '.join(row.scopes)} · {models}"

    @admin.display(description=_("State"), ordering="revoked_at")
    def state(self, row: ApiKey) -> SafeString:
        """Return whether the key is good."""
        return state_of(row)

    @admin.display(description=_("Origin"))
    def history(self, row: ApiKey) -> str:
        """Return who made it, when, and in place of which."""
        made = gettext("made by %(who)s on %(day)s") % {
            "who": row.created_by,
            "day": row.created_at.date().isoformat(),
        }
        if row.rotated_from is None:
            return made
        return f"{made}, " + gettext("in place of %(key)s") % {"key": row.rotated_from.shown}


def state_of(row: ApiKey) -> SafeString:
    """Return a word and a colour for whether the key is good."""
    if row.revoked_at is not None:
        word, level = _("revoked"), "off"
    elif row.expires_at is not None and row.expires_at <= timezone.now():
        word, level = _("expired"), "off"
    elif not row.tenant.is_active:
        word, level = _("tenant switched off"), "off"
    else:
        word, level = _("good"), "on"
    return format_html('<span class="state state--{}">{}</span>', level, word)
