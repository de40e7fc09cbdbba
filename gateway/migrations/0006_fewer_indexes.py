"""The ledger without two indexes that no query could use, and every row was entered into."""

from django.db import migrations, models

_FORWARD = """
DROP INDEX gateway_usagerecord_attempt_id_8f1997ff_like;
DROP INDEX gateway_usagerecord_request_id_da5bbb36_like;
ALTER INDEX gateway_usagerecord_request_id_da5bbb36 RENAME TO usage_of_request;
ALTER TABLE gateway_usagerecord
RENAME CONSTRAINT gateway_usagerecord_attempt_id_key TO usage_attempt_once;
"""

_REVERSE = """
ALTER TABLE gateway_usagerecord
RENAME CONSTRAINT usage_attempt_once TO gateway_usagerecord_attempt_id_key;
ALTER INDEX usage_of_request RENAME TO gateway_usagerecord_request_id_da5bbb36;
CREATE INDEX gateway_usagerecord_request_id_da5bbb36_like
ON gateway_usagerecord (request_id varchar_pattern_ops);
CREATE INDEX gateway_usagerecord_attempt_id_8f1997ff_like
ON gateway_usagerecord (attempt_id varchar_pattern_ops);
"""


class Migration(migrations.Migration):
    """Drop them, and name the two that stay; nothing is built anew, however many rows there are."""

    dependencies = [
        ("gateway", "0005_faults_of_tenants"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(_FORWARD, _REVERSE)],
            state_operations=[
                migrations.AlterField(
                    model_name="usagerecord",
                    name="attempt_id",
                    field=models.CharField(max_length=160, verbose_name="attempt"),
                ),
                migrations.AlterField(
                    model_name="usagerecord",
                    name="request_id",
                    field=models.CharField(max_length=150, verbose_name="request"),
                ),
                migrations.AddConstraint(
                    model_name="usagerecord",
                    constraint=models.UniqueConstraint(
                        fields=("attempt_id",), name="usage_attempt_once"
                    ),
                ),
                migrations.AddIndex(
                    model_name="usagerecord",
                    index=models.Index(fields=["request_id"], name="usage_of_request"),
                ),
            ],
        ),
    ]
