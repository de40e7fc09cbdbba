"""Whatever is wrong with a file is told by file, id and field."""

from pathlib import Path

import pytest

from tests.integration.interview.content.scene import complaints, edited


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
