"""What speaks against a route and the targets behind it."""

import re
from collections.abc import Iterator

from gateway.domain.catalog import SCRIPTED, Ability, Route, RoutingPolicy, Target
from gateway.domain.configuration.bounds import of_limit
from gateway.domain.configuration.problems import Problem, Severity
from gateway.domain.configuration.providers import of_deadlines

PUBLIC_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,127}")


def of_route(route: Route) -> Iterator[Problem]:
    """Yield what speaks against the route."""
    subject = f"route:{route.model}"
    if not PUBLIC_NAME.fullmatch(route.model):
        yield Problem(
            subject,
            "model",
            "A public name is made of letters, digits and . _ : / @ + -, at most 128 of them.",
        )
    if not route.targets:
        yield Problem(
            subject,
            "targets",
            "Nobody is behind this route: every request for it would be turned away.",
            severity=Severity.WARNING,
        )
    yield from _of_policy(subject, route)
    yield from _of_targets(subject, route.targets)
    if route.deadlines is not None:
        yield from of_deadlines(subject, route.deadlines)
    for limit in route.limits:
        yield from of_limit(subject, limit)


def _of_policy(subject: str, route: Route) -> Iterator[Problem]:
    retry, targets = route.retry, route.targets
    if retry.n_attempts < 1:
        yield Problem(subject, "n_attempts", "With no attempt nobody is ever asked.")
    if retry.hedge_after_seconds is not None and len(targets) == 1:
        yield Problem(
            subject, "hedge_after_seconds", "A hedge needs a second target; there is only one."
        )
    if targets and route.policy is RoutingPolicy.WEIGHTED and not any(t.weight for t in targets):
        yield Problem(subject, "policy", "By weight nobody would be chosen: every weight is 0.")
    if route.policy is RoutingPolicy.COST_AWARE and any(t.price is None for t in targets):
        yield Problem(
            subject,
            "policy",
            "A target without a price counts as free, so the cheapest may not be the cheapest.",
            severity=Severity.WARNING,
        )
    if route.policy is RoutingPolicy.LOCAL_PREFER and not any(t.provider.is_local for t in targets):
        yield Problem(
            subject,
            "policy",
            "None of its providers is local, so there is nothing to prefer.",
            severity=Severity.WARNING,
        )


def _of_targets(subject: str, targets: tuple[Target, ...]) -> Iterator[Problem]:
    seen: set[str] = set()
    for target in targets:
        if target.id in seen:
            yield Problem(
                subject, "targets", "The target %(target)s is there twice.", {"target": target.id}
            )
        seen.add(target.id)
        yield from _of_target(subject, target)


def _of_target(subject: str, target: Target) -> Iterator[Problem]:
    named = {"target": target.id}
    if not target.abilities & {Ability.STREAM, Ability.EMBEDDINGS}:
        yield Problem(
            subject,
            "targets",
            "%(target)s can neither stream nor embed: no request could ever reach it.",
            named,
        )
    if 0 < target.context_tokens < target.max_output_tokens:
        yield Problem(
            subject, "targets", "%(target)s would answer with more than its context holds.", named
        )
    if not 0 <= target.quality <= 1:
        yield Problem(subject, "targets", "The quality of %(target)s is from 0 to 1.", named)
    is_free = target.provider.is_local or target.provider.adapter == SCRIPTED
    if target.price is None and not is_free:
        yield Problem(
            subject,
            "targets",
            "%(target)s has no price: what it costs is not counted, and no budget holds it.",
            named,
            Severity.WARNING,
        )
