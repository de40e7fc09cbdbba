"""Routes: public model names and who is behind them."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Router, Status

from gateway.api.auth import OperatorAuth, operator
from gateway.api.schemas.routes import ChangedRoute, RouteIn, RouteOut, RoutePatch
from gateway.api.warned import warned
from gateway.models import Route
from gateway.services import configuration

router = Router(tags=["routes"], auth=OperatorAuth("route"))
_NULLABLE = frozenset(
    {
        "hedge_after_seconds",
        "connect_seconds",
        "first_seconds",
        "idle_seconds",
        "total_seconds",
    }
)


@router.get("", url_name="routes", response=list[RouteOut])
def list_routes(request: HttpRequest) -> list[RouteOut]:
    """Return every route; the built-in one is there without a row."""
    return [RouteOut.from_row(row) for row in _rows()]


@router.post("", url_name="routes", response={201: ChangedRoute})
@warned
def create_route(request: HttpRequest, body: RouteIn) -> Status[ChangedRoute]:
    """Add a route."""
    configuration.put_route(
        model=body.model,
        fields=_fields(body),
        targets=[target.dict() for target in body.targets],
        is_new=True,
        actor=operator(request).actor,
    )
    return Status(201, ChangedRoute.from_row(_rows().get(model=body.model)))


@router.get("/{path:model}", url_name="route", response=RouteOut)
def read_route(request: HttpRequest, model: str) -> RouteOut:
    """Return one route."""
    return RouteOut.from_row(configuration.find_route(model))


@router.patch("/{path:model}", url_name="route", response=ChangedRoute)
@warned
def change_route(request: HttpRequest, model: str, body: RoutePatch) -> ChangedRoute:
    """Change a route; requests in flight end by what they began with."""
    configuration.find_route(model)
    targets = None if body.targets is None else [target.dict() for target in body.targets]
    configuration.put_route(
        model=model, fields=_fields(body), targets=targets, actor=operator(request).actor
    )
    return ChangedRoute.from_row(_rows().get(model=model))


@router.delete("/{path:model}", url_name="route", response={204: None})
def remove_route(request: HttpRequest, model: str) -> Status[None]:
    """Remove a route."""
    configuration.remove_route(model=model, actor=operator(request).actor)
    return Status(204, None)


def _fields(body: RoutePatch) -> dict[str, Any]:
    given = body.dict(exclude={"model", "targets"}, exclude_unset=True)
    return {k: v for k, v in given.items() if v is not None or k in _NULLABLE}


def _rows() -> QuerySet[Route]:
    return Route.objects.prefetch_related("targets__provider", "limits__route")
