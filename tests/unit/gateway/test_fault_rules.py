"""Whom a fault rule hits."""

from dataclasses import replace

import pytest

from gateway.domain.faults import FaultProfile, FaultRule, brought

RULE = FaultRule(id="1", profile=FaultProfile.STALL)
CALL = {
    "provider": "acme",
    "model": "large",
    "route": "fast",
    "room": "r1",
    "tenant": "t1",
    "at": 100.0,
}


@pytest.mark.parametrize(
    ("changes", "is_hit"),
    [
        ({}, True),
        ({"provider": "ac*"}, True),
        ({"provider": "ac*", "model": "small"}, False),
        ({"route": "fast", "room": "r?"}, True),
        ({"room": "r2"}, False),
        ({"tenant": "t1"}, True),
        ({"tenant": "t*"}, False),
        ({"tenant": "t2"}, False),
        ({"until": 100.5}, True),
        ({"until": 100.0}, False),
    ],
)
def test_a_rule_hits_what_all_its_patterns_match_until_its_time_is_over(changes, is_hit):
    assert replace(RULE, **changes).matches(**CALL) is is_hit


def test_a_tenants_rule_spares_the_houses_own_calls():
    assert not replace(RULE, tenant="t1").matches(**{**CALL, "tenant": ""})


def test_what_one_has_for_oneself_is_private_and_what_hits_everybody_is_not():
    (brought_along,) = brought("cut; after=4")
    assert [rule.is_private for rule in (RULE, replace(RULE, tenant="t1"), brought_along)] == [
        False,
        True,
        True,
    ]
