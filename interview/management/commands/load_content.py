"""Load personas, sceneries and questions from their files."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from interview.services import content
from interview.services.content import ContentRejectedError, LoadReport, Outcome
from interview.services.content_files import CONTENT, Complaint


class Command(BaseCommand):
    """``manage.py load_content [--check] [--force] [--from DIR]``."""

    requires_system_checks = ()  # one of them refuses bad content files; this tells more
    help = (
        "Load the content files. What an author edited in the admin is kept and reported; "
        "--force gives the files the last word."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--check", action="store_true", help="only read and check the files")
        parser.add_argument("--force", action="store_true", help="overwrite edits of the admin")
        parser.add_argument("--from", dest="folder", type=Path, default=CONTENT, metavar="DIR")

    def handle(self, *, check: bool, force: bool, folder: Path, **_: Any) -> None:
        """Check or load, and say what happened; a mistake in a file ends it with status 1."""
        if not folder.is_dir():
            raise CommandError(f"There is no folder {folder}.")
        if check:
            self._check(folder)
            return
        try:
            report = content.load(folder, force=force)
        except ContentRejectedError as error:
            self._print(error.complaints)
            raise CommandError("The content files have mistakes; nothing was loaded.") from None
        self._tell(report)

    def _check(self, folder: Path) -> None:
        complaints = content.check(folder)
        self._print(complaints)
        if any(complaint.is_error for complaint in complaints):
            raise CommandError("The content files have mistakes.")
        self.stdout.write(self.style.SUCCESS("The content files are in order."))

    def _print(self, complaints: list[Complaint]) -> None:
        for complaint in complaints:
            if complaint.is_error:
                self.stderr.write(f"error   {complaint}")
            else:
                self.stdout.write(f"advice  {complaint}")

    def _tell(self, report: LoadReport) -> None:
        for change in report.with_outcome(Outcome.CREATED, Outcome.UPDATED):
            self.stdout.write(f"{change.outcome.value:9} {change.kind} {change.id}")
        for change in report.with_outcome(Outcome.KEPT, Outcome.CONFLICT):
            where = "here" if change.outcome is Outcome.KEPT else "here and in the file"
            line = f"kept      {change.kind} {change.id} (edited {where})"
            self.stdout.write(self.style.WARNING(line))
        if report.with_outcome(Outcome.CONFLICT):
            self.stdout.write("Export the edits (export_content) or overwrite them (--force).")
        counts = ", ".join(f"{report.count(outcome)} {outcome.value}" for outcome in Outcome)
        self.stdout.write(self.style.SUCCESS(f"{len(report.changes)} pieces: {counts}."))
