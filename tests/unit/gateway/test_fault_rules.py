"""Whom a fault rule hits."""

from dataclasses import replace

import pytest

from gateway.domain.faults import FaultProfile, FaultRule

RULE = FaultRule(id="1", profile=FaultProfile.STALL)
CALL = {"provider": "acme", "model": "large", "route": "fast", "room": "r1", "at": 100.0}


@pytest.mark.parametrize(
    ("changes", "is_hit"),
    [
        ({}, True),
        ({"provider": "ac*"}, True),
        ({"provider": "ac*", "model": "small"}, False),
        ({"route": "fast", "room": "r?"}, True),
        ({"room": "r2"}, False),
        ({"until": 100.5}, True),
        ({"until": 100.0}, False),
    ],
)
def test_a_rule_hits_what_all_its_patterns_match_until_its_time_is_over(changes, is_hit):
    assert replace(RULE, **changes).matches(**CALL) is is_hit
