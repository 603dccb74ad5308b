"""A key that may approve is bound to a person."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("api_key", sa.Column("approver_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_api_key_approver_id_staff"), "api_key", "staff", ["approver_id"], ["id"])


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_constraint(op.f("fk_api_key_approver_id_staff"), "api_key")
    op.drop_column("api_key", "approver_id")
