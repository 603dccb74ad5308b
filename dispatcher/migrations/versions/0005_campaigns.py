"""Campaigns: approval, first N, linked runs, recurrence, seed contacts."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
RUN_COLUMNS = (
    ("parent_run_id", sa.Uuid()),
    ("first_count", sa.Integer()),
    ("first_released_at", MOMENT),
    ("created_by", sa.Text()),
    ("changed_by", sa.Text()),
    ("approved_by", sa.Text()),
    ("approved_at", MOMENT),
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("run", sa.Column("kind", sa.Text(), server_default=sa.text("'main'"), nullable=False))
    op.add_column(
        "run", sa.Column("needs_approval", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    for name, type_ in RUN_COLUMNS:
        op.add_column("run", sa.Column(name, type_, nullable=True))
    op.create_foreign_key(op.f("fk_run_parent_run_id_run"), "run", "run", ["parent_run_id"], ["id"])
    op.create_index(
        "ix_run_linked_open",
        "run",
        ["parent_run_id", "kind"],
        unique=True,
        postgresql_where=sa.text("kind IN ('resend', 'correction') AND state NOT IN ('closed', 'rejected')"),
    )
    op.create_index(
        "ix_run_seed", "run", ["parent_run_id"], unique=True, postgresql_where=sa.text("kind = 'seed'")
    )
    _add_recurrence()
    op.create_table(
        "seed_contact",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contact_point_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("removed_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["contact_point_id"],
            ["contact_point.id"],
            name=op.f("fk_seed_contact_contact_point_id_contact_point"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_seed_contact_account_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seed_contact")),
        sa.UniqueConstraint("contact_point_id", name=op.f("uq_seed_contact_contact_point_id")),
    )


def _add_recurrence() -> None:
    op.create_table(
        "recurrence",
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("cron", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("list_name", sa.Text(), nullable=False),
        sa.Column("window_seconds", sa.Integer(), nullable=False),
        sa.Column("until", MOMENT, nullable=True),
        sa.Column("max_count", sa.Integer(), nullable=True),
        sa.Column("made_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("allows_unchanged", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("first_count", sa.Integer(), nullable=True),
        sa.Column("max_per_second", sa.Float(), nullable=True),
        sa.Column("needs_approval", sa.Boolean(), nullable=False),
        sa.Column("next_wall", sa.DateTime(timezone=False), nullable=True),
        sa.Column("next_at", MOMENT, nullable=True),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_recurrence_campaign_id_campaign")
        ),
        sa.PrimaryKeyConstraint("campaign_id", name=op.f("pk_recurrence")),
    )
    op.create_index(
        "ix_recurrence_due", "recurrence", ["next_at"], postgresql_where=sa.text("state = 'active'")
    )
    op.create_table(
        "occurrence",
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("wall", sa.DateTime(timezone=False), nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column("list_id", sa.Uuid(), nullable=True),
        sa.Column("decided_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["recurrence.campaign_id"], name=op.f("fk_occurrence_campaign_id_recurrence")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_occurrence_run_id_run")),
        sa.ForeignKeyConstraint(
            ["list_id"], ["recipient_list.id"], name=op.f("fk_occurrence_list_id_recipient_list")
        ),
        sa.PrimaryKeyConstraint("campaign_id", "wall", name=op.f("pk_occurrence")),
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("seed_contact")
    op.drop_table("occurrence")
    op.drop_table("recurrence")
    op.drop_index("ix_run_seed", "run")
    op.drop_index("ix_run_linked_open", "run")
    for name in ("kind", "needs_approval", *(name for name, _ in RUN_COLUMNS)):
        op.drop_column("run", name)
