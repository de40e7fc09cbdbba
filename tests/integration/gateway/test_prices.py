"""The price file in the table: added to, never rewritten."""

from datetime import date
from io import StringIO

import pytest
from django.core.management import call_command

from gateway.domain.audit import Actor, Via
from gateway.models import AuditEntry, Price
from gateway.services import prices
from gateway.services.prices import Loaded

ACTOR = Actor("somebody", Via.CLI)
pytestmark = pytest.mark.usefixtures("database")


def row(day: int, usd: int, **changes: object) -> Price:
    return Price(
        **{
            "vendor": "openai",
            "model": "m",
            "valid_from": date(2026, 11, day),
            "input": usd,
            "output": usd,
            "source": "a list",
            "as_of": date(2026, 11, day),
            **changes,
        }
    )


def test_a_price_is_added_once_and_logged_in_one_line() -> None:
    assert prices.load([row(1, 5), row(1, 5, model="n")], actor=ACTOR) == Loaded(2, 0)
    assert prices.load([row(1, 5), row(1, 5, model="n")], actor=ACTOR) == Loaded(0, 2)

    (entry,) = AuditEntry.objects.filter(kind="prices")
    assert (entry.actor, entry.subject, entry.after) == (
        "somebody",
        "as of 2026-11-01",
        {"rows": 2},
    )


def test_a_later_list_adds_what_changed_and_keeps_the_old() -> None:
    prices.load([row(1, 5)], actor=ACTOR)

    assert prices.load([row(2, 5)], actor=ACTOR) == Loaded(0, 1)
    assert prices.load([row(2, 6)], actor=ACTOR) == Loaded(1, 0)
    assert list(Price.objects.order_by("valid_from").values_list("input", flat=True)) == [5, 6]


def test_what_an_operator_entered_for_a_later_day_has_the_last_word() -> None:
    row(3, 9, source="entered by hand").save()

    assert prices.load([row(2, 6)], actor=ACTOR) == Loaded(0, 1)


def test_the_command_loads_our_own_file() -> None:
    first, second = StringIO(), StringIO()
    call_command("load_prices", stdout=first)
    call_command("load_prices", stdout=second)
    n = len(prices.read_ours())

    assert first.getvalue() == f"{n} prices added, 0 known.\n"
    assert second.getvalue() == f"0 prices added, {n} known.\n"
    assert Price.objects.get(vendor="openai", model="gpt-4o-mini").input == 150_000
