"""``gateway explain``: how a request would be treated now, and why."""

import time
from argparse import Namespace

from gateway import runtime
from gateway.domain.audit import Actor
from gateway.domain.catalog import Ability
from gateway.management.desks.told import Kinds, Told
from gateway.management.terminal import as_json, printable, table
from gateway.services import explaining
from gateway.services.explaining import Explanation, Question
from gateway.snapshot import reading


def declare(kinds: Kinds) -> None:
    """Declare the desk's arguments."""
    about = "how a request would be routed now, and why; nobody is asked"
    parser = kinds.add_parser("explain", help=about, description=about)
    parser.add_argument("--model", required=True)
    parser.add_argument("--key", default="", metavar="ID", help="as whom; by the key's id")
    parser.add_argument("--provider", default="", help="only this one of the route")
    parser.add_argument("--input-tokens", type=int, default=1000)
    parser.add_argument("--output-tokens", type=int)
    parser.add_argument("--needs", nargs="*", default=[], choices=[a.value for a in Ability])
    parser.add_argument("--json", dest="is_json", action="store_true", help="for programs")
    parser.set_defaults(run=explain)


def explain(given: Namespace, _actor: Actor) -> Told:
    """Explain."""
    question = Question(
        model=given.model,
        key_id=given.key,
        provider=given.provider,
        input_tokens=given.input_tokens,
        max_output_tokens=given.output_tokens,
        needs=frozenset(map(Ability, given.needs)),
    )
    found = runtime.call(
        explaining.explain(
            question, catalog=reading.read().catalog, ports=runtime.ports(), at=time.time()
        )
    )
    return Told(as_json(found.as_data()) if given.is_json else _told(found))


def _told(found: Explanation) -> str:
    parts = [f"{found.code}: {printable(found.words)}"]
    decision = found.decision
    if decision is not None:
        parts.append(f"\n{printable(decision.model)} ({decision.policy}), {decision.choice}")
        parts += [
            f"  {number}. {printable(one.target.id)}  {one.reason}  cost {one.cost_score:.2f}"
            for number, one in enumerate(decision.candidates, start=1)
        ]
        parts += [
            f"  -  {printable(one.target.id)}  {one.reason}{_when(one.retry_after_seconds)}"
            for one in decision.dropped
        ]
    for name, columns in (
        ("limits", ("limit", "value", "amount", "wanted", "remaining", "reset_seconds")),
        ("budgets", ("subject", "period", "limit_microusd", "spent_microusd", "wanted_microusd")),
        ("places", ("provider", "taken", "places")),
        ("breakers", ("target", "state", "retry_after_seconds")),
        ("faults", ("fault", "profile", "targets", "probability")),
    ):
        rows = found.as_data()[name]
        if isinstance(rows, list) and rows:
            parts.append(f"\n{table(rows, columns)}")
    return "\n".join(parts)


def _when(seconds: float | None) -> str:
    return "" if seconds is None else f", again in {seconds:.1f} s"
