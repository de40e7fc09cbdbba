"""Who may join, at which position, and when to come back."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.admission import (
    AdmissionPolicy,
    Admitted,
    QueueLoad,
    QueuePolicy,
    Refused,
    decide,
    position_of,
    retry_after_seconds,
)

POLICY = QueuePolicy(concurrency=4, limit=2)


def test_an_idle_queue_lets_in_at_once() -> None:
    assert decide(QueueLoad(0, 0, 0.0), POLICY) == Admitted(0)


def test_tickets_that_will_find_a_running_place_wait_for_nobody() -> None:
    assert position_of(rank=0, n_running=3, concurrency=4) == 0
    assert position_of(rank=1, n_running=3, concurrency=4) == 1


def test_the_limit_counts_those_who_wait_not_those_who_run() -> None:
    assert decide(QueueLoad(1, 4, 0.0), POLICY) == Admitted(2)
    assert decide(QueueLoad(2, 4, 10.0), POLICY) == Refused(retry_after_seconds=3)


def test_degrade_admits_in_the_cheaper_form_up_to_twice_the_limit() -> None:
    policy = QueuePolicy(concurrency=4, limit=2, on_full=AdmissionPolicy.DEGRADE)

    assert decide(QueueLoad(3, 4, 0.0), policy) == Admitted(4, is_degraded=True)
    assert decide(QueueLoad(4, 4, 0.0), policy) == Refused(retry_after_seconds=1)


@given(
    load=st.builds(
        QueueLoad, st.integers(0, 2000), st.integers(0, 500), st.floats(0, 1e6, allow_nan=False)
    ),
    policy=st.builds(
        QueuePolicy,
        concurrency=st.integers(1, 500),
        limit=st.integers(0, 500),
        on_full=st.sampled_from(AdmissionPolicy),
    ),
)
def test_nobody_is_ever_let_in_past_the_ceiling(load: QueueLoad, policy: QueuePolicy) -> None:
    answer = decide(load, policy)

    if isinstance(answer, Admitted):
        assert answer.position <= policy.ceiling
        assert answer.is_degraded == (answer.position > policy.limit)
    else:
        assert 1 <= answer.retry_after_seconds <= 60


@given(hold=st.floats(0, 1e9, allow_nan=False), concurrency=st.integers(0, 500))
def test_retry_after_is_whole_seconds_within_a_minute(hold: float, concurrency: int) -> None:
    seconds = retry_after_seconds(QueueLoad(0, 0, hold), QueuePolicy(concurrency, 1))

    assert 1 <= seconds <= 60
