"""Postgres keeps what the ledger wrote, whoever asks it not to."""

from datetime import UTC, date, datetime

import pytest
from django.db import IntegrityError, connection, transaction

from gateway.models import Price, UsageRecord

AT = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.fixture
def record(database: None) -> UsageRecord:
    """One attempt, written down."""
    return UsageRecord.objects.create(
        attempt_id="q/1",
        request_id="q",
        provider="openai",
        model="m",
        state="settled",
        end_reason="done",
        charged_at=AT,
        began_at=AT,
        ended_at=AT,
        input_tokens=1,
        output_tokens=1,
        is_estimated=False,
        cost_microusd=5,
    )


@pytest.fixture
def price(database: None) -> Price:
    """A price of a day."""
    return Price.objects.create(
        vendor="openai",
        model="m",
        valid_from=date(2026, 11, 21),
        input=1,
        output=2,
        source="a list",
        as_of=date(2026, 11, 21),
    )


def test_a_record_is_neither_changed_nor_removed(record: UsageRecord) -> None:
    for statement in (
        "UPDATE gateway_usagerecord SET cost_microusd = 0",
        "DELETE FROM gateway_usagerecord",
        "TRUNCATE gateway_usagerecord",
    ):
        with (
            pytest.raises(IntegrityError, match="keeps what was written"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)

    assert UsageRecord.objects.get().cost_microusd == 5


def test_saving_a_record_again_is_refused_before_postgres_is_asked(record: UsageRecord) -> None:
    with pytest.raises(TypeError, match="never changed"):
        record.save()


def test_an_attempt_has_one_record(record: UsageRecord) -> None:
    again = UsageRecord.objects.get()
    again.pk, again._state.adding = None, True

    with pytest.raises(IntegrityError, match="attempt_id"), transaction.atomic():
        again.save()


def test_a_price_is_not_rewritten(price: Price) -> None:
    with pytest.raises(TypeError, match="never changed"):
        price.save()
    with pytest.raises(IntegrityError, match="keeps what was written"), transaction.atomic():
        Price.objects.update(input=0)

    assert Price.objects.get().input == 1


def test_rows_say_what_they_are(record: UsageRecord, price: Price) -> None:
    assert str(record) == "q/1 done 5"
    assert str(price) == "openai/m@2026-11-21"
