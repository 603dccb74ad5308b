"""Who refuses short messages by one is answered once, by a message that is claimed and recorded."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "refusal_answer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("letter_id", sa.Uuid(), nullable=False),
        sa.Column("contact_point_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("is_for_all", sa.Boolean(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sends", sa.SmallInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("claim_token", sa.Uuid(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("provider_id", sa.Text(), nullable=True),
        sa.Column("parts", sa.SmallInteger(), nullable=True),
        sa.Column("amount", sa.Numeric(12, 4), nullable=True),
        sa.Column("report", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["contact_point_id"],
            ["contact_point.id"],
            name=op.f("fk_refusal_answer_contact_point_id_contact_point"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refusal_answer")),
    )
    op.create_index("ix_refusal_answer_letter_id", "refusal_answer", ["letter_id"], unique=True)
    op.create_index(
        "ix_refusal_answer_contact_point_id", "refusal_answer", ["contact_point_id", "requested_at"]
    )
    op.create_index(
        "ix_refusal_answer_due",
        "refusal_answer",
        ["due_at"],
        postgresql_where=sa.text("state IN ('waiting', 'sending')"),
    )
