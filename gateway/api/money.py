"""Budgets, with what they have come to; and what was used."""

from datetime import date, timedelta
from typing import Annotated, Any

from django.db.models import Sum
from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Router, Status

from gateway.api.auth import OperatorAuth, operator
from gateway.api.schemas.money import BudgetIn, BudgetOut, ChangedBudget, UsageOut
from gateway.api.warned import warned
from gateway.domain.catalog import Scope
from gateway.domain.errors import NotThereError
from gateway.domain.money import BudgetPeriod
from gateway.models import Budget, UsageRecord
from gateway.services import configuration, keys, spending, tenants

router = Router(tags=["budgets"], auth=OperatorAuth("budget"))
usage_router = Router(tags=["usage"], auth=OperatorAuth("usagerecord", scope=Scope.USAGE))

_SUMS = {
    "input_tokens": Sum("input_tokens"),
    "output_tokens": Sum("output_tokens"),
    "cost_microusd": Sum("cost_microusd"),
}
GROUPS = ("tenant", "key_id", "route", "provider", "model")


@router.get("", url_name="budgets", response=list[BudgetOut])
def list_budgets(request: HttpRequest) -> list[BudgetOut]:
    """Return every budget, what is spent of it, and what will be at the end of its period."""
    return [_told(row) for row in Budget.objects.select_related("tenant")]


@router.post(
    "",
    url_name="budgets",
    response={201: ChangedBudget},
    auth=OperatorAuth("budget", action="view"),
)
@warned
def put_budget(request: HttpRequest, body: BudgetIn) -> Status[ChangedBudget]:
    """Set what a tenant or a key may spend in a period; one that is there gets the new figures."""
    if (body.tenant is None) == (body.key is None):
        raise NotThereError("A budget is for a tenant or for a key: name one of them.")
    subject = tenants.find(body.tenant) if body.tenant else keys.find(body.key or "")
    setter = operator(request)
    is_there = subject.budgets.filter(period=body.period).exists()
    setter.check("change_budget" if is_there else "add_budget")
    with configuration.change(actor=setter.actor) as making:
        row = tenants.put_budget(
            subject=subject,
            limit_microusd=body.limit_microusd,
            period=body.period,
            alerts=body.alerts,
            making=making,
        )
    return Status(201, ChangedBudget(**_told(row).dict()))


@router.delete("/{budget_id}", url_name="budget", response={204: None})
def remove_budget(request: HttpRequest, budget_id: int) -> Status[None]:
    """Remove a budget."""
    row = Budget.objects.filter(pk=budget_id).first()
    if row is None:
        raise NotThereError("There is no such budget.")
    with configuration.change(actor=operator(request).actor) as making:
        making.remove(row)
    return Status(204, None)


@usage_router.get("", url_name="usage", response=list[UsageOut])
def read_usage(
    request: HttpRequest,
    tenant: str = "",
    key: str = "",
    since: date | None = None,
    days: Annotated[int, Field(ge=1, le=366)] = 30,
) -> list[dict[str, Any]]:
    """Return what was used, the dearest first; a key with scope usage sees its own tenant's."""
    begin = since or timezone.now().date() - timedelta(days=days - 1)
    rows = UsageRecord.objects.filter(
        charged_at__date__gte=begin, charged_at__date__lt=begin + timedelta(days=days)
    )
    own = operator(request).tenant
    if own or tenant:
        rows = rows.filter(tenant=own or tenant)
    if key:
        rows = rows.filter(key_id=key)
    return list(rows.values(*GROUPS).annotate(**_SUMS).order_by("-cost_microusd", *GROUPS))


def _told(row: Budget) -> BudgetOut:
    found = spending.of_budget(row)
    return BudgetOut(
        id=row.pk,
        subject=row.subject,
        period=BudgetPeriod(row.period),
        limit_microusd=row.limit_microusd,
        alerts=row.alerts,
        spent_microusd=found.spent_microusd,
        predicted_microusd=found.predicted_microusd,
    )
