"""Trying out a provider: one short real call, past every limit, by an operator's hand."""

import asyncio
import time
from contextlib import aclosing
from dataclasses import dataclass
from uuid import uuid4

from django.utils.translation import gettext_noop

from gateway.domain.audit import Actor, Verb
from gateway.domain.catalog import SCRIPTED, Catalog, Target
from gateway.domain.errors import (
    GatewayError,
    NotThereError,
    ProviderError,
    StreamTruncatedError,
)
from gateway.domain.messages import (
    ChatRequest,
    Deadlines,
    Failed,
    Finish,
    Message,
    Role,
    Script,
    TextDelta,
)
from gateway.domain.ports import Ports
from gateway.services import audit

TRIAL_SECONDS = 15.0
_DEADLINES = Deadlines(
    connect_seconds=5.0, first_seconds=10.0, idle_seconds=10.0, total_seconds=TRIAL_SECONDS
)


@dataclass(frozen=True, slots=True)
class Trial:
    """How it went; ``code`` is ``ok`` or the error's. The answer's words are not kept."""

    model: str
    seconds: float
    code: str
    message: str = ""

    @property
    def is_ok(self) -> bool:
        """Return whether the provider answered."""
        return self.code == "ok"


async def try_provider(*, name: str, model: str, catalog: Catalog, ports: Ports) -> Trial:
    """Ask the provider for a word and return how that went.

    ``model`` empty asks for the first one a route leads to. Raises NotThereError for a provider
    that is not in the configuration, or has no model to be asked for.
    """
    target = _target(name, model, catalog)
    adapter = ports.providers.get(target.provider.adapter)
    began_at = time.monotonic()
    code, message = "ok", ""
    try:
        if adapter is None:
            raise ProviderError(gettext_noop("No adapter of that name runs here."))
        async with asyncio.timeout(TRIAL_SECONDS):
            async with aclosing(adapter.stream(_request(target), target)) as deltas:
                async for delta in deltas:
                    if isinstance(delta, Failed):
                        raise delta.error
                    if isinstance(delta, TextDelta | Finish):
                        break
                else:
                    raise StreamTruncatedError(gettext_noop("It hung up without a word."))
    except GatewayError as error:
        code, message = error.code, str(error)
    except TimeoutError:
        code, message = "provider_timeout", gettext_noop("It did not answer in time.")
    except Exception as error:  # noqa: BLE001  an operator is told what kind of thing broke
        code, message = "adapter_broke", type(error).__name__
    return Trial(target.model, time.monotonic() - began_at, code, message)


def record(*, name: str, trial: Trial, actor: Actor) -> None:
    """Write down that somebody tried the provider, and the outcome."""
    audit.record(
        actor=actor,
        verb=Verb.TESTED,
        kind="provider",
        subject=name,
        after={"model": trial.model, "code": trial.code, "seconds": round(trial.seconds, 3)},
    )


def _target(name: str, model: str, catalog: Catalog) -> Target:
    provider = catalog.providers.get(name)
    if provider is None:
        raise NotThereError(
            "There is no provider called %(name)s, or it is switched off.", name=name
        )
    if model:
        return Target(provider=provider, model=model)
    for route in catalog.routes.values():
        for target in route.targets:
            if target.provider.name == name:
                return target
    if provider.adapter == SCRIPTED:
        return Target(provider=provider, model=SCRIPTED)
    raise NotThereError("No route leads to %(name)s yet: say which model to ask for.", name=name)


def _request(target: Target) -> ChatRequest:
    return ChatRequest(
        request_id=f"trial-{uuid4().hex}",
        provider=target.provider.name,
        model=target.model,
        messages=(Message.plain(Role.USER, "Say: ok"),),
        script=Script(text="ok", pace_cps=1000.0),
        max_output_tokens=16,
        deadlines=_DEADLINES,
    )
