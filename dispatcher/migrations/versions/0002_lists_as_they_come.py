"""Lists as billing systems make them: what was rejected, how the file was read, saved column mappings."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("recipient_list", sa.Column("header", postgresql.ARRAY(sa.Text()), nullable=True))
    op.add_column("recipient_list", sa.Column("source", postgresql.JSONB(), nullable=True))
    for name in ("rejected_count", "zone_unknown_count"):
        op.add_column(
            "recipient_list", sa.Column(name, sa.Integer(), server_default=sa.text("0"), nullable=False)
        )
    op.add_column("recipient_list", sa.Column("same_as_version", sa.Integer(), nullable=True))
    op.add_column("recipient_list", sa.Column("failure", sa.Text(), nullable=True))
    op.add_column("person", sa.Column("staff_changed_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "recipient_list_rejected_row",
        sa.Column("list_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("cells", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["list_id"],
            ["recipient_list.id"],
            name=op.f("fk_recipient_list_rejected_row_list_id_recipient_list"),
        ),
        sa.PrimaryKeyConstraint("list_id", "number", name=op.f("pk_recipient_list_rejected_row")),
    )
    op.create_table(
        "list_mapping",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("columns", postgresql.JSONB(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_list_mapping")),
        sa.UniqueConstraint("source", name=op.f("uq_list_mapping_source")),
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("list_mapping")
    op.drop_table("recipient_list_rejected_row")
    op.drop_column("person", "staff_changed_at")
    for name in (
        "failure",
        "same_as_version",
        "zone_unknown_count",
        "rejected_count",
        "source",
        "header",
    ):
        op.drop_column("recipient_list", name)
