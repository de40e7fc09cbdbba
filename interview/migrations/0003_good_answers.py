"""A snapshot's count of good answers bears the name of what it counts."""

from django.db import migrations

RENAME = """
UPDATE interview_room
SET snapshot = (snapshot - '{old}') || jsonb_build_object('{new}', snapshot->'{old}')
WHERE snapshot ? '{old}'
"""


class Migration(migrations.Migration):
    """Rename the key in every snapshot; logs are as they were."""

    dependencies = [("interview", "0002_append_only")]

    operations = [
        migrations.RunSQL(
            sql=RENAME.format(old="n_brilliant", new="n_good"),
            reverse_sql=RENAME.format(old="n_good", new="n_brilliant"),
        ),
    ]
