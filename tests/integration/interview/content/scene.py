"""Content files to write, to edit and to complain about."""

from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management import call_command

from interview.domain.lint import Shelf
from interview.services import content, content_yaml
from interview.services.content_files import Place


def write(folder: Path, shelf: Shelf, places: dict[str, Place] | None = None) -> Path:
    """Write the shelf as content files and return the folder."""
    for kind in ("personas", "sceneries", "questions"):
        (folder / kind).mkdir(parents=True, exist_ok=True)
    for slug, persona in shelf.personas.items():
        (folder / f"personas/{slug}.yaml").write_text(content_yaml.persona_file(persona))
    for slug, scenery in shelf.sceneries.items():
        place = (places or {}).get(slug, Place())
        (folder / f"sceneries/{slug}.yaml").write_text(content_yaml.scenery_file(scenery, place))
    (folder / "questions/all.yaml").write_text(
        content_yaml.questions_file(list(shelf.questions.values()))
    )
    return folder


def edited(path: Path, before: str, after: str) -> None:
    """Change one thing in a file."""
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))


def complaints(folder: Path) -> list[str]:
    return [str(complaint) for complaint in content.check(folder)]


def outcomes(report: content.LoadReport) -> dict[str, str]:
    return {change.id: change.outcome.value for change in report.changes}


# --- the commands and the check -------------------------------------------------------------


def run(*arguments: Any) -> tuple[str, str]:
    """Run a command; return what it said and what it complained of."""
    said, complained = StringIO(), StringIO()
    call_command(*map(str, arguments), stdout=said, stderr=complained, no_color=True)
    return said.getvalue(), complained.getvalue()
