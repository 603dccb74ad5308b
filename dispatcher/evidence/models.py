"""Seals over attempt events: chained per period, verifiable after a dump and a restore."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import DateTime, LargeBinary
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Mapped, mapped_column

from dispatcher.core.db import Base


class EvidenceSeal(Base):
    """One link of the chain: ordered event ids, their leaf hashes, and the root over them."""

    __tablename__ = "evidence_seal"
    period: Mapped[date] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    event_ids: Mapped[list[UUID]] = mapped_column(postgresql.ARRAY(postgresql.UUID(as_uuid=True)))
    leaf_hashes: Mapped[list[bytes]] = mapped_column(postgresql.ARRAY(postgresql.BYTEA))
    previous_root: Mapped[bytes | None] = mapped_column(LargeBinary)
    root: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
