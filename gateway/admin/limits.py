"""Limits and budgets: tables inside other pages, and pages of their own."""

from typing import Any

from django import forms
from django.contrib import admin
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from gateway.admin.fields import SharesField, UsdField, usd
from gateway.admin.governed import GovernedAdmin, GovernedForm, TabularInline
from gateway.models import Budget, Limit
from gateway.models.limit import default_alerts
from gateway.services import spending


class BudgetForm(GovernedForm):
    """A budget in USD, with alerts as percentages."""

    limit_microusd = UsdField(
        label=_("Limit, USD"), widget=forms.TextInput(attrs={"size": 10, "inputmode": "decimal"})
    )
    alerts = SharesField(
        label=_("Alerts at"),
        required=False,
        initial=default_alerts,
        widget=forms.TextInput(attrs={"size": 14}),
    )

    class Meta:
        """Every column."""

        model = Budget
        fields = ("tenant", "key", "period", "limit_microusd", "alerts")


class LimitInline(TabularInline):
    """The limits of what the page is about."""

    model = Limit
    extra = 0
    fields = ("amount", "unit", "dimension", "window_seconds", "algorithm", "burst")


class BudgetInline(TabularInline):
    """The budgets of what the page is about, with what is spent of them."""

    model = Budget
    form = BudgetForm
    extra = 0
    fields = ("period", "limit_microusd", "alerts", "used")
    readonly_fields = ("used",)

    @admin.display(description=_("Used"))
    def used(self, row: Budget) -> SafeString | str:
        """Return a meter of what is spent."""
        return meter(row) if row.pk else "—"


class LimitAdmin(GovernedAdmin):
    """All limits, whomever they bind."""

    list_display = ("told", "bound_to", "dimension", "algorithm")
    list_filter = ("dimension", "unit", "algorithm")
    list_select_related = ("tenant", "key", "route")
    autocomplete_fields = ("tenant", "key", "route")
    fieldsets = [
        (None, {"fields": [("amount", "unit"), ("window_seconds", "dimension")]}),
        (_("How it is counted"), {"fields": [("algorithm", "burst")]}),
        (
            _("Whom it binds"),
            {
                "fields": ["tenant", "key", "route"],
                "description": _("One of them; none of them binds everybody."),
            },
        ),
    ]

    @admin.display(description=_("Limit"), ordering="amount")
    def told(self, row: Limit) -> str:
        """Return the limit in a few words."""
        unit = row.get_unit_display()
        if row.unit == "concurrent":
            return f"{row.amount:,} {unit}"
        return f"{row.amount:,} {unit} / {row.window_seconds:g} s"

    @admin.display(description=_("Binds"))
    def bound_to(self, row: Limit) -> Any:
        """Return whom it binds."""
        return row.key or row.tenant or row.route or _("everybody")


class BudgetAdmin(GovernedAdmin):
    """All budgets, how much of them is used, and where they will stand when the month ends."""

    form = BudgetForm
    list_display = ("owner", "period", "used", "predicted")
    list_filter = ("period",)
    list_select_related = ("tenant", "key", "key__tenant")
    autocomplete_fields = ("tenant", "key")
    fields = (("tenant", "key"), "period", "limit_microusd", "alerts")

    @admin.display(description=_("Whose"), ordering="tenant__name")
    def owner(self, row: Budget) -> str:
        """Return who spends it."""
        return f"{row.key.tenant} · {row.key}" if row.key else str(row.tenant)

    @admin.display(description=_("Used"))
    def used(self, row: Budget) -> SafeString:
        """Return a meter of what is spent."""
        return meter(row)

    @admin.display(description=_("At the end of the period"))
    def predicted(self, row: Budget) -> SafeString | str:
        """Return what will be spent if it goes on like this."""
        found = spending.of_budget(row)
        if found.predicted_microusd is None:
            return "—"
        context = {
            "predicted": usd(found.predicted_microusd),
            "is_over": found.predicted_microusd > row.limit_microusd,
        }
        return mark_safe(render_to_string("admin/gateway/_prediction.html", context))  # noqa: S308


def meter(row: Budget) -> SafeString:
    """Return what is spent of a budget, drawn and in figures."""
    found = spending.of_budget(row)
    share = found.spent_microusd / max(1, row.limit_microusd)
    alert = next((one for one in sorted(row.alerts, reverse=True) if share >= one), None)
    context = {
        "spent": usd(found.spent_microusd),
        "limit": usd(row.limit_microusd),
        "percent": round(min(share, 9.99) * 100),
        "filled": round(min(share, 1.0) * 100),
        "level": "over" if share >= 1 else "near" if alert is not None else "calm",
    }
    return mark_safe(render_to_string("admin/gateway/_meter.html", context))  # noqa: S308  ours
