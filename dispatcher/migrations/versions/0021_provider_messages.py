"""Which attempt a provider's own id of a message means: receipts over SMPP name nothing else."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "provider_message",
        sa.Column("period", sa.Date(), nullable=False),
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("part", sa.SmallInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("period", "attempt_id", "part", name=op.f("pk_provider_message")),
    )
    op.create_index("ix_provider_message_name", "provider_message", ["name", "kept_at"])
    op.create_index("ix_provider_message_kept_at", "provider_message", ["kept_at"])
    op.add_column("receipt", sa.Column("provider_message", sa.Text(), nullable=True))
