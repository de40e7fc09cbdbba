"""Tenants, keys, providers, routes, limits, budgets, faults; and an audit log nobody rewrites."""

import django.core.validators
import django.db.models.deletion
import gateway.models.api_key
import gateway.models.limit
import gateway.models.route
from django.db import migrations, models

_FORWARD = """
CREATE TRIGGER gateway_auditentry_append_only
BEFORE UPDATE OR DELETE ON gateway_auditentry
FOR EACH ROW EXECUTE FUNCTION gateway_refuse_change();

CREATE TRIGGER gateway_auditentry_no_truncate
BEFORE TRUNCATE ON gateway_auditentry
FOR EACH STATEMENT EXECUTE FUNCTION gateway_refuse_change();
"""

_REVERSE = """
DROP TRIGGER gateway_auditentry_no_truncate ON gateway_auditentry;
DROP TRIGGER gateway_auditentry_append_only ON gateway_auditentry;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("gateway", "0002_ledger"),
    ]

    operations = [
        migrations.CreateModel(
            name="FaultRule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        max_length=64,
                        unique=True,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[a-z0-9][a-z0-9._-]{0,63}\\Z",
                                "A name is made of small letters, digits, dots, dashes and underscores.",
                            )
                        ],
                        verbose_name="name",
                    ),
                ),
                ("is_enabled", models.BooleanField(default=True, verbose_name="switched on")),
                (
                    "profile",
                    models.CharField(
                        choices=[
                            ("latency", "latency: everything takes so much longer"),
                            ("slow_first", "slow first content"),
                            ("status", "an error status"),
                            ("rate_limited", "429 with Retry-After"),
                            ("refuse_connect", "the connection is refused"),
                            ("stall", "silence in the middle"),
                            ("cut", "cut in the middle"),
                            ("malformed", "a piece that cannot be read"),
                            ("no_done", "no terminal mark"),
                        ],
                        max_length=16,
                        verbose_name="fault",
                    ),
                ),
                ("provider", models.CharField(blank=True, max_length=64, verbose_name="provider")),
                ("model", models.CharField(blank=True, max_length=128, verbose_name="model")),
                ("route", models.CharField(blank=True, max_length=128, verbose_name="route")),
                ("room", models.CharField(blank=True, max_length=64, verbose_name="room")),
                (
                    "probability",
                    models.FloatField(
                        default=1.0,
                        validators=[
                            django.core.validators.MinValueValidator(0.0),
                            django.core.validators.MaxValueValidator(1.0),
                        ],
                        verbose_name="probability",
                    ),
                ),
                (
                    "n_times",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="After so many it stops; empty: never.",
                        null=True,
                        verbose_name="times",
                    ),
                ),
                (
                    "until",
                    models.DateTimeField(
                        blank=True,
                        help_text="A forgotten fault ends by itself.",
                        null=True,
                        verbose_name="until",
                    ),
                ),
                (
                    "seconds",
                    models.FloatField(
                        default=0.0,
                        validators=[django.core.validators.MinValueValidator(0.0)],
                        verbose_name="seconds",
                    ),
                ),
                ("status", models.PositiveSmallIntegerField(default=500, verbose_name="status")),
                (
                    "after_tokens",
                    models.PositiveIntegerField(default=0, verbose_name="after tokens"),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
            ],
            options={
                "verbose_name": "fault",
                "verbose_name_plural": "faults",
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="Route",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "model",
                    models.CharField(
                        help_text="What programs ask for.",
                        max_length=128,
                        unique=True,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,127}\\Z",
                                "A public name is made of letters, digits and . _ : / @ + -.",
                            )
                        ],
                        verbose_name="public name",
                    ),
                ),
                ("is_enabled", models.BooleanField(default=True, verbose_name="switched on")),
                (
                    "policy",
                    models.CharField(
                        choices=[
                            ("priority", "in the order below"),
                            ("local_prefer", "local ones first"),
                            ("cost_aware", "the cheapest first"),
                            ("quality_aware", "the best first"),
                            ("latency_aware", "the quickest first"),
                            ("weighted", "by chance, by weight"),
                            ("round_robin", "in turn"),
                            ("least_busy", "the least busy first"),
                        ],
                        default="priority",
                        max_length=16,
                        verbose_name="choice",
                    ),
                ),
                (
                    "n_retries",
                    models.PositiveSmallIntegerField(default=2, verbose_name="retries per target"),
                ),
                (
                    "n_attempts",
                    models.PositiveSmallIntegerField(
                        default=5,
                        validators=[django.core.validators.MinValueValidator(1)],
                        verbose_name="attempts in all",
                    ),
                ),
                (
                    "waits_for_primary",
                    models.BooleanField(
                        default=False,
                        help_text="Instead of asking the next target at once.",
                        verbose_name="wait out a short Retry-After",
                    ),
                ),
                (
                    "continues_answers",
                    models.BooleanField(
                        default=True,
                        help_text="On another target that takes an answer's beginning; with a visible seam.",
                        verbose_name="go on with a broken answer",
                    ),
                ),
                (
                    "hedge_after_seconds",
                    models.FloatField(
                        blank=True,
                        help_text="Ask a second target when the first is silent this long; the loser is closed.",
                        null=True,
                        validators=[django.core.validators.MinValueValidator(0.05)],
                        verbose_name="hedge after, seconds",
                    ),
                ),
                (
                    "connect_seconds",
                    models.FloatField(
                        blank=True, null=True, verbose_name="connect deadline, seconds"
                    ),
                ),
                (
                    "first_seconds",
                    models.FloatField(
                        blank=True, null=True, verbose_name="first content deadline, seconds"
                    ),
                ),
                (
                    "idle_seconds",
                    models.FloatField(blank=True, null=True, verbose_name="idle deadline, seconds"),
                ),
                (
                    "total_seconds",
                    models.FloatField(
                        blank=True, null=True, verbose_name="total deadline, seconds"
                    ),
                ),
                (
                    "cache_seconds",
                    models.FloatField(
                        default=0.0,
                        help_text="How long an identical request of the same tenant gets the same answer.",
                        validators=[django.core.validators.MinValueValidator(0.0)],
                        verbose_name="cache, seconds",
                    ),
                ),
                (
                    "is_coalesced",
                    models.BooleanField(
                        default=False,
                        help_text="Those in flight at the same time share one call.",
                        verbose_name="merge identical requests",
                    ),
                ),
                (
                    "allows_faults",
                    models.BooleanField(
                        default=False,
                        help_text="Let a key with the scope for it ask for a fault.",
                        verbose_name="faults by header",
                    ),
                ),
            ],
            options={
                "verbose_name": "route",
                "verbose_name_plural": "routes",
                "ordering": ["model"],
            },
        ),
        migrations.CreateModel(
            name="Tenant",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        help_text="Short and lasting: limits, budgets and the ledger count under it.",
                        max_length=64,
                        unique=True,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[a-z0-9][a-z0-9._-]{0,63}\\Z",
                                "A name is made of small letters, digits, dots, dashes and underscores.",
                            )
                        ],
                        verbose_name="name",
                    ),
                ),
                ("title", models.CharField(blank=True, max_length=120, verbose_name="title")),
                (
                    "is_active",
                    models.BooleanField(
                        default=True,
                        help_text="Switched off, all of its keys are refused within a second.",
                        verbose_name="switched on",
                    ),
                ),
                (
                    "weight",
                    models.PositiveSmallIntegerField(
                        default=1,
                        help_text="Twice the share is served twice as often when everybody waits.",
                        validators=[django.core.validators.MinValueValidator(1)],
                        verbose_name="share of the queue",
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
            ],
            options={
                "verbose_name": "tenant",
                "verbose_name_plural": "tenants",
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="ApiKey",
            fields=[
                (
                    "id",
                    models.CharField(
                        editable=False,
                        max_length=24,
                        primary_key=True,
                        serialize=False,
                        verbose_name="id",
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        blank=True,
                        help_text="Who or what uses it.",
                        max_length=120,
                        verbose_name="name",
                    ),
                ),
                ("hash", models.CharField(editable=False, max_length=64, unique=True)),
                ("prefix", models.CharField(editable=False, max_length=12)),
                ("last4", models.CharField(editable=False, max_length=4)),
                (
                    "scopes",
                    models.JSONField(
                        default=gateway.models.api_key.default_scopes, verbose_name="scopes"
                    ),
                ),
                (
                    "model_patterns",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text="Patterns of public names, such as gpt-*; none allows every route.",
                        verbose_name="models",
                    ),
                ),
                ("expires_at", models.DateTimeField(blank=True, null=True, verbose_name="expires")),
                (
                    "revoked_at",
                    models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="revoked"
                    ),
                ),
                (
                    "created_by",
                    models.CharField(editable=False, max_length=150, verbose_name="created by"),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                (
                    "rotated_from",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="rotated_to",
                        to="gateway.apikey",
                        verbose_name="in place of",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="keys",
                        to="gateway.tenant",
                        verbose_name="tenant",
                    ),
                ),
            ],
            options={
                "verbose_name": "key",
                "verbose_name_plural": "keys",
                "ordering": ["tenant", "-created_at", "id"],
            },
        ),
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(auto_now_add=True, db_index=True, verbose_name="at")),
                ("actor", models.CharField(max_length=150, verbose_name="who")),
                (
                    "via",
                    models.CharField(
                        choices=[("admin", "admin"), ("api", "API"), ("cli", "command line")],
                        max_length=8,
                        verbose_name="by way of",
                    ),
                ),
                (
                    "verb",
                    models.CharField(
                        choices=[
                            ("created", "created"),
                            ("changed", "changed"),
                            ("removed", "removed"),
                            ("rotated", "rotated"),
                            ("revoked", "revoked"),
                            ("tested", "tested"),
                        ],
                        max_length=16,
                        verbose_name="did",
                    ),
                ),
                ("kind", models.CharField(max_length=32, verbose_name="kind")),
                ("subject", models.CharField(max_length=160, verbose_name="what")),
                (
                    "version",
                    models.PositiveBigIntegerField(
                        default=0,
                        help_text="Of the configuration that this change made.",
                        verbose_name="version",
                    ),
                ),
                ("before", models.JSONField(null=True, verbose_name="before")),
                ("after", models.JSONField(null=True, verbose_name="after")),
            ],
            options={
                "verbose_name": "audit entry",
                "verbose_name_plural": "audit log",
                "ordering": ["-pk"],
                "indexes": [models.Index(fields=["kind", "subject"], name="audit_of_subject")],
            },
        ),
        migrations.CreateModel(
            name="Provider",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        max_length=64,
                        unique=True,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[a-z0-9][a-z0-9._-]{0,63}\\Z",
                                "A name is made of small letters, digits, dots, dashes and underscores.",
                            )
                        ],
                        verbose_name="name",
                    ),
                ),
                (
                    "adapter",
                    models.CharField(
                        help_text="The wire format it speaks.",
                        max_length=32,
                        verbose_name="adapter",
                    ),
                ),
                (
                    "vendor",
                    models.CharField(
                        blank=True,
                        help_text="Whose address and habits to assume, such as deepseek; empty for none.",
                        max_length=32,
                        verbose_name="vendor",
                    ),
                ),
                (
                    "base_url",
                    models.CharField(
                        blank=True,
                        help_text="Empty means the vendor's own.",
                        max_length=300,
                        verbose_name="address",
                    ),
                ),
                (
                    "credential_env",
                    models.CharField(
                        blank=True,
                        help_text="The name of a variable every process of the gateway has.",
                        max_length=100,
                        verbose_name="credential in the environment",
                    ),
                ),
                ("credential_sealed", models.TextField(blank=True, editable=False)),
                ("credential_last4", models.CharField(blank=True, editable=False, max_length=4)),
                ("is_enabled", models.BooleanField(default=True, verbose_name="switched on")),
                (
                    "is_local",
                    models.BooleanField(
                        default=False,
                        help_text="On machines of our own: nothing to pay per token.",
                        verbose_name="local",
                    ),
                ),
                (
                    "n_places",
                    models.PositiveIntegerField(
                        default=64,
                        help_text="The most calls in flight, over all processes.",
                        validators=[django.core.validators.MinValueValidator(1)],
                        verbose_name="places",
                    ),
                ),
                (
                    "wait_seconds",
                    models.FloatField(
                        default=30.0,
                        validators=[django.core.validators.MinValueValidator(0.0)],
                        verbose_name="wait for a place, seconds",
                    ),
                ),
                (
                    "connect_seconds",
                    models.FloatField(
                        blank=True, null=True, verbose_name="connect deadline, seconds"
                    ),
                ),
                (
                    "first_seconds",
                    models.FloatField(
                        blank=True, null=True, verbose_name="first content deadline, seconds"
                    ),
                ),
                (
                    "idle_seconds",
                    models.FloatField(blank=True, null=True, verbose_name="idle deadline, seconds"),
                ),
                (
                    "total_seconds",
                    models.FloatField(
                        blank=True, null=True, verbose_name="total deadline, seconds"
                    ),
                ),
                (
                    "options",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="The vendor's own settings, such as api_version; names and words.",
                        verbose_name="options",
                    ),
                ),
            ],
            options={
                "verbose_name": "provider",
                "verbose_name_plural": "providers",
                "ordering": ["name"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("credential_env", ""), ("credential_sealed", ""), _connector="OR"
                        ),
                        name="provider_one_credential",
                        violation_error_message="A credential is in the environment or here, not both.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Revision",
            fields=[
                (
                    "id",
                    models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False),
                ),
                ("number", models.PositiveBigIntegerField(default=0)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("id", 1)), name="revision_is_one_row"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RouteTarget",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "model",
                    models.CharField(
                        help_text="The name the provider knows it by.",
                        max_length=128,
                        verbose_name="model there",
                    ),
                ),
                ("order", models.PositiveSmallIntegerField(default=0, verbose_name="order")),
                (
                    "abilities",
                    models.JSONField(
                        default=gateway.models.route.default_abilities, verbose_name="abilities"
                    ),
                ),
                (
                    "context_tokens",
                    models.PositiveIntegerField(
                        default=0,
                        help_text="0: unknown, never a reason to pass it over.",
                        verbose_name="context, tokens",
                    ),
                ),
                (
                    "max_output_tokens",
                    models.PositiveIntegerField(default=0, verbose_name="longest answer, tokens"),
                ),
                (
                    "quality",
                    models.FloatField(
                        default=0.5,
                        validators=[
                            django.core.validators.MinValueValidator(0.0),
                            django.core.validators.MaxValueValidator(1.0),
                        ],
                        verbose_name="quality",
                    ),
                ),
                ("weight", models.PositiveSmallIntegerField(default=1, verbose_name="weight")),
                (
                    "provider",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="targets",
                        to="gateway.provider",
                        verbose_name="provider",
                    ),
                ),
                (
                    "route",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="targets",
                        to="gateway.route",
                        verbose_name="route",
                    ),
                ),
            ],
            options={
                "verbose_name": "target",
                "verbose_name_plural": "targets",
                "ordering": ["route", "order", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("route", "provider", "model"),
                        name="route_target_once",
                        violation_error_message="This target is in the route already.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Limit",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "amount",
                    models.PositiveBigIntegerField(
                        validators=[django.core.validators.MinValueValidator(1)],
                        verbose_name="amount",
                    ),
                ),
                (
                    "unit",
                    models.CharField(
                        choices=[
                            ("requests", "requests"),
                            ("tokens", "tokens"),
                            ("concurrent", "requests at once"),
                            ("microusd", "micro-USD"),
                        ],
                        default="requests",
                        max_length=16,
                        verbose_name="unit",
                    ),
                ),
                (
                    "dimension",
                    models.CharField(
                        choices=[
                            ("key", "each key"),
                            ("tenant", "each tenant"),
                            ("user", "each user a program names"),
                            ("ip", "each address"),
                            ("route", "each kind of call"),
                            ("model", "each model"),
                            ("provider", "each provider"),
                            ("global", "all together"),
                        ],
                        max_length=16,
                        verbose_name="counted for",
                    ),
                ),
                (
                    "window_seconds",
                    models.FloatField(
                        default=60.0,
                        validators=[django.core.validators.MinValueValidator(0.001)],
                        verbose_name="window, seconds",
                    ),
                ),
                (
                    "algorithm",
                    models.CharField(
                        choices=[
                            ("token_bucket", "token bucket: refills steadily, may save up"),
                            ("sliding_window", "sliding window: never more in any window"),
                            ("fixed_window", "fixed window: begins anew on the clock"),
                            ("leaky_bucket", "leaky bucket: evenly spaced"),
                        ],
                        default="token_bucket",
                        max_length=16,
                        verbose_name="algorithm",
                    ),
                ),
                (
                    "burst",
                    models.PositiveBigIntegerField(
                        default=0,
                        help_text="The most a bucket saves up; 0 means the amount.",
                        verbose_name="burst",
                    ),
                ),
                (
                    "key",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="limits",
                        to="gateway.apikey",
                        verbose_name="key",
                    ),
                ),
                (
                    "route",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="limits",
                        to="gateway.route",
                        verbose_name="route",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="limits",
                        to="gateway.tenant",
                        verbose_name="tenant",
                    ),
                ),
            ],
            options={
                "verbose_name": "limit",
                "verbose_name_plural": "limits",
                "ordering": ["pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("key", None), ("tenant", None)),
                            models.Q(("route", None), ("tenant", None)),
                            models.Q(("key", None), ("route", None)),
                            _connector="OR",
                        ),
                        name="limit_one_subject",
                        violation_error_message="A limit binds one of them: tenant, key or route.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount__gt", 0), ("window_seconds__gte", 0.001)),
                        name="limit_can_be_counted",
                        violation_error_message="A limit is more than nothing, in more than no time.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Budget",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "period",
                    models.CharField(
                        choices=[("day", "a day"), ("month", "a month"), ("total", "in all")],
                        default="month",
                        max_length=8,
                        verbose_name="period",
                    ),
                ),
                (
                    "limit_microusd",
                    models.PositiveBigIntegerField(
                        validators=[django.core.validators.MinValueValidator(1)],
                        verbose_name="limit, micro-USD",
                    ),
                ),
                (
                    "alerts",
                    models.JSONField(
                        blank=True,
                        default=gateway.models.limit.default_alerts,
                        help_text="Shares of it at which somebody should be told, such as 0.8.",
                        verbose_name="alerts",
                    ),
                ),
                (
                    "key",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="budgets",
                        to="gateway.apikey",
                        verbose_name="key",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="budgets",
                        to="gateway.tenant",
                        verbose_name="tenant",
                    ),
                ),
            ],
            options={
                "verbose_name": "budget",
                "verbose_name_plural": "budgets",
                "ordering": ["pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("key__isnull", False), ("tenant", None)),
                            models.Q(("key", None), ("tenant__isnull", False)),
                            _connector="OR",
                        ),
                        name="budget_one_subject",
                        violation_error_message="A budget is for a tenant or for a key.",
                    ),
                    models.UniqueConstraint(
                        fields=("tenant", "key", "period"),
                        name="budget_once_per_period",
                        nulls_distinct=False,
                        violation_error_message="There is a budget for this period already.",
                    ),
                ],
            },
        ),
        migrations.RunSQL(_FORWARD, _REVERSE),
    ]
