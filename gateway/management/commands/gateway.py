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
from django.db import OperationalError, connection
from psycopg import connect

from gateway.domain.audit import Actor, Via
from gateway.domain.configuration import ConfigurationError
from gateway.domain.errors import GatewayError
from gateway.management import desks
from gateway.management.terminal import printable
from gateway.services import hearing

_CONNECT_SECONDS = 3
_NO_DATABASE = (
    "No database answers. Start one with make run or make gateway, or name yours in DATABASE_URL."
)


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
            _reach_the_database()
            with hearing.warnings() as heard:
                told = given.run(given, Actor(_account(), Via.CLI))
        except OperationalError:
            raise CommandError(_NO_DATABASE) from None
        except ConfigurationError as error:
            raise CommandError(
                "\n".join(printable(problem) for problem in error.problems)
            ) from None
        except GatewayError as error:
            raise CommandError(printable(error)) from None
        for line in told.aside:
            self.stderr.write(line)
        for problem in heard:
            self.stderr.write(f"Warning: {printable(problem)}")
        if told.text:
            self.stdout.write(told.text)


def _reach_the_database() -> None:
    """Raise OperationalError when there is none; the pool would go on trying for ten seconds."""
    wanted = {"connect_timeout": _CONNECT_SECONDS, **connection.get_connection_params()}
    with connection.wrap_database_errors:
        connect(**wanted).close()


def _account() -> str:
    """Return whose terminal this is, for the audit log."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
