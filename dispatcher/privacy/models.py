"""Erasures of persons, and what retention has purged."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from dispatcher.core.db import Base

Moment = DateTime(timezone=True)


class Erasure(Base):
    """One erasure of a person's data: begun in one transaction, carried out in slices, on record for good."""

    __tablename__ = "erasure"
    __table_args__ = (
        Index("ix_erasure_running", "id", postgresql_where=text("state = 'running'")),
        Index("ix_erasure_person_id", "person_id", unique=True),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str]  #: why, and by which document; no personal data
    state: Mapped[str]  #: running, done
    requested_by: Mapped[str]
    requested_at: Mapped[datetime] = mapped_column(Moment)
    finished_at: Mapped[datetime | None] = mapped_column(Moment)
    counts: Mapped[dict[str, Any]] = mapped_column(
        JSONB, server_default=text("'{}'::jsonb")
    )  #: rows by table


class Purge(Base):
    """What retention has taken away, one row for each kind and what it was taken from."""

    __tablename__ = "purge"
    __table_args__ = (UniqueConstraint("kind", "subject"),)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]  #: content, answers, lists, audit, letters
    subject: Mapped[str]  #: a month, the id of a list, or the night
    until: Mapped[datetime] = mapped_column(Moment)  #: what is older went
    purged: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))  #: rows so far
    began_at: Mapped[datetime] = mapped_column(Moment)
    finished_at: Mapped[datetime | None] = mapped_column(Moment)
