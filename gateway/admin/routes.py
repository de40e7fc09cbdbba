"""The routes' pages: targets in order, and what would become of a request now."""

import time
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

from gateway import runtime
from gateway.admin.fields import ChoicesField, usd
from gateway.admin.governed import GovernedAdmin, GovernedForm, TabularInline
from gateway.admin.limits import LimitInline
from gateway.domain.catalog import Ability
from gateway.domain.errors import GatewayError
from gateway.domain.money import BudgetPeriod
from gateway.domain.routing import Exclusion
from gateway.models import ApiKey, Route, RouteTarget
from gateway.models.limit import PERIODS
from gateway.models.route import POLICIES, default_abilities
from gateway.services import explaining
from gateway.services.explaining import Explanation, Question
from gateway.snapshot import reading

ABILITIES = {
    Ability.STREAM: _("stream"),
    Ability.TOOLS: _("tools"),
    Ability.JSON: _("JSON"),
    Ability.VISION: _("vision"),
    Ability.PREFILL: _("prefill"),
    Ability.REASONING: _("reasoning"),
    Ability.EMBEDDINGS: _("embeddings"),
}
REASONS = {
    Exclusion.OTHER_PROVIDER: _("another provider was asked for"),
    Exclusion.NO_STREAM: _("cannot stream"),
    Exclusion.NO_TOOLS: _("has no tools"),
    Exclusion.NO_JSON: _("has no JSON mode"),
    Exclusion.NO_VISION: _("cannot see"),
    Exclusion.NO_EMBEDDINGS: _("does not embed"),
    Exclusion.CONTEXT_TOO_SMALL: _("the prompt does not fit"),
    Exclusion.BREAKER_OPEN: _("failed too often, rests"),
    Exclusion.PROBE_IN_FLIGHT: _("is being tried out by another request"),
    Exclusion.NO_PLACE: _("every place is taken"),
    Exclusion.FAILED: _("failed this request already"),
}


class TargetForm(GovernedForm):
    """One target."""

    abilities = ChoicesField(
        label=_("Abilities"), choices=list(ABILITIES.items()), initial=default_abilities
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


class ExplainForm(forms.Form):
    """A request by its outline."""

    model = forms.ChoiceField(label=_("Model"))
    key = forms.ModelChoiceField(
        ApiKey.objects.select_related("tenant").filter(revoked_at=None),
        label=_("As key"),
        required=False,
        empty_label=_("the house itself"),
    )
    input_tokens = forms.IntegerField(
        label=_("Prompt, tokens"), initial=1000, min_value=0, max_value=10_000_000
    )
    max_output_tokens = forms.IntegerField(
        label=_("Longest answer, tokens"), required=False, min_value=1, max_value=10_000_000
    )
    needs = ChoicesField(
        label=_("Needs"),
        required=False,
        choices=[
            (ability.value, words)
            for ability, words in ABILITIES.items()
            if ability not in {Ability.STREAM, Ability.PREFILL, Ability.REASONING}
        ],
    )


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
        may_ask_as_key = request.user.has_perms(
            [f"gateway.{name}" for name in explaining.PERMISSIONS_OF_A_KEY]
        )
        catalog = reading.read().catalog
        is_asked = "input_tokens" in request.GET
        form = ExplainForm(request.GET if is_asked else None, initial=request.GET.dict())
        names = sorted(catalog.routes)
        form.fields["model"].choices = [(name, name) for name in names]  # type: ignore[attr-defined]
        if not may_ask_as_key:
            del form.fields["key"]
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": gettext("How would this be routed now?"),
            "form": form,
            "media": self.media,
        }
        if is_asked and form.is_valid():
            data = form.cleaned_data
            question = Question(
                model=data["model"],
                key_id=data["key"].pk if data.get("key") else "",
                input_tokens=data["input_tokens"],
                max_output_tokens=data["max_output_tokens"],
                needs=frozenset(map(Ability, data["needs"])),
            )
            try:
                found = runtime.call(
                    explaining.explain(
                        question, catalog=catalog, ports=runtime.ports(), at=time.time()
                    )
                )
                context["found"] = _shown(found)
            except GatewayError as error:
                context["refusal"] = str(error) or error.code
        return TemplateResponse(request, "admin/gateway/explain.html", context)

    @admin.display(description=_("Leads to"))
    def leads_to(self, row: Route) -> SafeString | str:
        """Return the targets in order."""
        targets = [(str(target),) for target in row.targets.all()]
        if not targets:
            return format_html('<span class="state state--off">{}</span>', gettext("nobody"))
        return format_html_join(" → ", "<code>{}</code>", targets)


def _shown(found: Explanation) -> dict[str, Any]:
    """Return the explanation as the page draws it."""
    decision = found.decision
    return {
        "code": found.code,
        "is_ok": found.code == "ok",
        "words": gettext(found.pattern) % found.values,
        "version": found.version,
        "is_degraded": found.is_degraded,
        "decision": decision,
        "policy": POLICIES[decision.policy] if decision else "",
        "candidates": [
            {
                "target": one.target,
                "reason": gettext(one.reason),
                "score": one.score,
                "cost_score": one.cost_score,
                "needs_probe": one.needs_probe,
            }
            for one in (decision.candidates if decision else ())
        ],
        "dropped": [
            {"target": one.target, "reason": REASONS[one.reason], "wait": one.retry_after_seconds}
            for one in (decision.dropped if decision else ())
        ],
        "limits": found.limits,
        "budgets": [
            {
                "subject": one.subject,
                "period": PERIODS[BudgetPeriod(one.period)],
                "spent": usd(one.spent_microusd + one.reserved_microusd),
                "limit": usd(one.limit_microusd),
                "wanted": usd(one.wanted_microusd),
                "is_enough": one.is_enough,
            }
            for one in found.budgets
        ],
        "places": found.places,
        "standings": found.standings,
    }
