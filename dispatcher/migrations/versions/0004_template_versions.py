"""Template versions: whose they are, the HTML before inlining, rules for files that go with them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("template_version", sa.Column("html_source", sa.Text(), nullable=True))
    # Until now only built-in texts were written; a program of before goes on writing such.
    op.add_column(
        "template_version", sa.Column("origin", sa.Text(), server_default="builtin", nullable=False)
    )
    op.add_column(
        "template_version",
        sa.Column("attachments", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for name in ("attachments", "origin", "html_source"):
        op.drop_column("template_version", name)
