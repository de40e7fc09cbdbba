"""`manage.py load_prices`: the price files into the table."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import msgspec
from django.core.management.base import BaseCommand, CommandError

from gateway.domain.audit import Actor, Via
from gateway.services import prices


class Command(BaseCommand):
    """``manage.py load_prices [--check] [--from FILE]``."""

    help = "Load our own price files, or another. Prices are added; none is ever rewritten."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--check", action="store_true", help="only read and check the file")
        parser.add_argument("--from", dest="path", type=Path, metavar="FILE")

    def handle(self, *, check: bool, path: Path | None, verbosity: int, **_: Any) -> None:
        """Check or load, and say how many there are."""
        try:
            rows = prices.read(path) if path else prices.read_ours()
        except (OSError, msgspec.ValidationError) as error:
            raise CommandError(f"The price file is not in order: {error}") from None
        if check:
            self.stdout.write(f"{len(rows)} prices.")
            return
        loaded = prices.load(rows, actor=Actor("load_prices", Via.CLI))
        if verbosity:
            self.stdout.write(f"{loaded.n_added} prices added, {loaded.n_known} known.")
