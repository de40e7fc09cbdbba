"""The ledger and prices: what was used and what it cost; Postgres refuses to rewrite either."""

import django.db.models.functions.datetime
from django.db import migrations, models


_FORWARD = """
CREATE FUNCTION gateway_refuse_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% keeps what was written: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation',
              HINT = 'Insert a new row instead.';
END
$$;

CREATE TRIGGER gateway_usagerecord_append_only
BEFORE UPDATE OR DELETE ON gateway_usagerecord
FOR EACH ROW EXECUTE FUNCTION gateway_refuse_change();

CREATE TRIGGER gateway_usagerecord_no_truncate
BEFORE TRUNCATE ON gateway_usagerecord
FOR EACH STATEMENT EXECUTE FUNCTION gateway_refuse_change();

CREATE TRIGGER gateway_price_not_rewritten
BEFORE UPDATE ON gateway_price
FOR EACH ROW EXECUTE FUNCTION gateway_refuse_change();
"""

_REVERSE = """
DROP TRIGGER gateway_price_not_rewritten ON gateway_price;
DROP TRIGGER gateway_usagerecord_no_truncate ON gateway_usagerecord;
DROP TRIGGER gateway_usagerecord_append_only ON gateway_usagerecord;
DROP FUNCTION gateway_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("gateway", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="BudgetAlert",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(auto_now_add=True, verbose_name="at")),
                ("subject", models.CharField(max_length=160, verbose_name="whose")),
                (
                    "period",
                    models.CharField(
                        choices=[("day", "day"), ("month", "month"), ("total", "total")],
                        max_length=8,
                        verbose_name="period",
                    ),
                ),
                (
                    "starts_at",
                    models.PositiveBigIntegerField(verbose_name="began at (Unix seconds)"),
                ),
                ("share", models.FloatField(verbose_name="share")),
                ("limit_microusd", models.PositiveBigIntegerField(verbose_name="limit, micro-USD")),
                ("spent_microusd", models.PositiveBigIntegerField(verbose_name="spent, micro-USD")),
            ],
            options={
                "verbose_name": "budget alert",
                "verbose_name_plural": "budget alerts",
                "ordering": ["-pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("subject", "period", "starts_at", "share", "limit_microusd"),
                        name="budget_alert_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Price",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("vendor", models.CharField(max_length=80, verbose_name="vendor or provider")),
                ("model", models.CharField(max_length=160, verbose_name="model pattern")),
                ("valid_from", models.DateField(verbose_name="valid from")),
                ("input", models.PositiveBigIntegerField(verbose_name="input")),
                ("output", models.PositiveBigIntegerField(verbose_name="output")),
                (
                    "input_cached",
                    models.PositiveBigIntegerField(
                        blank=True, null=True, verbose_name="cached input"
                    ),
                ),
                (
                    "input_cache_write_5m",
                    models.PositiveBigIntegerField(
                        blank=True, null=True, verbose_name="cache write, 5 minutes"
                    ),
                ),
                (
                    "input_cache_write_1h",
                    models.PositiveBigIntegerField(
                        blank=True, null=True, verbose_name="cache write, 1 hour"
                    ),
                ),
                (
                    "output_reasoning",
                    models.PositiveBigIntegerField(blank=True, null=True, verbose_name="reasoning"),
                ),
                ("tiers", models.JSONField(blank=True, default=list, verbose_name="tiers")),
                ("source", models.CharField(max_length=120, verbose_name="source")),
                ("as_of", models.DateField(verbose_name="as of")),
                ("note", models.TextField(blank=True, verbose_name="note")),
            ],
            options={
                "verbose_name": "price",
                "verbose_name_plural": "prices",
                "ordering": ["vendor", "model", "-valid_from"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("vendor", "model", "valid_from"), name="price_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="UsageDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField(verbose_name="day")),
                ("tenant", models.CharField(blank=True, max_length=80, verbose_name="tenant")),
                ("key_id", models.CharField(blank=True, max_length=80, verbose_name="key")),
                ("route", models.CharField(blank=True, max_length=128, verbose_name="route")),
                ("provider", models.CharField(max_length=80, verbose_name="provider")),
                ("model", models.CharField(max_length=160, verbose_name="model")),
                ("n_attempts", models.PositiveBigIntegerField(verbose_name="attempts")),
                ("n_failed", models.PositiveBigIntegerField(verbose_name="failed attempts")),
                ("n_estimated", models.PositiveBigIntegerField(verbose_name="estimated attempts")),
                ("input_tokens", models.PositiveBigIntegerField(verbose_name="input tokens")),
                (
                    "input_cached_tokens",
                    models.PositiveBigIntegerField(verbose_name="of these, cached"),
                ),
                ("output_tokens", models.PositiveBigIntegerField(verbose_name="output tokens")),
                ("cost_microusd", models.PositiveBigIntegerField(verbose_name="cost, micro-USD")),
            ],
            options={
                "verbose_name": "usage of a day",
                "verbose_name_plural": "usage by day",
                "ordering": ["-day", "tenant", "key_id", "model"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("day", "tenant", "key_id", "route", "provider", "model"),
                        name="usage_day_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="UsageRecord",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "attempt_id",
                    models.CharField(max_length=160, unique=True, verbose_name="attempt"),
                ),
                (
                    "request_id",
                    models.CharField(db_index=True, max_length=150, verbose_name="request"),
                ),
                ("tenant", models.CharField(blank=True, max_length=80, verbose_name="tenant")),
                ("key_id", models.CharField(blank=True, max_length=80, verbose_name="key")),
                ("room_id", models.CharField(blank=True, max_length=64, verbose_name="room")),
                ("route", models.CharField(blank=True, max_length=128, verbose_name="route")),
                ("provider", models.CharField(max_length=80, verbose_name="provider")),
                ("model", models.CharField(max_length=160, verbose_name="model")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("reserved", "reserved"),
                            ("streaming", "streaming"),
                            ("settled", "settled"),
                            ("voided", "voided"),
                        ],
                        max_length=16,
                        verbose_name="state",
                    ),
                ),
                (
                    "end_reason",
                    models.CharField(
                        choices=[
                            ("done", "done"),
                            ("error", "error"),
                            ("cancelled", "cancelled"),
                            ("crashed", "crashed"),
                            ("hedged", "hedged"),
                            ("cached", "cached"),
                        ],
                        max_length=16,
                        verbose_name="end",
                    ),
                ),
                ("error_code", models.CharField(blank=True, max_length=64, verbose_name="error")),
                ("charged_at", models.DateTimeField(verbose_name="charged at")),
                ("began_at", models.DateTimeField(verbose_name="began at")),
                ("ended_at", models.DateTimeField(verbose_name="ended at")),
                (
                    "written_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="written at",
                    ),
                ),
                (
                    "ttft_ms",
                    models.PositiveIntegerField(null=True, verbose_name="time to first token, ms"),
                ),
                ("input_tokens", models.PositiveBigIntegerField(verbose_name="input tokens")),
                (
                    "input_cached_tokens",
                    models.PositiveBigIntegerField(default=0, verbose_name="of these, cached"),
                ),
                (
                    "cache_write_5m_tokens",
                    models.PositiveBigIntegerField(
                        default=0, verbose_name="of these, written to a cache for 5 minutes"
                    ),
                ),
                (
                    "cache_write_1h_tokens",
                    models.PositiveBigIntegerField(
                        default=0, verbose_name="of these, written to a cache for 1 hour"
                    ),
                ),
                ("output_tokens", models.PositiveBigIntegerField(verbose_name="output tokens")),
                (
                    "reasoning_tokens",
                    models.PositiveBigIntegerField(default=0, verbose_name="of these, reasoning"),
                ),
                ("is_estimated", models.BooleanField(verbose_name="estimated")),
                ("cost_microusd", models.PositiveBigIntegerField(verbose_name="cost, micro-USD")),
                ("price_id", models.CharField(blank=True, max_length=200, verbose_name="price")),
                (
                    "provider_usage",
                    models.JSONField(null=True, verbose_name="usage in the provider's words"),
                ),
            ],
            options={
                "verbose_name": "usage record",
                "verbose_name_plural": "usage records",
                "ordering": ["-pk"],
                "indexes": [
                    models.Index(
                        fields=["key_id", "charged_at"],
                        include=("cost_microusd",),
                        name="usage_of_key",
                    ),
                    models.Index(
                        fields=["tenant", "charged_at"],
                        include=("cost_microusd",),
                        name="usage_of_tenant",
                    ),
                    models.Index(fields=["charged_at"], name="usage_by_time"),
                    models.Index(fields=["written_at"], name="usage_by_writing"),
                ],
            },
        ),
        migrations.RunSQL(_FORWARD, _REVERSE),
    ]
