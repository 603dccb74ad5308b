"""Why a call was taken for a person or a machine."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    # The default stays: processes of the version before write rows without the column.
    op.add_column("attempt_call", sa.Column("answered_because", sa.Text(), nullable=False, server_default=""))
