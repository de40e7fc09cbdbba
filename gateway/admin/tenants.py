"""The tenants' pages: keys, limits and budgets of each on one page."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from gateway.admin.governed import GovernedAdmin
from gateway.admin.keys import KeyInline
from gateway.admin.limits import BudgetInline, LimitInline, meter
from gateway.models import Tenant


class TenantAdmin(GovernedAdmin):
    """Who pays, with which keys, and how much at most."""

    change_form_template = "admin/gateway/tenant_change_form.html"
    list_display = ("name", "title", "is_active", "n_keys", "budget")
    list_filter = ("is_active",)
    search_fields = ("name", "title")
    fields = ("name", "title", "is_active", "weight")

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        """Return the tables of a tenant that is there."""
        return [] if obj is None else [KeyInline, LimitInline, BudgetInline]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return the name once it is given: the ledger counts under it."""
        return ("name",) if obj else ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tenant]:
        """Return the tenants with the number of their keys."""
        rows: QuerySet[Tenant] = super().get_queryset(request)
        good = Count("keys", filter=Q(keys__revoked_at=None), distinct=True)
        return rows.annotate(key_count=good).prefetch_related("budgets")

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Draw or save; a key is made on a page of its own."""
        context = dict(extra_context or {})
        if object_id is not None:
            adding = reverse("admin:gateway_apikey_add")
            context["new_key_url"] = f"{adding}?tenant={object_id}"
        return super().changeform_view(request, object_id, form_url, context)

    @admin.display(description=_("Keys"), ordering="key_count")
    def n_keys(self, row: Any) -> int:
        """Return how many keys are not revoked."""
        count: int = row.key_count
        return count

    @admin.display(description=_("Budget"))
    def budget(self, row: Tenant) -> SafeString | str:
        """Return a meter of the tenant's first budget."""
        first = next(iter(row.budgets.all()), None)
        return "—" if first is None else meter(first)
