"""A fault may be one tenant's own; limits and budgets say in one place whom they bind."""

import django.db.models.deletion
from django.db import migrations, models


def _bound(model_name: str, name: str, to: str) -> migrations.AlterField:
    """Only the name of the way back is written down anew; no column changes."""
    return migrations.AlterField(
        model_name=model_name,
        name=name,
        field=models.ForeignKey(
            blank=True,
            null=True,
            on_delete=django.db.models.deletion.CASCADE,
            related_name="%(class)ss",
            to=to,
            verbose_name=name,
        ),
    )


class Migration(migrations.Migration):
    dependencies = [
        ("gateway", "0004_shared_calls"),
    ]

    operations = [
        migrations.AddField(
            model_name="faultrule",
            name="tenant",
            field=models.ForeignKey(
                blank=True,
                help_text="It alone is hit, and nobody else notices; empty: everybody, rooms too.",
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="faults",
                to="gateway.tenant",
                verbose_name="tenant",
            ),
        ),
        _bound("budget", "key", "gateway.apikey"),
        _bound("budget", "tenant", "gateway.tenant"),
        _bound("limit", "key", "gateway.apikey"),
        _bound("limit", "tenant", "gateway.tenant"),
    ]
