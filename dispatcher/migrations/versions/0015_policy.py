"""Policy profiles with versions, which of them serve which purpose, days of regions, and who waits for a cap.

`ix_attempt_capped` is made in the one transaction of all migrations (`migrate`: two processes that start
together migrate one after the other), where PostgreSQL makes no index concurrently, nor ever one over a
partitioned table. While it is made, attempts can be read but not written: sending pauses for one reading of
the table, in proportion to its size, and until the transaction ends. The index itself stays empty. Migrate
an installation with millions of attempts while nothing is being sent.

Runs of before have no policies of their own: their hours and caps hold for everybody on their list.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
JSON = postgresql.JSONB(astext_type=sa.Text())

REFUSE_CHANGES = """
    CREATE TRIGGER policy_profile_append_only BEFORE UPDATE OR DELETE ON policy_profile
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "policy_profile",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("rules", JSON, nullable=False),
        sa.Column("saved_by", sa.Text(), nullable=False),
        sa.Column("saved_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name", "version", name=op.f("pk_policy_profile")),
    )
    op.execute(REFUSE_CHANGES)
    op.create_table(
        "policy_choice",
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("customer_group", sa.SmallInteger(), nullable=False),
        sa.Column("profiles", JSON, nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("purpose", "customer_group", name=op.f("pk_policy_choice")),
    )
    op.add_column("run", sa.Column("policies", JSON, nullable=True))
    _widen_calendar()
    # One look through the attempts, and no row of before is in it: caps held nobody under these names.
    op.create_index(
        "ix_attempt_capped",
        "attempt",
        ["run_id", "due_at"],
        postgresql_where=sa.text("state = 'planned' AND hold_reason IN ('frequency_cap', 'address_cap')"),
    )


def _widen_calendar() -> None:
    """A table of a few dozen rows; `is_working` stays for what still reads it."""
    op.add_column(
        "calendar_day", sa.Column("region", sa.Text(), server_default=sa.text("''"), nullable=False)
    )
    op.add_column("calendar_day", sa.Column("kind", sa.Text(), nullable=True))
    op.add_column("calendar_day", sa.Column("changed_by", sa.Text(), nullable=True))
    op.add_column("calendar_day", sa.Column("changed_at", MOMENT, nullable=True))
    op.execute("UPDATE calendar_day SET kind = CASE WHEN is_working THEN 'working' ELSE 'off' END")
    op.alter_column("calendar_day", "kind", nullable=False)
    op.drop_constraint("pk_calendar_day", "calendar_day")
    op.create_primary_key("pk_calendar_day", "calendar_day", ["country", "region", "day"])


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_index("ix_attempt_capped", "attempt")
    op.execute("DELETE FROM calendar_day WHERE region <> ''")
    op.drop_constraint("pk_calendar_day", "calendar_day")
    op.create_primary_key("pk_calendar_day", "calendar_day", ["country", "day"])
    for name in ("region", "kind", "changed_by", "changed_at"):
        op.drop_column("calendar_day", name)
    op.drop_column("run", "policies")
    op.drop_table("policy_choice")
    op.drop_table("policy_profile")
