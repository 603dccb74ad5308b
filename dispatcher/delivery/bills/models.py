"""The bills that a run wants by URL, and their bytes.

Neither holds a URL: a bill names the recipient and the field where it stands, and is known by its hash.
The bytes are in a table of their own, so that states change without touching them; they go when the run is
closed, for what was sent is in `attempt_content` whole.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, ForeignKey, Index, LargeBinary, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from dispatcher.core.db import Base

Moment = DateTime(timezone=True)


class Bill(Base):
    """One URL that the notices of one run need; fetched once for all of them."""

    __tablename__ = "bill"
    __table_args__ = (
        UniqueConstraint("run_id", "url_hash"),
        Index(
            "ix_bill_due", "origin", "rank", "next_try_at", "id", postgresql_where=text("state = 'waiting'")
        ),
        Index("ix_bill_leased", "leased_until", postgresql_where=text("leased_until IS NOT NULL")),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    run_id: Mapped[UUID] = mapped_column(ForeignKey("run.id"))
    url_hash: Mapped[bytes] = mapped_column(LargeBinary)  #: SHA-256
    origin: Mapped[str]  #: host:port, one of those that the settings name
    rank: Mapped[int] = mapped_column(SmallInteger)  #: 0 for urgent runs, 1 for the others
    recipient_id: Mapped[UUID] = mapped_column(ForeignKey("recipient.id"))  #: the first who needs it
    field: Mapped[str]  #: the column of the list in which the URL stands
    is_patient: Mapped[bool]  #: what is not there yet is asked for until the window ends
    state: Mapped[str]
    fault: Mapped[str | None]  #: of the last try
    tries: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    next_try_at: Mapped[datetime] = mapped_column(Moment)
    claim_token: Mapped[UUID | None]
    leased_until: Mapped[datetime | None] = mapped_column(Moment)  #: plain database time
    sha256: Mapped[bytes | None] = mapped_column(LargeBinary)  #: of the bytes, once they are there
    byte_count: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(Moment)
    fetched_at: Mapped[datetime | None] = mapped_column(Moment)


class BillContent(Base):
    """The bytes of bills by their hash, for one run: personal data."""

    __tablename__ = "bill_content"
    run_id: Mapped[UUID] = mapped_column(ForeignKey("run.id"), primary_key=True)
    sha256: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    content_type: Mapped[str]
    content: Mapped[bytes] = mapped_column(LargeBinary)
