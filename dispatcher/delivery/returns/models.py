"""What came back: refused addresses, paused recipient domains, letters of people."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey, Index, LargeBinary, Numeric, SmallInteger, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from dispatcher.core.db import Base

Moment = DateTime(timezone=True)


class AddressRefusal(Base):
    """An attempt whose address, or whose sender, was refused or complained of: noted once, judged once."""

    __tablename__ = "address_refusal"
    __table_args__ = (
        Index("ix_address_refusal_waiting", "kind", "noted_at", postgresql_where=text("judged_at IS NULL")),
        Index("ix_address_refusal_address", "channel", "address", "noted_at"),
        Index("ix_address_refusal_domain", "domain", "kind", "sent_at"),
        Index("ix_address_refusal_run_id", "run_id", "kind"),
        Index("ix_address_refusal_noted_at", "noted_at", postgresql_using="brin"),
        Index("ix_address_refusal_pause_id", "pause_id", postgresql_where=text("pause_id IS NOT NULL")),
    )
    attempt_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)  #: a `ReplyClass`, or complaint
    period: Mapped[date]
    notice_id: Mapped[UUID]
    run_id: Mapped[UUID] = mapped_column(ForeignKey("run.id"))
    contact_point_id: Mapped[UUID | None]
    channel: Mapped[str]
    address: Mapped[str]  #: in lower case
    domain: Mapped[str]  #: of an e-mail address; else empty
    reason: Mapped[str]
    sent_at: Mapped[datetime] = mapped_column(Moment)
    noted_at: Mapped[datetime] = mapped_column(Moment)
    judged_at: Mapped[datetime | None] = mapped_column(Moment)
    #: suppressed, counted, known, held, released, run_paused, domain_paused, warned
    verdict: Mapped[str | None]
    pause_id: Mapped[UUID | None] = mapped_column(ForeignKey("domain_pause.id"))  #: which holds it for review


class DomainPause(Base):
    """A recipient domain that is sent nothing until staff say so."""

    __tablename__ = "domain_pause"
    __table_args__ = (
        Index("ix_domain_pause_open", "domain", unique=True, postgresql_where=text("lifted_at IS NULL")),
        Index("ix_domain_pause_unreleased", "id", postgresql_where=text("released_at IS NULL")),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    domain: Mapped[str]
    reason: Mapped[str]  #: sender_fault, hard_bounce_rise, staff
    figures: Mapped[dict[str, object]] = mapped_column(JSONB)  #: what it was judged by
    paused_by: Mapped[str]
    since: Mapped[datetime] = mapped_column(Moment)
    lifted_at: Mapped[datetime | None] = mapped_column(Moment)
    lifted_by: Mapped[str | None]
    lift_reason: Mapped[str | None]
    verdict: Mapped[str | None]  #: of a review: confirmed or rejected
    released_at: Mapped[datetime | None] = mapped_column(Moment)  #: everybody whom it held is due again


class DomainTraffic(Base):
    """How many messages to a domain were answered in an hour; statistics, not evidence."""

    __tablename__ = "domain_traffic"
    domain: Mapped[str] = mapped_column(primary_key=True)
    hour: Mapped[datetime] = mapped_column(Moment, primary_key=True)
    shard: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    answered: Mapped[int] = mapped_column(BigInteger)


class IncomingLetter(Base):
    """What a person wrote to one of our addresses: personal data, purged by retention."""

    __tablename__ = "incoming_letter"
    __table_args__ = (
        Index("ix_incoming_letter_fingerprint", "fingerprint", unique=True),
        Index("ix_incoming_letter_open", "id", postgresql_where=text("handled_at IS NULL")),
        Index("ix_incoming_letter_person_id", "person_id"),
        Index("ix_incoming_letter_sender", "sender", "received_at"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    received_at: Mapped[datetime] = mapped_column(Moment)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)  #: SHA-256 of address and message
    sender: Mapped[str]
    subject: Mapped[str]
    text: Mapped[str]
    file_names: Mapped[list[str]] = mapped_column(JSONB)
    raw: Mapped[bytes] = mapped_column(LargeBinary)  #: compressed by zlib
    period: Mapped[date | None]
    notice_id: Mapped[UUID | None]
    attempt_id: Mapped[UUID | None]
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    certainty: Mapped[str]  #: proven by our signed address, said by the letter, none
    handled_at: Mapped[datetime | None] = mapped_column(Moment)
    handled_by: Mapped[str | None]
    handling: Mapped[str | None]  #: what staff did about it
    provider: Mapped[str | None]  #: of a short message: the account that it came to
    heard_id: Mapped[str | None]  #: its id in the callback, empty where it has none; None: not heard
    fetched_id: Mapped[str | None]  #: its id in the account; None: not fetched


class InboxCursor(Base):
    """How far an account of a provider was looked through for what customers wrote."""

    __tablename__ = "inbox_cursor"
    provider: Mapped[str] = mapped_column(primary_key=True)  #: the account's name
    after_id: Mapped[str | None]  #: the last text that was taken; None: none yet
    ask_at: Mapped[datetime] = mapped_column(Moment)
    read_at: Mapped[datetime | None] = mapped_column(Moment)  #: when the account last answered


class RefusalAnswer(Base):
    """The one short message that answers a refusal."""

    __tablename__ = "refusal_answer"
    __table_args__ = (
        Index("ix_refusal_answer_letter_id", "letter_id", unique=True),
        Index("ix_refusal_answer_contact_point_id", "contact_point_id", "requested_at"),
        Index("ix_refusal_answer_due", "due_at", postgresql_where=text("state IN ('waiting', 'sending')")),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    letter_id: Mapped[UUID]  #: the refusal, which retention may take away
    contact_point_id: Mapped[UUID] = mapped_column(ForeignKey("contact_point.id"))
    purpose: Mapped[str]  #: that was withdrawn, or `*`
    is_for_all: Mapped[bool]  #: of every channel
    requested_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    state: Mapped[str]  #: of `OwnState`
    reason: Mapped[str | None]
    due_at: Mapped[datetime] = mapped_column(Moment)
    sends: Mapped[int] = mapped_column(SmallInteger)  #: tries to hand it to the provider
    text: Mapped[str | None]  #: as it went out; it names nobody
    claim_token: Mapped[UUID | None]
    lease_until: Mapped[datetime | None] = mapped_column(Moment)  #: plain database time
    sent_at: Mapped[datetime | None] = mapped_column(Moment)
    provider_id: Mapped[str | None]
    parts: Mapped[int | None] = mapped_column(SmallInteger)
    amount: Mapped[Decimal | None] = mapped_column(Numeric(12, 4))  #: in the account's currency
    report: Mapped[str | None]  #: the last one: delivered, failed, …
