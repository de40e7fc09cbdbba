"""What speaks against a limit or a budget."""

from collections.abc import Iterator

from gateway.domain.configuration.problems import Problem, Severity
from gateway.domain.money import Budget
from gateway.domain.rate_limit import Algorithm, Limit, Unit

_BUCKETS = frozenset({Algorithm.TOKEN_BUCKET, Algorithm.LEAKY_BUCKET})


def of_limit(subject: str, limit: Limit) -> Iterator[Problem]:
    """Yield what speaks against the limit."""
    if limit.amount < 1:
        yield Problem(
            subject, "amount", "A limit of nothing shuts everybody out; switch it off instead."
        )
    if limit.burst and (limit.unit is Unit.CONCURRENT or limit.algorithm not in _BUCKETS):
        yield Problem(subject, "burst", "Only a bucket can save up for a burst.")


def of_budget(subject: str, budget: Budget) -> Iterator[Problem]:
    """Yield what speaks against the budget."""
    if budget.limit_microusd < 1:
        yield Problem(subject, "limit", "A budget is more than nothing.")
    if any(not 0 < share <= 1 for share in budget.alerts):
        yield Problem(subject, "alerts", "An alert is a share of the budget, over 0 and up to 1.")


def of_budget_within(subject: str, budget: Budget, outer: tuple[Budget, ...]) -> Iterator[Problem]:
    """Yield what speaks against a key's budget beside its tenant's."""
    for other in outer:
        if other.period is budget.period and other.limit_microusd < budget.limit_microusd:
            yield Problem(
                subject,
                "limit",
                "The tenant's own budget is smaller, so this one is never reached.",
                severity=Severity.WARNING,
            )
