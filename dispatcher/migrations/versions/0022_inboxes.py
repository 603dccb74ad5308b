"""What customers write is fetched from providers' accounts too, beside what is heard by callback."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "inbox_cursor",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("after_id", sa.Text(), nullable=True),
        sa.Column("ask_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("provider", name=op.f("pk_inbox_cursor")),
    )
    for name in ("provider", "heard_id", "fetched_id"):
        op.add_column("incoming_letter", sa.Column(name, sa.Text(), nullable=True))
    op.create_index("ix_incoming_letter_sender", "incoming_letter", ["sender", "received_at"])
