"""``gateway provider``."""

import sys
from argparse import Namespace
from typing import Any

from gateway.domain.audit import Actor
from gateway.domain.configuration import ADAPTERS
from gateway.management.desks.told import Kinds, Told, kind, listing, pairs, verb
from gateway.models import Provider
from gateway.services import configuration


def declare(kinds: Kinds) -> None:
    """Declare the desk's arguments."""
    verbs = kind(kinds, "provider", "where calls go")
    adding = verb(verbs, "add", add, about="add a provider")
    adding.add_argument("name")
    adding.add_argument("--adapter", required=True, choices=tuple(ADAPTERS))
    adding.add_argument("--vendor", default="", help="whose address and habits, such as deepseek")
    adding.add_argument("--base-url", default="", help="empty: the vendor's own")
    secret = adding.add_mutually_exclusive_group()
    secret.add_argument("--credential-env", default="", metavar="NAME_API_KEY")
    secret.add_argument(
        "--credential-stdin", action="store_true", help="read it from the input; it is sealed"
    )
    adding.add_argument("--local", action="store_true", help="on machines of our own")
    adding.add_argument("--places", type=int, default=64, help="the most calls in flight")
    adding.add_argument("--option", action="append", default=[], metavar="NAME=VALUE")
    verb(verbs, "list", show, about="list the providers", with_json=True)
    verb(verbs, "remove", remove, about="remove one no route leads to").add_argument("name")


def add(given: Namespace, actor: Actor) -> Told:
    """Add a provider."""
    fields: dict[str, Any] = {
        "adapter": given.adapter,
        "vendor": given.vendor,
        "base_url": given.base_url,
        "credential_env": given.credential_env,
        "is_local": given.local,
        "n_places": given.places,
        "options": pairs(given.option),
    }
    # Not an argument: other accounts of the machine can read those.
    credential = sys.stdin.readline().strip() if given.credential_stdin else ""
    configuration.add_provider(name=given.name, fields=fields, credential=credential, actor=actor)
    return Told(aside=(f"Provider {given.name} is there.",))


def show(given: Namespace, _actor: Actor) -> Told:
    """List the providers."""
    rows = [
        {
            "name": row.name,
            "adapter": row.adapter,
            "vendor": row.vendor,
            "address": row.base_url,
            "credential": row.credential_env or ("sealed" if row.credential_sealed else ""),
            "on": row.is_enabled,
            "local": row.is_local,
            "places": row.n_places,
        }
        for row in Provider.objects.all()
    ]
    columns = ("name", "adapter", "vendor", "address", "credential", "on", "local", "places")
    nothing = "There are no providers yet; the scripted one is built in."
    return listing(rows, columns, is_json=given.is_json, nothing=nothing)


def remove(given: Namespace, actor: Actor) -> Told:
    """Remove a provider."""
    configuration.remove_provider(name=given.name, actor=actor)
    return Told(aside=(f"Provider {given.name} is gone.",))
