"""Which of the price rows holds for a target today."""

from collections.abc import Iterable
from datetime import date
from fnmatch import fnmatchcase

from gateway.domain.money import Price, Tier
from gateway.models import Price as PriceRow

_WILD = str.maketrans("", "", "*?[]")


class PriceList:
    """The rows that are valid on a day."""

    def __init__(self, rows: Iterable[PriceRow], *, day: date) -> None:
        self._rows = [row for row in rows if row.valid_from <= day]

    def of(self, *, provider: str, vendor: str, model: str) -> Price | None:
        """Return the price of a model there; None when nobody entered one.

        A row for the provider itself wins over one for its vendor, then the pattern that says
        most letters of the name, then the latest day.
        """
        fitting = [
            row
            for row in self._rows
            if row.vendor in {provider, vendor} and fnmatchcase(model, row.model)
        ]
        if not fitting:
            return None
        best = max(
            fitting,
            key=lambda row: (
                row.vendor == provider,
                row.model == model,
                len(row.model.translate(_WILD)),
                row.valid_from,
            ),
        )
        return _price(best)


def _price(row: PriceRow) -> Price:
    return Price(
        id=row.name,
        input=row.input,
        output=row.output,
        input_cached=row.input_cached,
        input_cache_write_5m=row.input_cache_write_5m,
        input_cache_write_1h=row.input_cache_write_1h,
        output_reasoning=row.output_reasoning,
        source=row.source,
        as_of=row.as_of.isoformat(),
        tiers=tuple(
            Tier(**tier) for tier in sorted(row.tiers, key=lambda one: one["over_input_tokens"])
        ),
    )
