"""What a process remembers of its targets and sessions."""

import pytest

from gateway.domain import vitals
from gateway.domain.caller import HOUSE, Caller
from gateway.domain.catalog import Key, Tenant
from gateway.domain.routing import Vitals
from gateway.domain.vitals import TargetMemory


def test_a_pace_moves_slowly_and_begins_at_the_first_measurement() -> None:
    memory = TargetMemory()
    memory.first_content("a/m", 1.0)
    memory.first_content("a/m", 2.0)
    memory.began("a/m")
    memory.began("b/m")
    memory.ended("b/m")

    assert memory.of(["a/m", "b/m"]) == {"a/m": Vitals(1.2, 1), "b/m": Vitals(None, 0)}


def test_each_route_has_its_own_turns() -> None:
    memory = TargetMemory()

    assert [memory.next_turn(name) for name in ("m", "m", "n", "m")] == [0, 1, 0, 2]


def test_sessions_that_were_silent_longest_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vitals, "MOST_SESSIONS", 2)
    memory = TargetMemory()
    for session, target in (("one", "a/m"), ("two", "b/m"), ("one", "c/m"), ("three", "d/m")):
        memory.answered(session, target)

    assert [memory.last_target(session) for session in ("one", "two", "three")] == [
        "c/m",
        "",
        "d/m",
    ]


def test_the_house_has_neither_key_nor_tenant() -> None:
    caller = Caller(Key("k1", Tenant("acme")))

    assert (HOUSE.key_id, HOUSE.tenant) == ("", "")
    assert (caller.key_id, caller.tenant) == ("k1", "acme")
