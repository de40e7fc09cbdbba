"""Providers: where calls go, and a way to try one."""

from django.http import HttpRequest
from ninja import Router, Status

from gateway import runtime
from gateway.api.auth import OperatorAuth, operator
from gateway.api.schemas.providers import (
    ChangedProvider,
    ProviderIn,
    ProviderOut,
    ProviderPatch,
    TrialIn,
    TrialOut,
)
from gateway.api.warned import warned
from gateway.models import Provider
from gateway.services import configuration, trials
from gateway.snapshot import reading

router = Router(tags=["providers"], auth=OperatorAuth("provider"))


@router.get("", url_name="providers", response=list[ProviderOut])
def list_providers(request: HttpRequest) -> list[ProviderOut]:
    """Return every provider; the built-in one is there without a row."""
    return [ProviderOut.from_row(row) for row in Provider.objects.all()]


@router.post("", url_name="providers", response={201: ChangedProvider})
@warned
def create_provider(request: HttpRequest, body: ProviderIn) -> Status[ChangedProvider]:
    """Add a provider."""
    row = configuration.add_provider(
        name=body.name,
        fields=body.dict(exclude={"name", "credential"}, exclude_none=True),
        credential=body.credential or "",
        actor=operator(request).actor,
    )
    return Status(201, ChangedProvider.from_row(row))


@router.get("/{name}", url_name="provider", response=ProviderOut)
def read_provider(request: HttpRequest, name: str) -> ProviderOut:
    """Return one provider."""
    return ProviderOut.from_row(configuration.find_provider(name))


@router.patch("/{name}", url_name="provider", response=ChangedProvider)
@warned
def change_provider(request: HttpRequest, name: str, body: ProviderPatch) -> ChangedProvider:
    """Change a provider; requests in flight end by what they began with."""
    given = body.dict(exclude={"credential"}, exclude_unset=True)
    nullable = {"connect_seconds", "first_seconds", "idle_seconds", "total_seconds"}
    row = configuration.change_provider(
        name=name,
        fields={k: v for k, v in given.items() if v is not None or k in nullable},
        credential=body.credential,
        actor=operator(request).actor,
    )
    return ChangedProvider.from_row(row)


@router.delete("/{name}", url_name="provider", response={204: None})
def remove_provider(request: HttpRequest, name: str) -> Status[None]:
    """Remove a provider no route leads to."""
    configuration.remove_provider(name=name, actor=operator(request).actor)
    return Status(204, None)


@router.post(
    "/{name}/test",
    url_name="test-provider",
    response=TrialOut,
    auth=OperatorAuth("provider", action="change"),
)
def try_provider(request: HttpRequest, name: str, body: TrialIn | None = None) -> TrialOut:
    """Ask the provider for one word, past every limit, and say how that went."""
    model = body.model if body else ""
    trial = runtime.call(
        trials.try_provider(
            name=name, model=model, catalog=reading.read().catalog, ports=runtime.ports()
        )
    )
    trials.record(name=name, trial=trial, actor=operator(request).actor)
    return TrialOut(
        is_ok=trial.is_ok,
        model=trial.model,
        seconds=round(trial.seconds, 3),
        code=trial.code,
        message=trial.message,
    )
