"""Content goes from files to rows and back, and no author loses an edit."""

from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interview import checks
from interview.domain.bilingual import Text
from interview.domain.lint import Shelf
from interview.domain.persona import Band
from interview.domain.questions import FollowUp, KeyPoint, When
from interview.domain.scenery import Approval, Branch, Difficulty, Mode, WinRule
from interview.models import FollowUp as FollowUpRow
from interview.models import Persona, Question, Scenery
from interview.services import content, content_files, content_yaml
from interview.services.content import ContentRejectedError, Outcome
from interview.services.content_files import CONTENT, Place
from tests.factories.interview import (
    make_followups,
    make_key_points,
    make_persona,
    make_question,
    make_scenery,
    make_shelf,
    store,
)


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


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with content that breaks no rule."""
    return write(tmp_path / "content", make_shelf())


def edited(path: Path, before: str, after: str) -> None:
    """Change one thing in a file."""
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))


def complaints(folder: Path) -> list[str]:
    return [str(complaint) for complaint in content.check(folder)]


def outcomes(report: content.LoadReport) -> dict[str, str]:
    return {change.id: change.outcome.value for change in report.changes}


# --- the files of the game ---


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


# --- loading ---


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


# --- complaints about the form ---


@pytest.mark.parametrize(
    ("file", "before", "after", "complaint"),
    [
        (
            "personas/ada_tester.yaml",
            "archetype: tester",
            "archetype: tester\n  colour: red",
            "personas/ada_tester.yaml: ada_tester: colour is not a field here",
        ),
        (
            "personas/ada_tester.yaml",
            "hair: bob",
            "hairs: bob",
            "personas/ada_tester.yaml: ada_tester: portrait.hairs is not a field here",
        ),
        (
            "personas/ada_tester.yaml",
            "temper: 1.0",
            "temper: hot",
            "personas/ada_tester.yaml: ada_tester: temper should be a number and is a text",
        ),
        (
            "personas/ada_tester.yaml",
            "  archetype: tester\n",
            "",
            "personas/ada_tester.yaml: ada_tester: archetype is missing",
        ),
        (
            "personas/ada_tester.yaml",
            "think_lang: zh",
            "think_lang: fr",
            "personas/ada_tester.yaml: ada_tester: think_lang cannot be fr",
        ),
        (
            "personas/ada_tester.yaml",
            "id: ada_tester",
            "id: eve",
            "personas/ada_tester.yaml: eve: the file of eve is called eve.yaml",
        ),
        (
            "personas/ada_tester.yaml",
            '"Examiner"',
            "Examiner",
            "personas/ada_tester.yaml: line 7: put this sentence in double quotes",
        ),
        (
            "personas/ada_tester.yaml",
            "archetype: tester",
            "on: tester",
            "personas/ada_tester.yaml: line 5: the key on reads as yes, no or a number;"
            " choose another word",
        ),
        (
            "personas/ada_tester.yaml",
            "archetype: tester",
            "archetype: tester\n  archetype: twin",
            "personas/ada_tester.yaml: line 6: the key archetype comes twice;"
            " only the last would count",
        ),
        (
            "personas/ada_tester.yaml",
            "schema: persona/1",
            "schema: persona/9",
            "personas/ada_tester.yaml: the first line is “schema: persona/1”",
        ),
        (
            "personas/ada_tester.yaml",
            "persona:",
            "extra: 1\npersona:",
            "personas/ada_tester.yaml: extra is not a field here",
        ),
        (
            "questions/all.yaml",
            "any: [cause en, cause 词]",
            "any: [cause en, cause 词, 33]",
            "questions/all.yaml: q.plain_0: key_points.cause.any.3 should be a text and is"
            " a whole number; put it in quotes",
        ),
        (
            "questions/all.yaml",
            "weight: 2",
            "weight: heavy",
            "questions/all.yaml: q.plain_0: key_points.cause.weight should be a whole number"
            " and is a text",
        ),
        (
            "questions/all.yaml",
            "trigger: no_number",
            "trigger: no_number, mood: bad",
            "questions/all.yaml: q.plain_0: followups.f1.mood is not a field here",
        ),
        (
            "questions/all.yaml",
            "id: q.plain_1",
            "id: q.plain_0",
            "questions/all.yaml: q.plain_0: this id is also in questions/all.yaml",
        ),
        (
            "sceneries/small_court.yaml",
            "order: 0",
            "order: first",
            "sceneries/small_court.yaml: small_court: order should be a whole number and is a text",
        ),
        (
            "sceneries/small_court.yaml",
            "order: 0",
            "ordre: 0",
            "sceneries/small_court.yaml: small_court: lobby.ordre is not a field here",
        ),
        (
            "sceneries/small_court.yaml",
            "goto: q.branch",
            "goto: q.nope",
            "sceneries/small_court.yaml: small_court: the branch at streak.3 goes to q.nope,"
            " which does not exist",
        ),
    ],
)
def test_a_mistake_is_told_with_file_id_and_field(
    folder: Path, file: str, before: str, after: str, complaint: str
):
    edited(folder / file, before, after)

    assert complaint in complaints(folder)


def test_what_could_not_be_read_is_not_missed_elsewhere(folder: Path):
    edited(folder / "personas/ben_tester.yaml", "temper: 1.0", "temper: hot")

    assert complaints(folder) == [
        "personas/ben_tester.yaml: ben_tester: temper should be a number and is a text"
    ]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "the file is empty or is not a block of fields"),
        ("just words", "the file is empty or is not a block of fields"),
        ("schema: questions/1\nquestions: none", "questions is a list of questions"),
        (
            "schema: questions/1\nquestions: [{id: q.x, ask: {zh: what? no}",
            "line 3 cannot be read:",
        ),
        ("schema: questions/1\nquestions: [17]", "question: this entry should be"),
        ("a: \x07", "line 1 cannot be read:"),
    ],
)
def test_a_file_that_is_no_content_is_told_so(folder: Path, text: str, complaint: str):
    (folder / "questions/odd.yaml").write_text(text)

    [told] = complaints(folder)

    assert told.startswith(f"questions/odd.yaml: {complaint}")


def test_a_file_in_another_encoding_is_told_so(folder: Path):
    (folder / "questions/odd.yaml").write_bytes("schema: 问题".encode("gb18030"))

    assert complaints(folder) == ["questions/odd.yaml: the file is not UTF-8 text"]


# --- the commands and the check ---


def run(*arguments: Any) -> tuple[str, str]:
    """Run a command; return what it said and what it complained of."""
    said, complained = StringIO(), StringIO()
    call_command(*map(str, arguments), stdout=said, stderr=complained, no_color=True)
    return said.getvalue(), complained.getvalue()


@pytest.mark.django_db
def test_the_commands_tell_what_they_did(folder: Path, tmp_path: Path):
    said, _ = run("load_content", "--from", folder)
    assert "created   persona ada_tester" in said
    assert said.endswith("8 pieces: 8 created, 0 updated, 0 unchanged, 0 kept, 0 conflict.\n")

    Persona.objects.filter(slug="ada_tester").update(name_en="Mine")
    said, _ = run("load_content", "--from", folder)
    assert "kept      persona ada_tester (edited here)" in said

    edited(folder / "personas/ada_tester.yaml", '"Ada"', '"Theirs"')
    said, _ = run("load_content", "--from", folder)
    assert "kept      persona ada_tester (edited here and in the file)" in said
    assert "--force" in said

    said, _ = run("export_content", "--to", tmp_path / "out")
    assert said.endswith("5 files changed.\n")


def test_check_reads_only_and_says_what_is_wrong(folder: Path):
    said, complained = run("load_content", "--check", "--from", folder)
    assert (said, complained) == ("The content files are in order.\n", "")

    edited(folder / "sceneries/small_court.yaml", "goal_rounds: 3", "goal_rounds: 9")
    said, _ = run("load_content", "--check", "--from", folder)
    assert said.startswith("advice  sceneries/small_court.yaml: small_court: only 4 questions")

    edited(folder / "sceneries/small_court.yaml", "chair: ada_tester", "chair: ghost")
    with pytest.raises(CommandError, match="mistakes"):
        run("load_content", "--check", "--from", folder)


@pytest.mark.django_db
def test_a_load_of_files_with_mistakes_ends_in_an_error(folder: Path):
    edited(folder / "sceneries/small_court.yaml", "chair: ada_tester", "chair: ghost")

    with pytest.raises(CommandError, match="nothing was loaded"):
        run("load_content", "--from", folder)
    with pytest.raises(CommandError, match="no folder"):
        run("load_content", "--from", folder / "nowhere")


def test_the_start_up_check_refuses_content_with_mistakes(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    edited(folder / "sceneries/small_court.yaml", "chair: ada_tester", "chair: ghost")
    edited(folder / "sceneries/small_court.yaml", "goal_rounds: 3", "goal_rounds: 9")
    found = content.check(folder)
    monkeypatch.setattr(content, "check", lambda: found)

    messages = checks.check_content(None)

    assert {message.id for message in messages} == {"interview.E001", "interview.W001"}
    assert checks.check_content([]) == []


# --- any content at all ---

_WORDS = st.text(
    st.characters(codec="utf-8", exclude_characters="\x00", exclude_categories=("Cs",)),
    max_size=30,
).map(str.strip)
_TEXTS = st.builds(Text, _WORDS, _WORDS)
_SLUGS = st.from_regex(r"[a-z][a-z0-9_]{0,10}", fullmatch=True)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that every example writes over."""
    return tmp_path_factory.mktemp("content")


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    name=_TEXTS,
    prompt=st.lists(_WORDS, max_size=4).map("\n".join).map(str.strip),
    goals=st.lists(_WORDS.filter(bool), max_size=3).map(tuple),
    lines=st.lists(_TEXTS, min_size=1, max_size=3).map(tuple),
    temper=st.floats(0.5, 1.5),
    extensions=st.dictionaries(_SLUGS, _WORDS, max_size=2),
)
def test_any_persona_reads_back_as_it_was_written(
    scratch: Path, name, prompt, goals, lines, temper, extensions
):
    persona = make_persona(
        name=name,
        system_prompt=prompt,
        goals=goals,
        lines={Band.LOW: lines},
        temper=temper,
        extensions=extensions,
    )
    write(scratch, Shelf(personas={persona.id: persona}))

    assert content_files.read(scratch).personas == {persona.id: persona}


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    ask=_TEXTS,
    tags=st.lists(_SLUGS, max_size=3, unique=True).map(tuple),
    terms=st.lists(_WORDS | st.just("from ") | st.sampled_from(["33", "null", "on", "~"])).map(
        tuple
    ),
    reply=_TEXTS,
    facts=st.lists(st.sampled_from(["metric.*", "tech.redis"]), unique=True).map(tuple),
)
def test_any_question_reads_back_as_it_was_written(scratch: Path, ask, tags, terms, reply, facts):
    first, *rest = make_key_points()
    question = make_question(
        ask=ask,
        tags=tags,
        key_points=(KeyPoint("cause", 1, terms, first.label), *rest),
        followups=(
            *make_followups(),
            FollowUp("f4", "strong", 10, ask=reply),
            FollowUp("f5", "strong", 5, goto="q.other"),
        ),
        when=When(any_fact=facts),
    )
    write(scratch, Shelf(questions={question.id: question}))

    assert content_files.read(scratch).questions == {question.id: question}


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    title=_TEXTS,
    label=_TEXTS,
    modes=st.sampled_from([(Mode.SURVIVE,), (Mode.CONVINCE, Mode.SURVIVE)]),
    start=st.integers(1, 5),
    rule=st.sampled_from(list(WinRule)),
    place=st.builds(Place, st.integers(0, 99), st.booleans()),
)
def test_any_scenery_reads_back_as_it_was_written(
    scratch: Path, title, label, modes, start, rule, place
):
    scenery = make_scenery(
        title=title,
        modes=modes,
        difficulty=Difficulty(start=start),
        approval=replace(Approval(), rule=rule),
        branches=(Branch("streak.3", "q.x", label),),
    )
    write(scratch, Shelf(sceneries={scenery.id: scenery}), {scenery.id: place})

    reading = content_files.read(scratch)

    assert reading.sceneries == {scenery.id: scenery}
    assert reading.places == {scenery.id: place}


def test_the_files_of_the_game_are_all_read():
    reading = content_files.read()

    assert len(reading.personas) == len(list((CONTENT / "personas").glob("*.yaml")))
    assert len(reading.sceneries) == len(list((CONTENT / "sceneries").glob("*.yaml")))
    assert len(reading.questions) >= 100
