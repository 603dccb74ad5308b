"""What comes back: refused addresses, paused recipient domains, letters; one ban in force per address."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)

# Nothing of the product has written bans before, but somebody may have by hand.
ONE_IN_FORCE = """
UPDATE suppression s SET lifted_at = now(), lifted_by = 'system', lift_reason = 'repeated'
WHERE s.lifted_at IS NULL AND EXISTS (
    SELECT 1 FROM suppression o
    WHERE o.channel = s.channel AND lower(o.address) = lower(s.address) AND o.lifted_at IS NULL
      AND (coalesce(o.expires_at, 'infinity'), o.id) > (coalesce(s.expires_at, 'infinity'), s.id))
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    _stop_list()
    _domains()
    _refusals()
    _letters()


def _stop_list() -> None:
    op.add_column("suppression", sa.Column("note", sa.Text(), nullable=True))
    op.add_column("suppression", sa.Column("created_by", sa.Text(), nullable=True))
    op.execute(ONE_IN_FORCE)
    op.execute("UPDATE suppression SET address = lower(address) WHERE address <> lower(address)")
    op.create_index(
        "ix_suppression_one_in_force",
        "suppression",
        ["channel", "address"],
        unique=True,
        postgresql_where=sa.text("lifted_at IS NULL"),
    )
    op.drop_index("ix_suppression_in_force", "suppression")
    op.create_index("ix_suppression_source_attempt_id", "suppression", ["source_attempt_id"])
    op.create_index(
        "ix_contact_point_kind_lower_address", "contact_point", ["kind", sa.text("lower(address)")]
    )


def _domains() -> None:
    op.create_table(
        "domain_pause",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("figures", postgresql.JSONB(), nullable=False),
        sa.Column("paused_by", sa.Text(), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("lifted_at", MOMENT, nullable=True),
        sa.Column("lifted_by", sa.Text(), nullable=True),
        sa.Column("lift_reason", sa.Text(), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.Column("released_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_domain_pause")),
    )
    op.create_index(
        "ix_domain_pause_open",
        "domain_pause",
        ["domain"],
        unique=True,
        postgresql_where=sa.text("lifted_at IS NULL"),
    )
    op.create_index(
        "ix_domain_pause_unreleased", "domain_pause", ["id"], postgresql_where=sa.text("released_at IS NULL")
    )
    op.create_table(
        "domain_traffic",
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("hour", MOMENT, nullable=False),
        sa.Column("shard", sa.SmallInteger(), nullable=False),
        sa.Column("answered", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("domain", "hour", "shard", name=op.f("pk_domain_traffic")),
    )


def _refusals() -> None:
    op.create_table(
        "address_refusal",
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("period", sa.Date(), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("contact_point_id", sa.Uuid(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("sent_at", MOMENT, nullable=False),
        sa.Column("noted_at", MOMENT, nullable=False),
        sa.Column("judged_at", MOMENT, nullable=True),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.Column("pause_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_address_refusal_run_id_run")),
        sa.ForeignKeyConstraint(
            ["pause_id"], ["domain_pause.id"], name=op.f("fk_address_refusal_pause_id_domain_pause")
        ),
        sa.PrimaryKeyConstraint("attempt_id", "kind", name=op.f("pk_address_refusal")),
    )
    op.create_index(
        "ix_address_refusal_waiting",
        "address_refusal",
        ["kind", "noted_at"],
        postgresql_where=sa.text("judged_at IS NULL"),
    )
    op.create_index("ix_address_refusal_address", "address_refusal", ["channel", "address", "noted_at"])
    op.create_index("ix_address_refusal_domain", "address_refusal", ["domain", "kind", "sent_at"])
    op.create_index("ix_address_refusal_run_id", "address_refusal", ["run_id", "kind"])
    op.create_index(
        "ix_address_refusal_pause_id",
        "address_refusal",
        ["pause_id"],
        postgresql_where=sa.text("pause_id IS NOT NULL"),
    )


def _letters() -> None:
    op.create_table(
        "incoming_letter",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("file_names", postgresql.JSONB(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("period", sa.Date(), nullable=True),
        sa.Column("notice_id", sa.Uuid(), nullable=True),
        sa.Column("attempt_id", sa.Uuid(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("certainty", sa.Text(), nullable=False),
        sa.Column("handled_at", MOMENT, nullable=True),
        sa.Column("handled_by", sa.Text(), nullable=True),
        sa.Column("handling", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_incoming_letter_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incoming_letter")),
    )
    op.create_index("ix_incoming_letter_fingerprint", "incoming_letter", ["fingerprint"], unique=True)
    op.create_index(
        "ix_incoming_letter_open", "incoming_letter", ["id"], postgresql_where=sa.text("handled_at IS NULL")
    )
    op.create_index("ix_incoming_letter_person_id", "incoming_letter", ["person_id"])
