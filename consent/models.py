"""Persons, accounts, contact points, the consent ledger, suppression and the contact budget."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from dispatcher.core.db import Base

Moment = DateTime(timezone=True)


class Person(Base):
    """Who is spoken to: the billing system's customer id, else one person per account."""

    __tablename__ = "person"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    external_id: Mapped[str] = mapped_column(unique=True)  #: `customer:<id>` or `account:<number>`
    full_name: Mapped[str]
    customer_group: Mapped[int] = mapped_column(SmallInteger)  #: 1 household, 2 utility provider, 3 company
    language: Mapped[str] = mapped_column(server_default=text("'ru'"))
    is_vulnerable: Mapped[bool] = mapped_column(server_default=text("false"))
    preferred_channel: Mapped[str | None]  #: email, sms, voice
    staff_changed_at: Mapped[datetime | None] = mapped_column(Moment)  #: since then lists change nothing here
    created_at: Mapped[datetime] = mapped_column(Moment)
    updated_at: Mapped[datetime] = mapped_column(Moment)


class Account(Base):
    """A customer account (лицевой счёт) with its supply address."""

    __tablename__ = "account"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    address: Mapped[str]
    time_zone: Mapped[str]  #: IANA name
    is_zone_known: Mapped[bool]
    has_contract: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(Moment)
    updated_at: Mapped[datetime] = mapped_column(Moment)


class ContactPoint(Base):
    """One address of one person: the row that a claim and a withdrawal both lock (promise P5)."""

    __tablename__ = "contact_point"
    __table_args__ = (
        UniqueConstraint("person_id", "kind", "address"),
        Index("ix_contact_point_kind_address", "kind", "address"),
        # Those not confirmed for the longest time come first (requirement 53).
        Index("ix_contact_point_confirmation", text("coalesce(confirmed_at, created_at)"), "id"),
        Index("ix_contact_point_kind_lower_address", "kind", text("lower(address)")),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[str]  #: email or phone
    address: Mapped[str]
    confirmed_at: Mapped[datetime | None] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment)


class ConsentEvent(Base):
    """One entry of the ledger. Append-only; which one counts is said in `consent.standing`."""

    __tablename__ = "consent_event"
    __table_args__ = (
        Index(
            "ix_consent_event_latest",
            "contact_point_id",
            "channel",
            "purpose",
            text("sequence DESC"),
        ),
        # Permissions that end, for the record of it.
        Index(
            "ix_consent_event_end",
            "valid_until",
            postgresql_where=text("valid_until IS NOT NULL AND action IN ('given', 'confirmed')"),
        ),
        # Written in the order of time: a report over some days reads the pages of these days.
        Index("ix_consent_event_recorded_at", "recorded_at", postgresql_using="brin"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger, Identity(always=True), unique=True)
    contact_point_id: Mapped[UUID] = mapped_column(ForeignKey("contact_point.id"))
    channel: Mapped[str]
    purpose: Mapped[str]  #: `debt`, …; `*` is every purpose
    action: Mapped[str]  #: of `consent.sources.Action`
    basis: Mapped[str]  #: of `consent.sources.Basis`
    source: Mapped[str]  #: of `consent.sources.Source`
    source_reference: Mapped[str | None]
    text_version: Mapped[str | None]
    recorded_by: Mapped[str]
    valid_from: Mapped[datetime] = mapped_column(Moment)  #: in force since; may lie in the past or future
    valid_until: Mapped[datetime | None] = mapped_column(Moment)  #: of a permission: no longer from then on
    recorded_at: Mapped[datetime] = mapped_column(Moment)  #: known since


class ConsentConfirmation(Base):
    """A person was asked to prove an address by a link or a code (double opt-in)."""

    __tablename__ = "consent_confirmation"
    __table_args__ = (
        Index("ix_consent_confirmation_contact_point_id", "contact_point_id", "requested_at"),
        Index(
            "ix_consent_confirmation_due",
            "channel",
            "due_at",
            postgresql_where=text("state IN ('waiting', 'sending')"),
        ),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    contact_point_id: Mapped[UUID] = mapped_column(ForeignKey("contact_point.id"))
    channel: Mapped[str]
    purposes: Mapped[list[str]] = mapped_column(JSONB)
    basis: Mapped[str]
    text_version: Mapped[str | None]
    source: Mapped[str]
    source_reference: Mapped[str]
    requested_by: Mapped[str]
    requested_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    state: Mapped[str]  #: waiting, sending, sent, unknown, failed, confirmed
    reason: Mapped[str | None]  #: why it could not be sent
    due_at: Mapped[datetime] = mapped_column(Moment)
    sends: Mapped[int] = mapped_column(SmallInteger)  #: tries to hand it to the provider
    tries: Mapped[int] = mapped_column(SmallInteger)  #: wrong codes
    code_hash: Mapped[bytes | None] = mapped_column(LargeBinary)  #: keyed; the code itself is kept nowhere
    claim_token: Mapped[UUID | None]
    lease_until: Mapped[datetime | None] = mapped_column(Moment)  #: plain database time
    sent_at: Mapped[datetime | None] = mapped_column(Moment)
    confirmed_at: Mapped[datetime | None] = mapped_column(Moment)


class Suppression(Base):
    """A ban on an address over a channel."""

    __tablename__ = "suppression"
    __table_args__ = (
        # One ban in force per address and channel; one that has expired is closed by the next.
        Index(
            "ix_suppression_one_in_force",
            "channel",
            "address",
            unique=True,
            postgresql_where=text("lifted_at IS NULL"),
        ),
        Index("ix_suppression_source_attempt_id", "source_attempt_id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    channel: Mapped[str]
    address: Mapped[str]  #: in lower case
    reason: Mapped[str]
    source: Mapped[str]
    source_period: Mapped[date | None]
    source_attempt_id: Mapped[UUID | None]
    note: Mapped[str | None]  #: what staff wrote about it
    created_by: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime | None] = mapped_column(Moment)
    lifted_at: Mapped[datetime | None] = mapped_column(Moment)
    lifted_by: Mapped[str | None]
    lift_reason: Mapped[str | None]


class ErasedAddress(Base):
    """What is left of an address: a keyed hash by which it is known again, and what was refused there."""

    __tablename__ = "erased_address"
    __table_args__ = (Index("ix_erased_address_hash", "address_hash"),)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    contact_point_id: Mapped[UUID] = mapped_column(ForeignKey("contact_point.id"), unique=True)
    kind: Mapped[str]
    address_hash: Mapped[bytes] = mapped_column(LargeBinary)  #: HMAC-SHA-256; the key is not in the database
    refusals: Mapped[list[dict[str, str]]] = mapped_column(JSONB)  #: channel and purpose of each
    erased_at: Mapped[datetime] = mapped_column(Moment)


class ContactBudget(Base):
    """One attempt counted against a person's caps: reserved by the claim, released at most once.

    The claim that reserves has locked person and contact point, and the attempt names both by foreign keys:
    none of its own checks them again for every message (decision 0031).
    """

    __tablename__ = "contact_budget"
    __table_args__ = (
        Index(
            "ix_contact_budget_counted",
            "person_id",
            "purpose_group",
            "reserved_at",
            postgresql_where=text("released_at IS NULL"),
        ),
    )
    attempt_id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID]
    contact_point_id: Mapped[UUID]
    purpose_group: Mapped[str]
    channel: Mapped[str]
    reserved_at: Mapped[datetime] = mapped_column(Moment)
    released_at: Mapped[datetime | None] = mapped_column(Moment)


class CalendarDay(Base):
    """A day that staff declared working, short or off, against the official calendar."""

    __tablename__ = "calendar_day"
    country: Mapped[str] = mapped_column(primary_key=True)
    region: Mapped[str] = mapped_column(primary_key=True, server_default=text("''"))  #: empty: all of them
    day: Mapped[date] = mapped_column(primary_key=True)
    is_working: Mapped[bool]
    kind: Mapped[str]  #: working, short, off
    note: Mapped[str]
    changed_by: Mapped[str | None]
    changed_at: Mapped[datetime | None] = mapped_column(Moment)


class SavedProfile(Base):
    """One version of a policy profile. Append-only: runs name the version that they began with."""

    __tablename__ = "policy_profile"
    name: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    rules: Mapped[dict[str, Any]] = mapped_column(JSONB)  #: see `consent.policy.profile_to_json`
    saved_by: Mapped[str]
    saved_at: Mapped[datetime] = mapped_column(Moment)


class PolicyChoice(Base):
    """Which profiles serve a purpose for a customer group, where staff changed what comes by default."""

    __tablename__ = "policy_choice"
    purpose: Mapped[str] = mapped_column(primary_key=True)
    customer_group: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    profiles: Mapped[list[str]] = mapped_column(JSONB)
    changed_by: Mapped[str]
    changed_at: Mapped[datetime] = mapped_column(Moment)
