"""The price files and how they get into the table: by adding, never by rewriting."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import msgspec
import yaml

from gateway.domain.audit import Actor, Verb
from gateway.domain.money import MICROUSD_PER_USD
from gateway.models import Price
from gateway.services import audit, configuration

FILE = Path(__file__).resolve().parents[1] / "content" / "prices.yaml"
BY_HAND = FILE.with_name("prices_by_hand.yaml")
USD = "USD"
_FIGURES = (
    "input",
    "output",
    "input_cached",
    "input_cache_write_5m",
    "input_cache_write_1h",
    "output_reasoning",
)
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Figures(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Money per million tokens, in the file's currency."""

    input: Decimal
    output: Decimal
    input_cached: Decimal | None = None
    input_cache_write_5m: Decimal | None = None
    input_cache_write_1h: Decimal | None = None
    output_reasoning: Decimal | None = None

    def microusd(self, per_usd: Decimal) -> dict[str, int | None]:
        """Return the figures as the table keeps them, rounded up."""
        found = {name: getattr(self, name) for name in _FIGURES}
        return {
            name: None if figure is None else math.ceil(figure * MICROUSD_PER_USD / per_usd)
            for name, figure in found.items()
        }


class _Tier(_Figures, kw_only=True):
    """Figures above so many tokens of input."""

    over_input_tokens: int


class _Row(_Figures, kw_only=True):
    """One model's price."""

    vendor: str
    model: str
    source: str
    tiers: list[_Tier] = []
    note: str = ""


class _File(msgspec.Struct, forbid_unknown_fields=True):
    """A price file; ``per_usd`` is what a dollar costs in its currency."""

    as_of: date
    sources: dict[str, str]
    prices: list[_Row]
    currency: str = USD
    per_usd: Decimal = Decimal(1)

    def __post_init__(self) -> None:
        """Refuse a rate that is none."""
        if self.per_usd <= 0:
            raise ValueError("a dollar costs more than nothing")

    def source_of(self, row: _Row) -> str:
        """Return the row's sources with their versions, and by which rate it was converted."""
        names = row.source.split(" and ")
        said = " and ".join(f"{name} {self.sources[name]}" for name in names)
        return said if self.currency == USD else f"{said}, {self.per_usd} {self.currency} per USD"


@dataclass(frozen=True, slots=True)
class Loaded:
    """How many prices were added, and how many were there as they are."""

    n_added: int
    n_known: int


def read(path: Path = FILE) -> list[Price]:
    """Return the file's prices as rows that are not stored.

    Raises msgspec.ValidationError when the file is not in order.
    """
    with path.open(encoding="utf-8") as lines:
        found = msgspec.convert(yaml.load(lines, Loader=_Loader), _File, strict=False)  # noqa: S506
    return [_row(row, found) for row in found.prices]


def read_ours() -> list[Price]:
    """Return the prices of both of our own files: those gathered, and those entered by hand."""
    return [*read(FILE), *read(BY_HAND)]


def load(rows: Iterable[Price], *, actor: Actor) -> Loaded:
    """Add the prices that say something new; what an operator entered later is left alone.

    A price with the figures of the newest row for its model is known. Old rows stay: they
    explain old records.
    """
    newest: dict[tuple[str, str], Price] = {}
    for stored in Price.objects.order_by("valid_from"):
        newest[stored.vendor, stored.model] = stored
    rows = list(rows)
    fresh = [row for row in rows if _is_new(row, newest.get((row.vendor, row.model)))]
    if fresh:
        with configuration.change(actor=actor):
            Price.objects.bulk_create(fresh, batch_size=500)
            audit.record(
                actor=actor,
                verb=Verb.CREATED,
                kind="prices",
                subject=f"as of {fresh[0].as_of.isoformat()}",
                after={"rows": len(fresh)},
            )
    return Loaded(len(fresh), len(rows) - len(fresh))


def _is_new(row: Price, newest: Price | None) -> bool:
    if newest is None:
        return True
    if newest.valid_from >= row.valid_from:
        return False
    return _said(row) != _said(newest)


def _said(row: Price) -> tuple[object, ...]:
    return (*(getattr(row, name) for name in _FIGURES), row.tiers)


def _row(row: _Row, file: _File) -> Price:
    return Price(
        vendor=row.vendor,
        model=row.model,
        valid_from=file.as_of,
        **row.microusd(file.per_usd),
        tiers=[
            {"over_input_tokens": tier.over_input_tokens, **tier.microusd(file.per_usd)}
            for tier in row.tiers
        ],
        source=file.source_of(row),
        as_of=file.as_of,
        note=row.note,
    )
