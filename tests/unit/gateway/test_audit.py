"""What the audit log says of a change."""

import pytest

from gateway.domain.audit import Difference, Verb, differences, veiled, verb_of


def test_secrets_that_are_set_become_stars():
    facts = {"name": "a", "credential": "sk-1", "other": ""}

    assert veiled(facts, frozenset({"credential", "other"})) == {
        "name": "a",
        "credential": "***",
        "other": "",
    }


@pytest.mark.parametrize(
    ("before", "after", "verb"),
    [
        (None, None, None),
        (None, {"a": 1}, Verb.CREATED),
        ({"a": 1}, None, Verb.REMOVED),
        ({"a": 1}, {"a": 1}, None),
        ({"a": 1}, {"a": 2}, Verb.CHANGED),
    ],
)
def test_what_was_done_follows_from_before_and_after(before, after, verb):
    assert verb_of(before, after) is verb


def test_differences_name_only_what_differs():
    assert differences({"a": 1, "b": 2}, {"a": 1, "b": 3, "c": 4}) == [
        Difference("b", 2, 3),
        Difference("c", None, 4),
    ]
    assert differences(None, {"a": 1}) == [Difference("a", None, 1)]
    assert differences({"a": 1}, None) == [Difference("a", 1, None)]
