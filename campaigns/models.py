"""Recipient lists, scenarios and campaigns. The run is in `dispatcher.delivery`: the engine works on it."""

from datetime import datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, ForeignKey, Index, LargeBinary, SmallInteger, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from dispatcher.core.db import Base

Moment = DateTime(timezone=True)
FIRST_LEASE = text("clock_timestamp() + interval '1 hour'")


class RecipientList(Base):
    """A frozen, versioned import."""

    __tablename__ = "recipient_list"
    __table_args__ = (
        UniqueConstraint("name", "version"),
        Index("ix_recipient_list_lease", "lease_until", postgresql_where=text("state IN ('importing')")),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    version: Mapped[int]
    state: Mapped[str]  #: importing, frozen, failed; purged: its people were taken away by retention
    file_name: Mapped[str]
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)  #: SHA-256 of the file
    recipient_count: Mapped[int] = mapped_column(server_default=text("0"))
    problem_count: Mapped[int] = mapped_column(server_default=text("0"))
    created_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(Moment)
    header: Mapped[list[str] | None] = mapped_column(ARRAY(Text))  #: titles, for the file of rejected rows
    source: Mapped[dict[str, Any] | None] = mapped_column(JSONB)  #: format, encoding, sheet, columns
    rejected_count: Mapped[int] = mapped_column(server_default=text("0"))
    zone_unknown_count: Mapped[int] = mapped_column(server_default=text("0"))
    same_as_version: Mapped[int | None]  #: an earlier version made of the very same file
    failure: Mapped[str | None]  #: why the list is failed: a code of `ListFileError`, or interrupted
    #: plain database time; an import that has written nothing by then is dead
    lease_until: Mapped[datetime] = mapped_column(Moment, server_default=FIRST_LEASE)
    rejected_purged_at: Mapped[datetime | None] = mapped_column(Moment)


class RejectedRow(Base):
    """A row that was not taken, as it stood in the file: personal data, purged by retention.

    The only place that keeps values of bad rows, so that staff can get them back, mend them and send them
    again. `reason` is in words, without values.
    """

    __tablename__ = "recipient_list_rejected_row"
    list_id: Mapped[UUID] = mapped_column(ForeignKey("recipient_list.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    line: Mapped[int]
    cells: Mapped[list[str]] = mapped_column(ARRAY(Text))
    reason: Mapped[str]


class ListMapping(Base):
    """Which column of a source's files is which field; one for each source (billing system)."""

    __tablename__ = "list_mapping"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(unique=True)
    columns: Mapped[dict[str, str]] = mapped_column(JSONB)  #: title in the file → field
    created_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(Moment)
    updated_at: Mapped[datetime] = mapped_column(Moment)


class ListImport(Base):
    """A file that was uploaded and is being made into a version of a list.

    The file itself waits in the data directory of the machine that took it in, under this id. Who works on
    it holds a lock on the file, which dies with the process; the next one begins anew.
    """

    __tablename__ = "list_import"
    __table_args__ = (
        Index(
            "ix_list_import_lease",
            "lease_until",
            postgresql_where=text("state IN ('held', 'waiting', 'running')"),
        ),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    list_name: Mapped[str]
    file_name: Mapped[str]
    options: Mapped[dict[str, Any]] = mapped_column(JSONB)  #: purpose, encoding, source of a mapping
    state: Mapped[str]  #: waiting, running, done, failed
    recipients: Mapped[int] = mapped_column(server_default=text("0"))
    problems: Mapped[int] = mapped_column(server_default=text("0"))
    rejected: Mapped[int] = mapped_column(server_default=text("0"))
    list_id: Mapped[UUID | None] = mapped_column(ForeignKey("recipient_list.id"))
    failure: Mapped[str | None]  #: a stable code
    failure_message: Mapped[str | None]  #: in words, without values of the file
    created_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(Moment)
    started_at: Mapped[datetime | None] = mapped_column(Moment)
    finished_at: Mapped[datetime | None] = mapped_column(Moment)
    #: plain database time; the machine that has the file renews it
    lease_until: Mapped[datetime] = mapped_column(Moment, server_default=FIRST_LEASE)


class Recipient(Base):
    """One row of a list, frozen with it."""

    __tablename__ = "recipient"
    __table_args__ = (UniqueConstraint("list_id", "position"), UniqueConstraint("list_id", "account_id"))
    id: Mapped[UUID] = mapped_column(primary_key=True)
    list_id: Mapped[UUID] = mapped_column(ForeignKey("recipient_list.id"))
    position: Mapped[int]  #: 1, 2, … without gaps
    line: Mapped[int]  #: in the file
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    full_name: Mapped[str]
    customer_group: Mapped[int] = mapped_column(SmallInteger)
    address: Mapped[str]
    time_zone: Mapped[str]
    language: Mapped[str]
    email_contact_id: Mapped[UUID | None] = mapped_column(ForeignKey("contact_point.id"))
    phone_contact_id: Mapped[UUID | None] = mapped_column(ForeignKey("contact_point.id"))
    fields: Mapped[dict[str, Any]] = mapped_column(JSONB)  #: debt, due_date and further columns


class RecipientListProblem(Base):
    """A row or cell that was not taken, or taken with a warning. Never holds the value itself."""

    __tablename__ = "recipient_list_problem"
    list_id: Mapped[UUID] = mapped_column(ForeignKey("recipient_list.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    line: Mapped[int]
    column: Mapped[str]
    severity: Mapped[str]  #: error, warning, note
    value_class: Mapped[str]
    reason: Mapped[str]
    message: Mapped[str]


class Scenario(Base):
    """What is said, over which channels, under which policy."""

    __tablename__ = "scenario"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]


class ScenarioVersion(Base):
    """A scenario as it stood when a campaign was made of it."""

    __tablename__ = "scenario_version"
    __table_args__ = (UniqueConstraint("scenario_id", "version"),)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    scenario_id: Mapped[UUID] = mapped_column(ForeignKey("scenario.id"))
    version: Mapped[int]
    purpose: Mapped[str]
    policy_profile: Mapped[str]
    steps: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(Moment)


class ScenarioRule(Base):
    """What this company decided about a scenario where it differs from the product's own: one row each."""

    __tablename__ = "scenario_rule"
    scenario: Mapped[str] = mapped_column(primary_key=True)  #: the name
    owner: Mapped[str | None]  #: who answers for the texts
    lead_days: Mapped[int | None] = mapped_column(SmallInteger)
    lead_months: Mapped[int | None] = mapped_column(SmallInteger)
    strictness: Mapped[str | None]  #: refuse, warn, off
    changed_by: Mapped[str]
    changed_at: Mapped[datetime] = mapped_column(Moment)


class Campaign(Base):
    """One scenario version and one window (задание: start, end, daily hours, calendar)."""

    __tablename__ = "campaign"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    scenario_version_id: Mapped[UUID] = mapped_column(ForeignKey("scenario_version.id"))
    policy_profile: Mapped[str]
    priority: Mapped[str]  #: bulk, urgent
    starts_at: Mapped[datetime] = mapped_column(Moment)
    ends_at: Mapped[datetime] = mapped_column(Moment)
    daily_from: Mapped[time]
    daily_to: Mapped[time | None]  #: None is the end of the day
    working_days_only: Mapped[bool]
    basis: Mapped[str | None]  #: consent, contract, legal_duty; None: the scenario's own
    common_fields: Mapped[dict[str, str]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    created_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(Moment)


class Recurrence(Base):
    """When a campaign goes again: one row for each campaign that repeats."""

    __tablename__ = "recurrence"
    __table_args__ = (Index("ix_recurrence_due", "next_at", postgresql_where=text("state = 'active'")),)
    campaign_id: Mapped[UUID] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
    state: Mapped[str]  #: active, paused, ended
    cron: Mapped[str]
    time_zone: Mapped[str]  #: the company's
    list_name: Mapped[str]  #: each occurrence takes its newest frozen version
    window_seconds: Mapped[int]
    until: Mapped[datetime | None] = mapped_column(Moment)
    max_count: Mapped[int | None]
    made_count: Mapped[int] = mapped_column(server_default=text("0"))
    allows_unchanged: Mapped[bool] = mapped_column(server_default=text("false"))
    first_count: Mapped[int | None]
    max_per_second: Mapped[float | None]
    needs_approval: Mapped[bool]
    next_wall: Mapped[datetime | None] = mapped_column(DateTime(timezone=False))  #: on the company's wall
    next_at: Mapped[datetime | None] = mapped_column(Moment)
    created_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(Moment)


class Occurrence(Base):
    """One time at which a recurring campaign was due, told apart by the time on the company's wall."""

    __tablename__ = "occurrence"
    campaign_id: Mapped[UUID] = mapped_column(ForeignKey("recurrence.campaign_id"), primary_key=True)
    wall: Mapped[datetime] = mapped_column(DateTime(timezone=False), primary_key=True)
    due_at: Mapped[datetime] = mapped_column(Moment)
    result: Mapped[str]  #: made, missed, skipped
    reason: Mapped[str | None]
    run_id: Mapped[UUID | None] = mapped_column(ForeignKey("run.id"))
    list_id: Mapped[UUID | None] = mapped_column(ForeignKey("recipient_list.id"))
    decided_at: Mapped[datetime] = mapped_column(Moment)


class SeedContact(Base):
    """A colleague who receives every campaign's text, to see what customers see."""

    __tablename__ = "seed_contact"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    contact_point_id: Mapped[UUID] = mapped_column(ForeignKey("contact_point.id"), unique=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    name: Mapped[str]
    created_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(Moment)
    removed_at: Mapped[datetime | None] = mapped_column(Moment)
