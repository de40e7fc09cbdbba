"""The price file and how it gets into the table: by adding, never by rewriting."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import yaml

from gateway.domain.audit import Actor, Verb
from gateway.domain.money import MICROUSD_PER_USD
from gateway.models import Price
from gateway.services import audit, configuration

FILE = Path(__file__).resolve().parents[1] / "content" / "prices.yaml"
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
    """USD per million tokens."""

    input: Decimal
    output: Decimal
    input_cached: Decimal | None = None
    input_cache_write_5m: Decimal | None = None
    input_cache_write_1h: Decimal | None = None
    output_reasoning: Decimal | None = None

    def microusd(self) -> dict[str, int | None]:
        """Return the figures as the table keeps them."""
        found = {name: getattr(self, name) for name in _FIGURES}
        return {
            name: None if usd is None else int(usd * MICROUSD_PER_USD)
            for name, usd in found.items()
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
    """The price file."""

    as_of: date
    sources: dict[str, str]
    prices: list[_Row]


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
        **row.microusd(),
        tiers=[
            {"over_input_tokens": tier.over_input_tokens, **tier.microusd()} for tier in row.tiers
        ],
        source=_named(row.source, file.sources),
        as_of=file.as_of,
        note=row.note,
    )


def _named(source: str, versions: Mapping[str, Any]) -> str:
    """Return the sources with their versions."""
    return " and ".join(f"{name} {versions[name]}" for name in source.split(" and "))
