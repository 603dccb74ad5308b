"""What a campaign's recipients share, what a company decided about scenarios, who let a text pass."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in ("campaign", "run"):
        op.add_column(
            table,
            sa.Column("common_fields", JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        )
    op.add_column("template_version", sa.Column("accepted_because", sa.Text(), nullable=True))
    op.create_table(
        "scenario_rule",
        sa.Column("scenario", sa.Text(), primary_key=True),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("lead_days", sa.SmallInteger(), nullable=True),
        sa.Column("lead_months", sa.SmallInteger(), nullable=True),
        sa.Column("strictness", sa.Text(), nullable=True),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
    )
