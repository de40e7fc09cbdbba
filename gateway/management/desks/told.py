"""What a desk says: to whoever reads the output, and aside."""

from argparse import ArgumentParser, ArgumentTypeError, _SubParsersAction
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias

from gateway.domain.money import MICROUSD_PER_USD
from gateway.management.terminal import as_json, table

Kinds: TypeAlias = "_SubParsersAction[ArgumentParser]"


@dataclass(frozen=True, slots=True)
class Told:
    """``text`` is the output; ``aside`` goes beside it, so that a pipe gets only the output."""

    text: str = ""
    aside: tuple[str, ...] = ()


def listing(
    rows: Sequence[Mapping[str, Any]], columns: Sequence[str], *, is_json: bool, nothing: str
) -> Told:
    """Return the rows as a table, or as JSON."""
    if is_json:
        return Told(as_json(list(rows)))
    return Told(table(rows, columns)) if rows else Told(aside=(nothing,))


def verb(
    verbs: Kinds, name: str, run: Callable[..., Told], *, about: str, with_json: bool = False
) -> ArgumentParser:
    """Return the parser of one verb of a desk."""
    parser: ArgumentParser = verbs.add_parser(name, help=about, description=about)
    parser.set_defaults(run=run)
    if with_json:
        parser.add_argument("--json", dest="is_json", action="store_true", help="for programs")
    return parser


def kind(kinds: Kinds, name: str, about: str) -> Kinds:
    """Return the verbs of one desk."""
    parser: ArgumentParser = kinds.add_parser(name, help=about, description=about)
    return parser.add_subparsers(dest="verb", required=True, metavar="VERB")


def usd(text: str) -> int:
    """Return an amount of USD in whole micro-USD."""
    try:
        amount = Decimal(text) * MICROUSD_PER_USD
    except InvalidOperation:
        raise ArgumentTypeError(f"{text!r} is not an amount of USD") from None
    if not amount.is_finite() or amount < 0 or amount != amount.to_integral_value():
        raise ArgumentTypeError(f"{text!r} is not an amount of USD with at most six decimals")
    return int(amount)


def moment(text: str) -> datetime:
    """Return a day or a moment in ISO form; without a zone it is UTC."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a day such as 2027-01-31") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def pairs(words: Sequence[str]) -> dict[str, str]:
    """Return ``name=value`` words as a mapping; raise ArgumentTypeError for another form."""
    found = {}
    for word in words:
        name, separator, value = word.partition("=")
        if not separator or not name:
            raise ArgumentTypeError(f"{word!r} is not of the form name=value")
        found[name] = value
    return found
