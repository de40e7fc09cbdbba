"""A call shared with others has an end of its own in the ledger."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("gateway", "0003_governance"),
    ]

    operations = [
        migrations.AlterField(
            model_name="usagerecord",
            name="end_reason",
            field=models.CharField(
                choices=[
                    ("done", "done"),
                    ("error", "error"),
                    ("cancelled", "cancelled"),
                    ("crashed", "crashed"),
                    ("hedged", "hedged"),
                    ("cached", "cached"),
                    ("shared", "shared"),
                ],
                max_length=16,
                verbose_name="end",
            ),
        ),
    ]
