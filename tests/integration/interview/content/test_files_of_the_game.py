"""The content that comes with the game has no mistakes, loads and survives an export."""

from pathlib import Path

import pytest

from interview.models import FollowUp as FollowUpRow
from interview.models import Persona, Question, Scenery
from interview.services import content, content_files
from interview.services.content import Outcome
from interview.services.content_files import CONTENT

# --- the files of the game ------------------------------------------------------------------


def test_the_content_of_the_game_has_no_mistakes():
    mistakes = [str(c) for c in content.check() if c.is_error]

    assert mistakes == []


@pytest.mark.django_db
def test_the_content_of_the_game_loads_and_loads_again_without_a_change():
    first = content.load()
    again = content.load()

    assert first.count(Outcome.CREATED) == len(first.changes)
    assert again.count(Outcome.UNCHANGED) == len(again.changes)


@pytest.mark.django_db
def test_the_content_of_the_game_survives_an_export(tmp_path: Path):
    content.load()
    before = content.shelf()

    content.export(tmp_path)
    Scenery.objects.all().delete()
    FollowUpRow.objects.all().delete()
    Question.objects.all().delete()
    Persona.objects.all().delete()
    content.load(tmp_path)

    assert content.shelf() == before


@pytest.mark.django_db
def test_an_export_over_the_files_it_came_from_touches_none_of_them(folder: Path):
    content.load(folder)

    assert content.export(folder) == []


# --- any content at all ---------------------------------------------------------------------


def test_the_files_of_the_game_are_all_read():
    reading = content_files.read()

    assert len(reading.personas) == len(list((CONTENT / "personas").glob("*.yaml")))
    assert len(reading.sceneries) == len(list((CONTENT / "sceneries").glob("*.yaml")))
    assert len(reading.questions) >= 100
