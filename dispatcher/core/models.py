"""Tables of the kernel: settings kept in the database, outbox, audit, leader lease, staff."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey, Identity, Index, LargeBinary, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from dispatcher.core.db import Base

Moment = DateTime(timezone=True)


class Setting(Base):
    """One value that all processes share."""

    __tablename__ = "setting"
    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[dict[str, Any]] = mapped_column(JSONB)
    updated_at: Mapped[datetime] = mapped_column(Moment)


class Outbox(Base):
    """What must happen after a commit and only then; ids only in the payload."""

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_waiting", "id", postgresql_where=text("relayed_at IS NULL")),)
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    topic: Mapped[str]
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=func.clock_timestamp())
    relayed_at: Mapped[datetime | None] = mapped_column(Moment)


class AuditEvent(Base):
    """Who did what, when, with the values before and after (promise P11). Append-only."""

    __tablename__ = "audit_event"
    __table_args__ = (Index("ix_audit_event_subject_id", "subject_id"),)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment)
    actor: Mapped[str]
    action: Mapped[str]
    subject_type: Mapped[str]
    subject_id: Mapped[str]
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB)


class SchedulerLease(Base):
    """The leader among schedulers. `fencing` grows with every change of leader."""

    __tablename__ = "scheduler_lease"
    name: Mapped[str] = mapped_column(primary_key=True)
    holder: Mapped[str]
    fencing: Mapped[int] = mapped_column(BigInteger)
    held_until: Mapped[datetime] = mapped_column(Moment)  #: plain database time


class Staff(Base):
    """A person of the company who may sign in."""

    __tablename__ = "staff"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(unique=True)
    full_name: Mapped[str]
    role: Mapped[str]
    password_hash: Mapped[str]
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[datetime] = mapped_column(Moment)


class StaffSession(Base):
    """A signed-in browser; revocable. Only the hash of its token is kept."""

    __tablename__ = "staff_session"
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)


class SignInFailure(Base):
    """A failed sign-in, for throttling by login and by network address (hashes only)."""

    __tablename__ = "sign_in_failure"
    __table_args__ = (Index("ix_sign_in_failure_subject_hash_at", "subject_hash", "at"),)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    subject_hash: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime] = mapped_column(Moment)


class ApiKey(Base):
    """A key of another system: hashed, scoped, expiring."""

    __tablename__ = "api_key"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)  #: for good, since the audit names the client by it
    key_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    scopes: Mapped[list[str]] = mapped_column(JSONB)
    approver_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))  #: whom it approves for
    created_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime | None] = mapped_column(Moment)
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)


class IdempotencyKey(Base):
    """An answer kept for a client that may ask the same again; written with the change it answers."""

    __tablename__ = "idempotency_key"
    client: Mapped[str] = mapped_column(primary_key=True)  #: api:<key id> or staff:<staff id>
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)  #: SHA-256 of method, path and body
    status: Mapped[int]
    headers: Mapped[dict[str, str]] = mapped_column(JSONB)
    body: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(Moment, index=True)


class ExternalReference(Base):
    """What a client calls one of our things; unique for the client."""

    __tablename__ = "external_reference"
    __table_args__ = (Index("ix_external_reference_subject", "subject_type", "subject_id"),)
    client: Mapped[str] = mapped_column(primary_key=True)
    subject_type: Mapped[str] = mapped_column(primary_key=True)
    external_id: Mapped[str] = mapped_column(primary_key=True)
    subject_id: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(Moment)
