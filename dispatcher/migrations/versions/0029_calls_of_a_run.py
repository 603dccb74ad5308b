"""The calls of a run in the order in which they are shown."""

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_index("ix_attempt_call_run_id", "attempt_call", ["run_id", "attempt_id"])
