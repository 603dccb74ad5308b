"""What attempts cost, and of which of them the provider is to be asked what became of them."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "attempt_price",
        sa.Column("period", sa.Date(), nullable=False),
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("parts", sa.SmallInteger(), nullable=False),
        sa.Column("amount", sa.Numeric(12, 4), nullable=True),
        sa.Column("priced_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("period", "attempt_id", name=op.f("pk_attempt_price")),
    )
    op.create_table(
        "provider_question",
        sa.Column("period", sa.Date(), nullable=False),
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("ask_at", MOMENT, nullable=False),
        sa.Column("wait_seconds", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("period", "attempt_id", name=op.f("pk_provider_question")),
    )
    op.create_index("ix_provider_question_due", "provider_question", ["channel", "ask_at"])


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("provider_question")
    op.drop_table("attempt_price")
