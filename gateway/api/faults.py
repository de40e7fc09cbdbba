"""Faults on purpose: open to keys with scope faults as well."""

from django.http import HttpRequest
from ninja import Router, Status

from gateway.api.auth import OperatorAuth, operator
from gateway.api.schemas import FaultIn
from gateway.domain.catalog import Scope
from gateway.models import FaultRule
from gateway.services import configuration

router = Router(tags=["faults"], auth=OperatorAuth("faultrule", scope=Scope.FAULTS))


@router.get("", url_name="faults", response=list[FaultIn])
def list_faults(request: HttpRequest) -> list[FaultIn]:
    """Return every fault."""
    return [FaultIn.from_row(row) for row in FaultRule.objects.all()]


@router.post("", url_name="faults", response={201: FaultIn})
def create_fault(request: HttpRequest, body: FaultIn) -> Status[FaultIn]:
    """Add a fault; it strikes within a second."""
    fields = body.dict(exclude={"name"})
    row = configuration.add_fault(name=body.name, fields=fields, actor=operator(request).actor)
    return Status(201, FaultIn.from_row(row))


@router.delete("/{name}", url_name="fault", response={204: None})
def remove_fault(request: HttpRequest, name: str) -> Status[None]:
    """End a fault."""
    configuration.remove_fault(name=name, actor=operator(request).actor)
    return Status(204, None)
