"""Imports give signs of life; notices remember with which step they began; rejected rows are purged."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
#: What is under way while the schema changes, by code that knows no lease, gets an hour.
LEASE = sa.text("clock_timestamp() + interval '1 hour'")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table, states in (("recipient_list", "'importing'"), ("list_import", "'held', 'waiting', 'running'")):
        op.add_column(table, sa.Column("lease_until", MOMENT, server_default=LEASE, nullable=False))
        op.create_index(
            f"ix_{table}_lease",
            table,
            ["lease_until"],
            postgresql_where=sa.text(f"state IN ({states})"),
        )
    op.add_column("recipient_list", sa.Column("rejected_purged_at", MOMENT, nullable=True))
    op.add_column(
        "notice", sa.Column("first_step", sa.SmallInteger(), server_default=sa.text("0"), nullable=False)
    )
