"""Errors carry their data."""

import pytest

from gateway.domain import errors
from gateway.domain.errors import DeadlinePhase, GatewayError, ProviderTimeoutError


def tree(root: type[GatewayError]) -> list[type[GatewayError]]:
    """Return the class and everything below it."""
    return [root, *(found for child in root.__subclasses__() for found in tree(child))]


def test_every_error_of_the_tree_is_drawn_in_the_docstring() -> None:
    drawn = errors.__doc__ or ""

    assert [found.__name__ for found in tree(GatewayError) if found.__name__ not in drawn] == []


def test_every_leaf_has_a_code_of_its_own() -> None:
    leaves = [found for found in tree(GatewayError) if not found.__subclasses__()]

    assert len({leaf.code for leaf in leaves}) == len(leaves)


@pytest.mark.parametrize(
    ("phase", "error_type"),
    [
        (DeadlinePhase.CONNECT, "connection"),
        (DeadlinePhase.FIRST, "ttft_timeout"),
        (DeadlinePhase.IDLE, "idle_timeout"),
        (DeadlinePhase.TOTAL, "total_timeout"),
    ],
)
def test_a_timeout_says_which_deadline_passed(phase: DeadlinePhase, error_type: str) -> None:
    error = ProviderTimeoutError("late", phase=phase)

    assert (error.phase, error.error_type, error.code) == (phase, error_type, "provider_timeout")
