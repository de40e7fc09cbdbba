"""Tenants."""

from django.http import HttpRequest
from ninja import Router, Status

from gateway.api.auth import OperatorAuth, operator
from gateway.api.schemas.tenants import ChangedTenant, TenantIn, TenantOut, TenantPatch
from gateway.api.warned import warned
from gateway.models import Tenant
from gateway.services import configuration, tenants

router = Router(tags=["tenants"], auth=OperatorAuth("tenant"))


@router.get("", url_name="tenants", response=list[TenantOut])
def list_tenants(request: HttpRequest) -> list[TenantOut]:
    """Return every tenant."""
    rows = Tenant.objects.prefetch_related("keys", "limits__key", "limits__route", "limits__tenant")
    return [TenantOut.from_row(row) for row in rows]


@router.post("", url_name="tenants", response={201: ChangedTenant})
@warned
def create_tenant(request: HttpRequest, body: TenantIn) -> Status[ChangedTenant]:
    """Add a tenant."""
    fields = body.dict(exclude={"name"})
    row = tenants.add(name=body.name, fields=fields, actor=operator(request).actor)
    return Status(201, ChangedTenant.from_row(row))


@router.get("/{name}", url_name="tenant", response=TenantOut)
def read_tenant(request: HttpRequest, name: str) -> TenantOut:
    """Return one tenant."""
    return TenantOut.from_row(tenants.find(name))


@router.patch("/{name}", url_name="tenant", response=ChangedTenant)
@warned
def change_tenant(request: HttpRequest, name: str, body: TenantPatch) -> ChangedTenant:
    """Change a tenant; switched off, its keys are refused within a second."""
    changer = operator(request)
    fields = body.dict(exclude={"limits"}, exclude_none=True)
    with configuration.change(actor=changer.actor) as making:
        row = tenants.set_fields(name, fields, making=making)
        if body.limits is not None:
            changer.check("add_limit", "delete_limit")
            limits = [limit.dict() for limit in body.limits]
            tenants.put_limits(subject=row, limits=limits, making=making)
    return ChangedTenant.from_row(tenants.find(name))


@router.delete("/{name}", url_name="tenant", response={204: None})
def remove_tenant(request: HttpRequest, name: str) -> Status[None]:
    """Remove a tenant that never had a key."""
    tenants.remove(name=name, actor=operator(request).actor)
    return Status(204, None)
