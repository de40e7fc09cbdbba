"""What others wrote cannot move a terminal's cursor."""

import json

from gateway.management.terminal import as_json, printable, table


def test_control_and_direction_characters_are_shown_as_escapes():
    assert printable("a\x1b[31mb\nc\u202ed") == "a\\x1b[31mb\\nc\\u202ed"
    assert printable("汉字 ok") == "汉字 ok"


def test_nothing_yes_no_and_lists_have_words():
    assert [printable(value) for value in (None, "", [], True, False, ["a", "b"], 3)] == [
        *("-", "-", "-", "yes", "no", "a,b", "3")
    ]


def test_columns_stand_under_each_other_wide_letters_too():
    rows = [{"name": "三堂", "n": 1}, {"name": "a", "n": 22}]

    assert table(rows, ("name", "n")).splitlines() == ["name  n", "三堂  1", "a     22"]


def test_json_is_safe_for_a_terminal_and_reads_back():
    text = as_json({"name": "\x1b[0m 三"})

    assert text.isascii()
    assert "\x1b" not in text
    assert json.loads(text) == {"name": "\x1b[0m 三"}


def test_a_long_cell_is_cut_where_the_first_column_is_whole():
    long = "x" * 200
    rows = [{"id": long, "models": [long, "y"], "title": "三" * 200}]

    _, line = table(rows, ("id", "models", "title")).splitlines()

    name, models, title = line.split("  ")
    assert name == long
    assert models == "x" * 59 + "…"
    assert title == "三" * 29 + "…"
