"""Figures for reports: what each run cost, counted; and the ledger and refusals found by their time.

Both indexes are BRIN: the rows are written in the order of their time, so that a few pages are enough for
millions of them, and writing one more costs nothing. What has been priced so far is counted here, once.
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "run_cost",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("shard", sa.SmallInteger(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("parts", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.Numeric(18, 4), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_run_cost_run_id_run")),
        sa.PrimaryKeyConstraint("run_id", "channel", "shard", name=op.f("pk_run_cost")),
    )
    op.execute(
        "INSERT INTO run_cost (run_id, channel, shard, attempts, parts, amount) "
        "SELECT a.run_id, a.channel, 0, count(p.amount), sum(p.parts), coalesce(sum(p.amount), 0) "
        "FROM attempt_price p JOIN attempt a ON a.period = p.period AND a.id = p.attempt_id "
        "GROUP BY a.run_id, a.channel"
    )
    for table, column in (("consent_event", "recorded_at"), ("address_refusal", "noted_at")):
        op.create_index(f"ix_{table}_{column}", table, [column], postgresql_using="brin")
