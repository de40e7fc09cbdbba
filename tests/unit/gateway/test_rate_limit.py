"""What a limit is called, remembered under, and shared into."""

import pytest

from gateway.domain.rate_limit import Algorithm, Dimension, Limit, Unit, part_of

LIMIT = Limit(Dimension.KEY, Unit.REQUESTS, 100, 60.0, Algorithm.TOKEN_BUCKET, 30)


def test_a_limit_is_named_by_what_it_counts_and_whom_it_binds() -> None:
    assert LIMIT.name == "requests:key"


def test_a_limit_whose_figures_change_begins_anew() -> None:
    assert LIMIT.identity == "requests:key:token_bucket:100:60000000:30"


def test_what_is_held_is_held_whatever_the_figures() -> None:
    few, many = (Limit(Dimension.KEY, Unit.CONCURRENT, amount) for amount in (2, 9))

    assert few.identity == many.identity == "concurrent:key"


@pytest.mark.parametrize(("amount", "part"), [(100, 33), (3, 1), (2, 1), (1, 1), (0, 0)], ids=str)
def test_a_part_is_equal_and_never_less_than_one(amount: int, part: int) -> None:
    assert part_of(amount, 3) == part


def test_a_share_is_an_equal_part_of_the_amount_and_of_the_burst() -> None:
    share = LIMIT.share(4)

    assert (share.amount, share.burst, share.window_seconds) == (25, 7, 60.0)


@pytest.mark.parametrize(
    "figures", [{"amount": -1}, {"amount": 1, "burst": -1}, {"amount": 1, "window_seconds": 0.0}]
)
def test_figures_that_no_meter_can_count_are_refused(figures: dict[str, float]) -> None:
    with pytest.raises(ValueError):
        Limit(Dimension.KEY, Unit.REQUESTS, **figures)  # type: ignore[arg-type]
