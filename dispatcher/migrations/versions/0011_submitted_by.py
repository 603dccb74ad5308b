"""Who handed a run over to its approver is not the one who approves it."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("run", sa.Column("submitted_by", sa.Text(), nullable=True))
