"""The price rows as the list that today's prices are read from."""

from collections.abc import Iterable
from datetime import date

from gateway.domain.money import Price, Tier
from gateway.domain.pricing import Listed, PriceList
from gateway.models import Price as PriceRow


def price_list(rows: Iterable[PriceRow], *, day: date) -> PriceList:
    """Return the prices that are valid on a day."""
    return PriceList(
        Listed(row.vendor, row.model, row.valid_from.isoformat(), _price(row))
        for row in rows
        if row.valid_from <= day
    )


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
