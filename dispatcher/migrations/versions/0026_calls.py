"""What came of each call, and recordings of those who answered."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "attempt_call",
        sa.Column("period", sa.Date(), nullable=False),
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("cause", sa.SmallInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("trunk", sa.Text(), nullable=False),
        sa.Column("caller_id", sa.Text(), nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("ring_seconds", sa.Float(), nullable=False),
        sa.Column("talk_seconds", sa.Float(), nullable=False),
        sa.Column("heard_seconds", sa.Float(), nullable=False),
        sa.Column("message_seconds", sa.Float(), nullable=False),
        sa.Column("ended_by_them", sa.Boolean(), nullable=False),
        sa.Column("answered_by", sa.Text(), nullable=False),
        sa.Column("reached", sa.Text(), nullable=True),
        sa.Column("is_identity_confirmed", sa.Boolean(), nullable=False),
        sa.Column("keys", sa.Text(), nullable=False),
        sa.Column("collected", postgresql.JSONB(), nullable=True),
        sa.Column("is_wrong_person", sa.Boolean(), nullable=False),
        sa.Column("wants_no_calls", sa.Boolean(), nullable=False),
        sa.Column("was_transferred", sa.Boolean(), nullable=False),
        sa.Column("prompts", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answers_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_attempt_call_run_id_run")),
        sa.PrimaryKeyConstraint("period", "attempt_id", name=op.f("pk_attempt_call")),
    )
    op.create_index(
        "ix_attempt_call_answers_due",
        "attempt_call",
        ["answers_due_at"],
        postgresql_where=sa.text("answers_due_at IS NOT NULL"),
    )
    op.create_index(
        "ix_attempt_call_collected",
        "attempt_call",
        ["run_id", "attempt_id"],
        postgresql_where=sa.text("collected IS NOT NULL"),
    )
    op.create_table(
        "call_recording",
        sa.Column("period", sa.Date(), nullable=False),
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("period", "attempt_id", name=op.f("pk_call_recording")),
    )
    op.create_index("ix_call_recording_recorded_at", "call_recording", ["recorded_at"])
