"""Faults on purpose: open to keys with scope faults as well, each for its own tenant."""

from django.http import HttpRequest
from ninja import Router, Status

from gateway.api.auth import OperatorAuth, operator
from gateway.api.schemas.faults import ChangedFault, FaultIn, FaultOut
from gateway.api.warned import warned
from gateway.domain.catalog import Scope
from gateway.domain.errors import ForbiddenError
from gateway.models import FaultRule
from gateway.services import configuration, tenants

router = Router(tags=["faults"], auth=OperatorAuth("faultrule", scope=Scope.FAULTS))


@router.get("", url_name="faults", response=list[FaultOut])
def list_faults(request: HttpRequest) -> list[FaultOut]:
    """Return every fault; a key with scope faults sees its own tenant's."""
    rows = FaultRule.objects.select_related("tenant")
    own = operator(request).tenant
    if own:
        rows = rows.filter(tenant__name=own)
    return [FaultOut.from_row(row) for row in rows]


@router.post("", url_name="faults", response={201: ChangedFault})
@warned
def create_fault(request: HttpRequest, body: FaultIn) -> Status[ChangedFault]:
    """Add a fault; it strikes within a second. One without a tenant strikes everybody."""
    own = operator(request).tenant
    if own and body.tenant not in {"", own}:
        raise ForbiddenError("This API key makes things go wrong for its own tenant only.")
    row = configuration.add_fault(
        name=body.name,
        fields=body.dict(exclude={"name", "tenant"}),
        tenant=tenants.find(body.tenant or own) if body.tenant or own else None,
        actor=operator(request).actor,
    )
    return Status(201, ChangedFault.from_row(row))


@router.delete("/{name}", url_name="fault", response={204: None})
def remove_fault(request: HttpRequest, name: str) -> Status[None]:
    """End a fault."""
    found = operator(request)
    configuration.remove_fault(name=name, tenant=found.tenant, actor=found.actor)
    return Status(204, None)
