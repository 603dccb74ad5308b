"""Bodies that were sent are kept as they are: they are compressed already, and small enough for their row.

PostgreSQL tried to compress each once more, then cut it into pieces for a table of its own with an index.
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# The largest row that PostgreSQL is told to leave whole: one to a page.
ROOM = "toast_tuple_target = 8160"

ENSURE_PERIOD = f"""
CREATE OR REPLACE FUNCTION ensure_period(wanted date) RETURNS void LANGUAGE plpgsql AS $function$
DECLARE
    parent text;
    child text;
BEGIN
    IF extract(day FROM wanted) <> 1 THEN
        RAISE EXCEPTION 'a period is the first day of a month, not %', wanted;
    END IF;
    FOREACH parent IN ARRAY ARRAY['notice', 'attempt', 'attempt_notice', 'attempt_event',
                                  'attempt_content', 'receipt'] LOOP
        child := parent || '_p' || to_char(wanted, 'YYYYMM');
        CONTINUE WHEN to_regclass(child) IS NOT NULL;
        PERFORM pg_advisory_xact_lock(hashtext('ensure_period'));
        -- Not to_regclass again: it may answer from a cache that is older than the lock.
        EXECUTE format('CREATE TABLE IF NOT EXISTS %I PARTITION OF %I FOR VALUES IN (%L) '
                       'WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02, '
                       '{ROOM})', child, parent, wanted);
    END LOOP;
END
$function$
"""

EXISTING = f"""
DO $block$
DECLARE
    child regclass;
BEGIN
    FOR child IN SELECT inhrelid FROM pg_inherits WHERE inhparent = 'attempt_content'::regclass LOOP
        EXECUTE format('ALTER TABLE %s SET ({ROOM})', child);
    END LOOP;
END
$block$
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("ALTER TABLE attempt_content ALTER COLUMN content SET STORAGE EXTERNAL")
    op.execute(EXISTING)
    op.execute(ENSURE_PERIOD)
