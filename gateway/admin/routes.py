"""The routes' pages: targets in order, and what would become of a request now."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from gateway.admin import explain
from gateway.admin.fields import ChoicesField
from gateway.admin.governed import GovernedAdmin, GovernedForm, TabularInline
from gateway.admin.limits import LimitInline
from gateway.models import Route, RouteTarget
from gateway.models.route import default_abilities


class TargetForm(GovernedForm):
    """One target."""

    abilities = ChoicesField(
        label=_("Abilities"), choices=list(explain.ABILITIES.items()), initial=default_abilities
    )

    class Meta:
        """Every column but the route."""

        model = RouteTarget
        fields = (
            "order",
            "provider",
            "model",
            "abilities",
            "context_tokens",
            "max_output_tokens",
            "quality",
            "weight",
        )
        widgets = {
            "order": forms.NumberInput(
                attrs={
                    "class": "order-input",
                    "data-up": _("Move up"),
                    "data-down": _("Move down"),
                }
            ),
            "context_tokens": forms.NumberInput(attrs={"class": "narrow"}),
            "max_output_tokens": forms.NumberInput(attrs={"class": "narrow"}),
            "quality": forms.NumberInput(attrs={"class": "narrow", "step": "0.05"}),
            "weight": forms.NumberInput(attrs={"class": "narrow"}),
            "model": forms.TextInput(attrs={"size": 16}),
        }


class TargetInline(TabularInline):
    """Who is behind the route, in order."""

    model = RouteTarget
    form = TargetForm
    extra = 0
    classes = ("ordered-rows",)
    verbose_name_plural = _("Targets, in order")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return whether they may see the route: its targets are what it is."""
        return request.user.has_perm("gateway.view_route") or self._may_write(request, obj)

    def _may_write(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(f"gateway.{'add' if obj is None else 'change'}_route")

    has_add_permission = has_change_permission = has_delete_permission = _may_write

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Return the rows; a provider is chosen here and edited on its own page."""
        formset: Any = super().get_formset(request, obj, **kwargs)
        choice = formset.form.base_fields["provider"].widget
        choice.can_add_related = choice.can_change_related = False
        choice.can_delete_related = choice.can_view_related = False
        return formset


class RouteAdmin(GovernedAdmin):
    """Public model names and who is behind them."""

    change_form_template = "admin/gateway/route_change_form.html"
    change_list_template = "admin/gateway/route_change_list.html"
    list_display = ("model", "leads_to", "policy", "is_enabled")
    list_filter = ("policy", "is_enabled")
    search_fields = ("model", "targets__model", "targets__provider__name")
    inlines = (TargetInline, LimitInline)
    fieldsets = [
        (None, {"fields": ["model", "is_enabled", "policy"]}),
        (
            _("When something goes wrong"),
            {
                "fields": [
                    ("n_retries", "n_attempts", "hedge_after_seconds"),
                    "waits_for_primary",
                    "continues_answers",
                ],
            },
        ),
        (
            _("Spared calls"),
            {"fields": [("cache_seconds", "is_coalesced")], "classes": ["collapse"]},
        ),
        (
            _("Deadlines, seconds"),
            {
                "fields": [("connect_seconds", "first_seconds", "idle_seconds", "total_seconds")],
                "classes": ["collapse"],
                "description": _("Empty ones are the provider's, then those of the settings."),
            },
        ),
        (_("Experiments"), {"fields": ["allows_faults"], "classes": ["collapse"]}),
    ]

    class Media:
        """The script that moves rows up and down."""

        js = ("js/admin/ordered-rows.js",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Route]:
        """Return the routes with their targets."""
        rows: QuerySet[Route] = super().get_queryset(request)
        return rows.prefetch_related("targets__provider")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return the public name once it is given: programs ask for it."""
        return ("model",) if obj else ()

    def get_urls(self) -> list[URLPattern]:
        """Return the addresses, with the page that explains."""
        view = self.admin_site.admin_view(self.explain_view)
        return [path("explain/", view, name="gateway_route_explain"), *super().get_urls()]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Draw or save; from a route one may ask how it would be taken."""
        context = dict(extra_context or {})
        row = self.get_object(request, object_id) if object_id else None
        if row is not None:
            context["explain_url"] = f"{reverse('admin:gateway_route_explain')}?model={row.model}"
        return super().changeform_view(request, object_id, form_url, context)

    def explain_view(self, request: HttpRequest) -> HttpResponse:
        """Say how a request would be routed now; nobody is asked."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": gettext("How would this be routed now?"),
            "media": self.media,
            **explain.answered(request),
        }
        return TemplateResponse(request, "admin/gateway/explain.html", context)

    @admin.display(description=_("Leads to"))
    def leads_to(self, row: Route) -> SafeString | str:
        """Return the targets in order."""
        targets = [(str(target),) for target in row.targets.all()]
        if not targets:
            return format_html('<span class="state state--off">{}</span>', gettext("nobody"))
        return format_html_join(" → ", "<code>{}</code>", targets)
