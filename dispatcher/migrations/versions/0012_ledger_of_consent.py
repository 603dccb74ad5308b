"""Permissions that end, and contacts by when they were confirmed: found without reading everything."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_index(
        "ix_consent_event_end",
        "consent_event",
        ["valid_until"],
        postgresql_where=sa.text("valid_until IS NOT NULL AND action IN ('given', 'confirmed')"),
    )
    op.create_index(
        "ix_contact_point_confirmation",
        "contact_point",
        [sa.literal_column("coalesce(confirmed_at, created_at)"), "id"],
    )
