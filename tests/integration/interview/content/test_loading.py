"""Content goes from files to rows, and no author loses an edit."""

from pathlib import Path

import pytest

from interview.domain.lint import Shelf
from interview.models import Persona, Question, Scenery
from interview.services import content
from interview.services.content import ContentRejectedError, Outcome
from tests.factories.interview import (
    make_persona,
    make_question,
    make_scenery,
    make_shelf,
    store,
)
from tests.integration.interview.content.scene import edited, outcomes


@pytest.mark.django_db
def test_a_load_brings_the_rows_up_to_the_files(folder: Path):
    report = content.load(folder)

    assert outcomes(report) == dict.fromkeys(
        [
            "ada_tester",
            "ben_tester",
            "q.plain_0",
            "q.plain_1",
            "q.plain_2",
            "q.ben",
            "q.branch",
            "small_court",
        ],
        "created",
    )
    assert content.shelf() == make_shelf()


@pytest.mark.django_db
def test_a_change_in_a_file_changes_the_row_and_counts_in_the_version(folder: Path):
    content.load(folder)
    edited(folder / "personas/ada_tester.yaml", '"Ada"', '"Adelaide"')

    report = content.load(folder)

    row = Persona.objects.get(slug="ada_tester")
    assert (row.name_en, row.version) == ("Adelaide", 2)
    assert [c.id for c in report.with_outcome(Outcome.UPDATED)] == ["ada_tester"]


@pytest.mark.django_db
def test_a_file_may_name_a_higher_version(folder: Path):
    content.load(folder)
    edited(folder / "sceneries/small_court.yaml", "version: 1", "version: 7")
    edited(folder / "sceneries/small_court.yaml", '"Small Court"', '"Smaller Court"')

    content.load(folder)

    assert Scenery.objects.get().version == 7


@pytest.mark.django_db
def test_an_edit_in_the_admin_is_kept_while_the_file_stays_as_it_was(folder: Path):
    content.load(folder)
    Persona.objects.filter(slug="ada_tester").update(tagline_en="Mine now.")

    report = content.load(folder)

    assert outcomes(report)["ada_tester"] == "kept"
    assert Persona.objects.get(slug="ada_tester").tagline_en == "Mine now."


@pytest.mark.django_db
def test_an_edit_on_both_sides_is_kept_and_reported(folder: Path):
    content.load(folder)
    Question.objects.filter(slug="q.ben").update(ask_en="How so?")
    edited(
        folder / "questions/all.yaml",
        "id: q.ben\n    tags: [testing]",
        "id: q.ben\n    tags: [testing, more]",
    )

    assert outcomes(content.load(folder))["q.ben"] == "conflict"
    assert outcomes(content.load(folder))["q.ben"] == "conflict"
    assert Question.objects.get(slug="q.ben").ask_en == "How so?"


@pytest.mark.django_db
def test_force_gives_the_file_the_last_word(folder: Path):
    content.load(folder)
    Scenery.objects.update(title_en="Mine", is_open=False, order=9)

    report = content.load(folder, force=True)

    row = Scenery.objects.get()
    assert outcomes(report)["small_court"] == "updated"
    assert (row.title_en, row.is_open, row.order, row.version) == ("Small Court", True, 0, 2)
    assert outcomes(content.load(folder))["small_court"] == "unchanged"


@pytest.mark.django_db
def test_a_load_leaves_the_lobby_s_order_to_the_operator(folder: Path):
    content.load(folder)
    Scenery.objects.update(is_open=False, order=9)
    edited(folder / "sceneries/small_court.yaml", '"Small Court"', '"Smaller Court"')

    content.load(folder)

    row = Scenery.objects.get()
    assert (row.title_en, row.is_open, row.order) == ("Smaller Court", False, 9)


@pytest.mark.django_db
def test_an_edit_that_was_exported_is_no_conflict_any_more(folder: Path):
    content.load(folder)
    Persona.objects.filter(slug="ada_tester").update(tagline_en="Mine now.", version=2)

    changed = content.export(folder)

    assert [path.name for path in changed] == ["ada_tester.yaml"]
    assert outcomes(content.load(folder))["ada_tester"] == "unchanged"
    edited(folder / "personas/ada_tester.yaml", "Mine now.", "Theirs again.")
    assert outcomes(content.load(folder))["ada_tester"] == "updated"


@pytest.mark.django_db
def test_a_new_question_is_exported_to_the_file_of_its_first_tag(folder: Path):
    content.load(folder)
    store(Shelf(questions={"q.new": make_question(id="q.new", tags=("origami", "testing"))}))

    assert content.export(folder) == [folder / "questions/origami.yaml"]


@pytest.mark.django_db
def test_a_row_no_file_speaks_of_is_the_author_s_own(folder: Path):
    content.load(folder)
    store(Shelf(personas={"cy": make_persona(id="cy")}))

    report = content.load(folder, force=True)

    assert "cy" not in outcomes(report)
    assert Persona.objects.filter(slug="cy").exists()


@pytest.mark.django_db
def test_one_mistake_keeps_everything_out(folder: Path):
    edited(folder / "personas/ben_tester.yaml", '"Have a seat."', '""')

    with pytest.raises(ContentRejectedError) as refusal:
        content.load(folder)

    assert [str(c) for c in refusal.value.complaints] == [
        "personas/ben_tester.yaml: ben_tester: first_mes.en is empty"
    ]
    assert not Persona.objects.exists()


@pytest.mark.django_db
def test_a_copy_says_the_same_under_a_free_id(folder: Path):
    content.load(folder)

    persona = content.duplicate(Persona.objects.get(slug="ada_tester"))
    again = content.duplicate(Persona.objects.get(slug="ada_tester"))
    question = content.duplicate(Question.objects.get(slug="q.ben"))
    scenery = content.duplicate(Scenery.objects.get())

    assert (persona.slug, again.slug) == ("ada_tester_2", "ada_tester_3")
    assert content.item_of(persona) == make_persona(id="ada_tester_2")
    assert content.item_of(question) == make_question(id="q.ben_2", personas=("ben_tester",))
    assert content.item_of(scenery) == make_scenery(id="small_court_2")
    assert Scenery.objects.get(slug="small_court_2").is_open is False
