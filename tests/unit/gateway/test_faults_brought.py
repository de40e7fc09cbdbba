"""What a request may say of the faults it wants to suffer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.errors import RequestError
from gateway.domain.faults import FaultProfile, FaultRule, brought


def test_a_profile_alone_is_a_fault():
    assert brought("cut") == (FaultRule("request#1", FaultProfile.CUT, is_brought=True),)


def test_everything_there_is_to_say_is_understood():
    (rule,) = brought(
        " stall ; provider=acme; model=m-* ;probability=0.5;times=3;seconds=1.5;after=40;status=503"
    )
    assert rule == FaultRule(
        "request#1",
        FaultProfile.STALL,
        provider="acme",
        model="m-*",
        probability=0.5,
        n_times=3,
        seconds=1.5,
        status=503,
        after_tokens=40,
        is_brought=True,
    )


def test_several_faults_come_after_commas():
    assert [rule.profile for rule in brought("latency; seconds=1, cut,")] == ["latency", "cut"]
    assert [rule.id for rule in brought("latency, cut")] == ["request#1", "request#2"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("explode", "A fault is one of"),
        ("", ""),
        ("cut; after", "each with a value"),
        ("cut; after=", "each with a value"),
        ("cut; color=red", "each with a value"),
        ("cut; after=many", "after of a fault is a number from 0 to 1e+06"),
        ("cut; after=-1", "after of a fault"),
        ("stall; seconds=601", "seconds of a fault is a number from 0 to 600"),
        ("stall; seconds=nan", "seconds of a fault"),
        ("status; status=200", "status of a fault is a number from 400 to 599"),
        ("cut; probability=1.1", "probability of a fault is a number from 0 to 1"),
        (", ".join(["cut"] * 9), "8 faults at most"),
    ],
)
def test_what_cannot_be_understood_is_told(words: str, told: str):
    if not words:
        assert brought(words) == ()
        return
    with pytest.raises(RequestError, match=told.replace("+", r"\+")):
        brought(words)


@given(st.text())
def test_whatever_is_said_is_understood_or_refused(words: str):
    try:
        rules = brought(words)
    except RequestError:
        return
    assert all(400 <= rule.status <= 599 and 0 <= rule.probability <= 1 for rule in rules)
