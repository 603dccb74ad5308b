"""Planned attempts that were put off are counted under what they wait for."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# What is planned now moves from the nameless counter to that of its reason; the sums stay.
MOVE = """
    INSERT INTO progress (run_id, kind, channel, state, reason, shard, count)
    SELECT run_id, 'attempt', channel, 'planned', moved.reason, 0, sum(moved.count)
    FROM (SELECT run_id, channel, hold_reason, count(*) AS count FROM attempt
          WHERE state = 'planned' AND hold_reason IS NOT NULL GROUP BY run_id, channel, hold_reason) held
    CROSS JOIN LATERAL (VALUES (held.hold_reason, held.count), ('', -held.count)) AS moved(reason, count)
    GROUP BY run_id, channel, moved.reason
    ON CONFLICT (run_id, kind, channel, state, reason, shard)
    DO UPDATE SET count = progress.count + excluded.count
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(MOVE)
