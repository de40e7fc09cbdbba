"""How patiently a caller waits for a place."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.retrying import pause_seconds


def test_pauses_double_up_to_a_quarter_of_a_second() -> None:
    pauses = [pause_seconds(attempt, roll=0.0) for attempt in range(6)]

    assert pauses == [0.02, 0.04, 0.08, 0.16, 0.25, 0.25]


@given(attempt=st.integers(0, 10_000), roll=st.floats(0, 1, exclude_max=True))
def test_a_pause_is_never_nothing_and_never_long(attempt: int, roll: float) -> None:
    assert 0.01 <= pause_seconds(attempt, roll=roll) <= 0.25
