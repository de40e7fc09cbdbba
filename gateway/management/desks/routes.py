"""``gateway route``."""

from argparse import Namespace
from typing import Any

from gateway.domain.audit import Actor
from gateway.domain.catalog import Ability, RoutingPolicy
from gateway.domain.configuration import ConfigurationError, Problem
from gateway.management.desks.told import Kinds, Told, kind, listing, verb
from gateway.models import Route
from gateway.services import configuration


def declare(kinds: Kinds) -> None:
    """Declare the desk's arguments."""
    verbs = kind(kinds, "route", "public model names and who is behind them")
    adding = verb(verbs, "add", add, about="add a route, or give it other targets")
    adding.add_argument("model", help="the public name")
    adding.add_argument(
        "--target",
        dest="targets",
        action="append",
        required=True,
        metavar="PROVIDER/MODEL",
        help="in order; once for each",
    )
    adding.add_argument("--policy", choices=[policy.value for policy in RoutingPolicy])
    adding.add_argument(
        "--abilities",
        nargs="*",
        default=[Ability.STREAM.value],
        choices=[ability.value for ability in Ability],
        help="of every target given here",
    )
    adding.add_argument("--context", type=int, default=0, metavar="TOKENS")
    adding.add_argument("--cache", type=float, metavar="SECONDS")
    adding.add_argument("--coalesce", action="store_true", help="merge identical requests")
    verb(verbs, "list", show, about="list the routes", with_json=True)
    verb(verbs, "remove", remove, about="remove a route").add_argument("model")


def add(given: Namespace, actor: Actor) -> Told:
    """Add a route, or change the one of that name."""
    fields: dict[str, Any] = {"is_coalesced": given.coalesce} if given.coalesce else {}
    if given.policy:
        fields["policy"] = given.policy
    if given.cache is not None:
        fields["cache_seconds"] = given.cache
    targets = [
        {
            "provider": provider,
            "model": model,
            "abilities": given.abilities,
            "context_tokens": given.context,
        }
        for provider, model in map(_target, given.targets)
    ]
    configuration.put_route(model=given.model, fields=fields, targets=targets, actor=actor)
    return Told(aside=(f"Route {given.model} leads to {', '.join(given.targets)}.",))


def _target(word: str) -> tuple[str, str]:
    provider, separator, model = word.partition("/")
    if not separator or not provider or not model:
        problem = Problem(
            "route", "targets", "%(word)s is not of the form provider/model.", {"word": word}
        )
        raise ConfigurationError([problem])
    return provider, model


def show(given: Namespace, _actor: Actor) -> Told:
    """List the routes."""
    rows = [
        {
            "model": row.model,
            "policy": row.policy,
            "on": row.is_enabled,
            "targets": [str(target) for target in row.targets.all()],
        }
        for row in Route.objects.prefetch_related("targets__provider")
    ]
    nothing = "There are no routes yet; the scripted one is built in."
    columns = ("model", "policy", "on", "targets")
    return listing(rows, columns, is_json=given.is_json, nothing=nothing)


def remove(given: Namespace, actor: Actor) -> Told:
    """Remove a route."""
    configuration.remove_route(model=given.model, actor=actor)
    return Told(aside=(f"Route {given.model} is gone.",))
