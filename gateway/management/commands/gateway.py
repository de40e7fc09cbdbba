"""``manage.py gateway ...``: the operator's hands without a browser.

tenant   add|list|remove           provider  add|list|remove
key      create|list|rotate|revoke route     add|list|remove
fault    add|list|remove           price     add|list|remove
explain  --model M               config    history|rollback
"""

import getpass
from argparse import ArgumentParser, Namespace
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from gateway.domain.audit import Actor, Via
from gateway.domain.configuration import ConfigurationError
from gateway.domain.errors import GatewayError
from gateway.management import desks
from gateway.management.terminal import printable


class Command(BaseCommand):
    """Dispatches to one desk per kind of thing."""

    help = "Manage the gateway: tenants, keys, providers, routes, prices, faults, versions."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare every desk's arguments."""
        kinds = parser.add_subparsers(dest="kind", required=True, metavar="WHAT")
        for desk in desks.ALL:
            desk.declare(kinds)

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it; a refusal is one sentence per thing wrong, and status 1."""
        given = Namespace(**options)
        try:
            told = given.run(given, Actor(_account(), Via.CLI))
        except ConfigurationError as error:
            raise CommandError(
                "\n".join(printable(problem) for problem in error.problems)
            ) from None
        except GatewayError as error:
            raise CommandError(printable(error)) from None
        for line in told.aside:
            self.stderr.write(line)
        if told.text:
            self.stdout.write(told.text)


def _account() -> str:
    """Return whose terminal this is, for the audit log."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
