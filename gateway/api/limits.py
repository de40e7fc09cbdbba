"""Limits: of a tenant, of a key, of a route, of everybody."""

from typing import Any

from django.http import HttpRequest
from ninja import Router, Status

from gateway.api.auth import OperatorAuth, operator
from gateway.api.schemas.limits import BoundLimitIn, ChangedLimit, LimitOut
from gateway.api.warned import warned
from gateway.domain.errors import NotThereError
from gateway.models import Limit
from gateway.services import configuration, keys, tenants

router = Router(tags=["limits"], auth=OperatorAuth("limit"))


@router.get("", url_name="limits", response=list[LimitOut])
def list_limits(request: HttpRequest) -> list[LimitOut]:
    """Return every limit."""
    rows = Limit.objects.select_related("tenant", "route")
    return [LimitOut.from_row(row) for row in rows]


@router.post("", url_name="limits", response={201: ChangedLimit})
@warned
def create_limit(request: HttpRequest, body: BoundLimitIn) -> Status[ChangedLimit]:
    """Add a limit for one tenant, one key, one route, or everybody."""
    bound: dict[str, Any] = {
        "tenant": tenants.find(body.tenant) if body.tenant else None,
        "key": keys.find(body.key) if body.key else None,
        "route": configuration.find_route(body.route) if body.route else None,
    }
    row = Limit(**bound, **body.dict(exclude={"tenant", "key", "route"}))
    with configuration.change(actor=operator(request).actor) as making:
        making.save(row)
    return Status(201, ChangedLimit.from_row(row))


@router.delete("/{limit_id}", url_name="limit", response={204: None})
def remove_limit(request: HttpRequest, limit_id: int) -> Status[None]:
    """Remove a limit."""
    row = Limit.objects.filter(pk=limit_id).first()
    if row is None:
        raise NotThereError("There is no such limit.")
    with configuration.change(actor=operator(request).actor) as making:
        making.remove(row)
    return Status(204, None)
