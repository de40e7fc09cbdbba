"""Postgres keeps what the ledger wrote, whoever asks it not to."""

from datetime import UTC, date, datetime
from importlib import import_module

import pytest
from django.db import IntegrityError, connection, transaction

from gateway.adapters.ledger_rows import insert, line_of
from gateway.models import Price, UsageRecord
from tests.factories.ledger import make_entry

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


def test_a_word_that_is_too_long_for_its_column_is_cut(database: None) -> None:
    entry = make_entry("q/1", route="路" * 200, provider="p" * 81, model="m" * 160)

    assert insert([line_of(entry)]) == 1
    row = UsageRecord.objects.get()
    assert (row.route, row.provider, row.model) == ("路" * 128, "p" * 80, "m" * 160)


def indexes() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexname FROM pg_indexes WHERE tablename = 'gateway_usagerecord'")
        return {name for (name,) in cursor.fetchall()}


def test_a_row_pays_for_no_index_that_no_query_uses(database: None) -> None:
    assert indexes() == {
        "gateway_usagerecord_pkey",
        "usage_attempt_once",
        "usage_of_request",
        "usage_of_key",
        "usage_of_tenant",
        "usage_by_time",
        "usage_by_writing",
    }


def test_the_indexes_of_an_older_release_can_be_had_back(database: None) -> None:
    dropping = import_module("gateway.migrations.0006_fewer_indexes").Migration.operations[0]
    (statements,) = dropping.database_operations
    today = indexes()

    with connection.cursor() as cursor:
        cursor.execute(statements.reverse_sql)
        before = indexes()
        cursor.execute(statements.sql)

    assert before - today == {
        "gateway_usagerecord_attempt_id_key",
        "gateway_usagerecord_attempt_id_8f1997ff_like",
        "gateway_usagerecord_request_id_da5bbb36",
        "gateway_usagerecord_request_id_da5bbb36_like",
    }
    assert indexes() == today
