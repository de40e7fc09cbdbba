"""Write personas, sceneries and questions to files."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from interview.services import content
from interview.services.content_files import CONTENT


class Command(BaseCommand):
    """``manage.py export_content [--to DIR]``."""

    requires_system_checks = ()  # one of them refuses bad content files; this tells more
    help = "Write the database's content as YAML; files that already say the same stay untouched."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--to", dest="folder", type=Path, default=CONTENT, metavar="DIR")

    def handle(self, *, folder: Path, **_: Any) -> None:
        """Export and name the files that changed."""
        changed = content.export(folder)
        for path in changed:
            self.stdout.write(f"wrote {path}")
        self.stdout.write(self.style.SUCCESS(f"{len(changed)} files changed."))
