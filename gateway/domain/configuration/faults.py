"""What speaks against a fault on purpose."""

from collections.abc import Iterator
from fnmatch import fnmatchcase

from gateway.domain.catalog import Catalog
from gateway.domain.configuration.problems import Problem, Severity
from gateway.domain.faults import READS_SECONDS, FaultProfile, FaultRule


def of_fault(rule: FaultRule, catalog: Catalog) -> Iterator[Problem]:
    """Yield what speaks against the rule, and that it may never strike."""
    subject = f"fault:{rule.name}"
    if not 0 < rule.probability <= 1:
        yield Problem(subject, "probability", "A probability is over 0 and up to 1.")
    if rule.profile in READS_SECONDS and rule.seconds <= 0:
        yield Problem(subject, "seconds", "This fault needs to know how many seconds.")
    if rule.profile is FaultProfile.STATUS and not 400 <= rule.status <= 599:
        yield Problem(subject, "status", "A status that is a fault is from 400 to 599.")
    for name, pattern, known in (
        ("provider", rule.provider, catalog.providers),
        ("route", rule.route, catalog.routes),
    ):
        if pattern and not any(fnmatchcase(word, pattern) for word in known):
            yield Problem(
                subject,
                name,
                "Nothing is called like %(pattern)s, so this fault never strikes.",
                {"pattern": pattern},
                Severity.WARNING,
            )
