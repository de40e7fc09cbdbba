"""What the game counts: each committed end once, whoever brought it about."""

from collections.abc import Callable

import pytest
from prometheus_client import REGISTRY

from interview.domain.errors import QueueFullError
from tests.factories.rooms import Play
from tests.integration.interview.conftest import Seat


def counted(name: str, **labels: str) -> float:
    """Return a counter as it stands."""
    return REGISTRY.get_sample_value(f"game_{name}_total", labels) or 0.0


def fail(play: Play) -> None:
    """Let the panel break off in the middle."""
    play.stage.failing_after = 10
    play.speak()


@pytest.mark.parametrize(
    ("happens", "outcome"),
    [
        (lambda play: play.speak(), "ok"),
        (lambda play: play.cancel(), "cancelled"),
        (lambda play: play.leave(), "cancelled"),
        (fail, "error"),
    ],
    ids=["said", "interrupted in the queue", "left", "broken off"],
)
def test_a_turn_counts_once_under_how_it_ended(
    play: Play, happens: Callable[[Play], object], outcome: str
) -> None:
    before = counted("turns", outcome=outcome)

    happens(play)

    assert counted("turns", outcome=outcome) - before == 1


def test_answers_count_as_taken_or_refused_and_rooms_by_their_end(seat: Seat) -> None:
    play = seat().speak()
    names = (
        ("answers", {"outcome": "taken"}),
        ("answers", {"outcome": "refused"}),
        ("rooms_settled", {"mode": "survive", "result": "abandoned"}),
        ("turns", {"outcome": "rejected"}),
    )
    before = [counted(name, **labels) for name, labels in names]

    play.stage.limit = 0
    with pytest.raises(QueueFullError):
        play.answer()
    play.stage.limit = 10
    play.answer()
    play.leave()

    after = [counted(name, **labels) for name, labels in names]
    assert [b - a for a, b in zip(before, after, strict=True)] == [1, 1, 1, 0]
