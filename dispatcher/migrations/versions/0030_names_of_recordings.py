"""The name of a retired recording is free for another one."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_constraint("uq_recorded_prompt_name", "recorded_prompt", type_="unique")
    op.create_index(
        "ix_recorded_prompt_name",
        "recorded_prompt",
        ["name"],
        unique=True,
        postgresql_where=sa.text("is_active"),
    )
