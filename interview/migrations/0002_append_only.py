"""Make the event log append-only where it is kept: Postgres refuses every change of a fact."""

from django.db import migrations

_FORWARD = """
CREATE FUNCTION interview_roomevent_refuse_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'interview_roomevent is append-only: % refused', TG_OP
        USING ERRCODE = 'restrict_violation',
              HINT = 'A fact is never changed; append a new one.';
END
$$;

CREATE TRIGGER interview_roomevent_append_only
BEFORE UPDATE OR DELETE ON interview_roomevent
FOR EACH ROW EXECUTE FUNCTION interview_roomevent_refuse_change();

CREATE TRIGGER interview_roomevent_no_truncate
BEFORE TRUNCATE ON interview_roomevent
FOR EACH STATEMENT EXECUTE FUNCTION interview_roomevent_refuse_change();
"""

_REVERSE = """
DROP TRIGGER interview_roomevent_no_truncate ON interview_roomevent;
DROP TRIGGER interview_roomevent_append_only ON interview_roomevent;
DROP FUNCTION interview_roomevent_refuse_change();
"""


class Migration(migrations.Migration):
    """Triggers on the event log; `restrict_violation` reaches Django as an IntegrityError."""

    dependencies = [("interview", "0001_initial")]

    operations = [migrations.RunSQL(_FORWARD, _REVERSE)]
