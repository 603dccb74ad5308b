"""Notice, attempt and all that hangs on them: partitioned by the run's month.

`period` (the first day of the run's month) is part of every key, because a unique key of a partitioned
table must contain the partition key. The partitions are made by the database function `ensure_period`.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Numeric,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import UserDefinedType

from dispatcher.core.db import Base

Moment = DateTime(timezone=True)
WAITS_FOR_CAP: Final = "state = 'planned' AND hold_reason IN ('frequency_cap', 'address_cap')"
BY_PERIOD: Final = {"postgresql_partition_by": "LIST (period)"}


class TransactionId(UserDefinedType[int]):
    """PostgreSQL's `xid8`: lets the seal wait for transactions still running."""

    cache_ok = True

    def get_col_spec(self, **_options: Any) -> str:
        """The column's type in SQL."""
        return "xid8"


class Run(Base):
    """One going of a campaign over one frozen list: what the delivery engine works on.

    All that the engine needs is compiled into the row (window, hours, caps, step plan); the campaign and
    the list behind it are opaque to it.
    """

    __tablename__ = "run"
    __table_args__ = (
        UniqueConstraint("campaign_id", "number"),
        Index("ix_run_open", "state", postgresql_where=text("state <> 'closed'")),
        # Two clicks, or two schedulers, make one linked run.
        Index(
            "ix_run_linked_open",
            "parent_run_id",
            "kind",
            unique=True,
            postgresql_where=text("kind IN ('resend', 'correction') AND state NOT IN ('closed', 'rejected')"),
        ),
        Index("ix_run_seed", "parent_run_id", unique=True, postgresql_where=text("kind = 'seed'")),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    campaign_id: Mapped[UUID] = mapped_column(ForeignKey("campaign.id"))
    number: Mapped[int]
    period: Mapped[date]
    list_id: Mapped[UUID] = mapped_column(ForeignKey("recipient_list.id"))
    state: Mapped[str]
    state_reason: Mapped[str | None]
    generation: Mapped[int] = mapped_column(server_default=text("1"))  #: grows with every change of state
    priority: Mapped[str]
    purpose: Mapped[str]
    purpose_group: Mapped[str]
    starts_at: Mapped[datetime] = mapped_column(Moment)
    ends_at: Mapped[datetime] = mapped_column(Moment)
    hours: Mapped[dict[str, Any]] = mapped_column(JSONB)  #: daily hours and calendar, policy applied
    caps: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    #: by customer group, where the run was made since there are any; else `hours` and `caps` are everybody's
    policies: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    step_plan: Mapped[dict[str, Any]] = mapped_column(JSONB)
    needs_truth: Mapped[bool] = mapped_column(server_default=text("false"))
    max_per_second: Mapped[float | None]
    #: what the texts say to all recipients alike (date and reason of an outage), under a row's own fields
    common_fields: Mapped[dict[str, str]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    recipient_count: Mapped[int]
    planned_position: Mapped[int] = mapped_column(server_default=text("0"))  #: cursor of the fan-out
    error_base: Mapped[dict[str, int]] = mapped_column(JSONB, server_default=text("'{}'"))
    created_at: Mapped[datetime] = mapped_column(Moment)
    started_at: Mapped[datetime | None] = mapped_column(Moment)
    closed_at: Mapped[datetime | None] = mapped_column(Moment)
    kind: Mapped[str] = mapped_column(server_default=text("'main'"))  #: main, resend, correction, seed
    parent_run_id: Mapped[UUID | None] = mapped_column(ForeignKey("run.id"))
    first_count: Mapped[int | None]  #: send so many, then wait for staff
    first_released_at: Mapped[datetime | None] = mapped_column(Moment)
    needs_approval: Mapped[bool] = mapped_column(server_default=text("false"))
    created_by: Mapped[str | None]
    changed_by: Mapped[str | None]  #: who changed window or list last
    submitted_by: Mapped[str | None]  #: who handed it over to its approver
    approved_by: Mapped[str | None]
    approved_at: Mapped[datetime | None] = mapped_column(Moment)


class Notice(Base):
    """What one recipient must learn from one run."""

    __tablename__ = "notice"
    __table_args__ = (
        UniqueConstraint("period", "run_id", "recipient_id"),
        Index("ix_notice_open", "run_id", postgresql_where=text("state = 'open'")),
        Index("ix_notice_run_id_state", "run_id", "state"),
        BY_PERIOD,
    )
    period: Mapped[date] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    run_id: Mapped[UUID] = mapped_column(ForeignKey("run.id"))
    recipient_id: Mapped[UUID] = mapped_column(ForeignKey("recipient.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    state: Mapped[str]
    strength: Mapped[str | None]  #: of a notified one: accepted, delivered, …
    reason: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(Moment)
    closed_at: Mapped[datetime | None] = mapped_column(Moment)
    amended_at: Mapped[datetime | None] = mapped_column(Moment)  #: changed after it was closed
    #: with which step of the run's plan it began; the others follow in the plan's order
    first_step: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))


class Attempt(Base):
    """One try over one channel to one address."""

    __tablename__ = "attempt"
    __table_args__ = (
        UniqueConstraint("period", "notice_id", "step", "number"),
        ForeignKeyConstraint(["period", "notice_id"], ["notice.period", "notice.id"]),
        Index(
            "ix_attempt_due", "run_id", "channel", "due_at", "id", postgresql_where=text("state = 'planned'")
        ),
        # How long the longest of those that wait for a cap must wait, at one look.
        Index("ix_attempt_capped", "run_id", "due_at", postgresql_where=text(WAITS_FOR_CAP)),
        Index("ix_attempt_lease", "lease_until", postgresql_where=text("state = 'sending'")),
        Index("ix_attempt_review", "review_at", postgresql_where=text("review_at IS NOT NULL")),
        BY_PERIOD,
    )
    period: Mapped[date] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    notice_id: Mapped[UUID]
    run_id: Mapped[UUID] = mapped_column(ForeignKey("run.id"))
    person_id: Mapped[UUID]
    contact_point_id: Mapped[UUID | None] = mapped_column(ForeignKey("contact_point.id"))
    channel: Mapped[str]
    step: Mapped[int] = mapped_column(SmallInteger)  #: 0, 1, … of the step plan
    number: Mapped[int] = mapped_column(SmallInteger)  #: 1, 2, … within the step
    state: Mapped[str]
    reason: Mapped[str | None]
    due_at: Mapped[datetime] = mapped_column(Moment)
    hold_reason: Mapped[str | None]  #: why `due_at` was moved
    truth_until: Mapped[datetime | None] = mapped_column(Moment)
    claim_token: Mapped[UUID | None]
    lease_until: Mapped[datetime | None] = mapped_column(Moment)  #: plain database time
    sending_at: Mapped[datetime | None] = mapped_column(Moment)
    review_at: Mapped[datetime | None] = mapped_column(Moment)  #: settle or query limit
    provider_id: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(Moment)


class AttemptNotice(Base):
    """A further notice of the same person that an attempt carries (merged accounts)."""

    __tablename__ = "attempt_notice"
    __table_args__ = (
        ForeignKeyConstraint(["period", "attempt_id"], ["attempt.period", "attempt.id"]),
        ForeignKeyConstraint(["period", "notice_id"], ["notice.period", "notice.id"]),
        BY_PERIOD,
    )
    period: Mapped[date] = mapped_column(primary_key=True)
    attempt_id: Mapped[UUID] = mapped_column(primary_key=True)
    notice_id: Mapped[UUID] = mapped_column(primary_key=True)


class AttemptEvent(Base):
    """One thing that happened to an attempt. Append-only; ids and hashes only.

    Written in the transaction that has locked the attempt, which is never deleted: no foreign key checks that
    again for every message (decision 0031). The same goes for `AttemptContent`.
    """

    __tablename__ = "attempt_event"
    __table_args__ = (
        Index("ix_attempt_event_attempt_id", "attempt_id"),
        BY_PERIOD,
    )
    period: Mapped[date] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    attempt_id: Mapped[UUID]
    at: Mapped[datetime] = mapped_column(Moment)
    trigger: Mapped[str]
    from_state: Mapped[str]
    to_state: Mapped[str]
    reason: Mapped[str | None]
    content_hash: Mapped[bytes | None] = mapped_column(LargeBinary)  #: SHA-256 over salt and content
    transaction: Mapped[int] = mapped_column(TransactionId, server_default=text("pg_current_xact_id()"))


class AttemptContent(Base):
    """The exact bytes sent and the provider's own words: personal data, purged by retention."""

    __tablename__ = "attempt_content"
    __table_args__ = (BY_PERIOD,)
    period: Mapped[date] = mapped_column(primary_key=True)
    attempt_id: Mapped[UUID] = mapped_column(primary_key=True)
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    content: Mapped[bytes | None] = mapped_column(LargeBinary)  #: compressed by zlib
    address: Mapped[str]
    reply: Mapped[str]


class AttemptPrice(Base):
    """What an attempt cost, as its provider said. Kept when the content is purged: it names nobody."""

    __tablename__ = "attempt_price"
    period: Mapped[date] = mapped_column(primary_key=True)
    attempt_id: Mapped[UUID] = mapped_column(primary_key=True)
    parts: Mapped[int] = mapped_column(SmallInteger)  #: of a short message
    amount: Mapped[Decimal | None] = mapped_column(Numeric(12, 4))  #: in the account's currency
    priced_at: Mapped[datetime] = mapped_column(Moment)


class RunCost(Base):
    """Counters of what a run cost, sharded as `Progress` is (promise P12)."""

    __tablename__ = "run_cost"
    run_id: Mapped[UUID] = mapped_column(ForeignKey("run.id"), primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    shard: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    attempts: Mapped[int] = mapped_column(BigInteger)  #: whose price is known
    parts: Mapped[int] = mapped_column(BigInteger)
    amount: Mapped[Decimal] = mapped_column(Numeric(18, 4))


class ProviderMessage(Base):
    """A part of an attempt as its provider names it, for receipts that name nothing else."""

    __tablename__ = "provider_message"
    __table_args__ = (
        Index("ix_provider_message_name", "name", "kept_at"),
        Index("ix_provider_message_kept_at", "kept_at"),
    )
    period: Mapped[date] = mapped_column(primary_key=True)
    attempt_id: Mapped[UUID] = mapped_column(primary_key=True)
    part: Mapped[int] = mapped_column(SmallInteger, primary_key=True)  #: 1, 2, … of a long text
    name: Mapped[str]  #: account and id: `smpp/2587`
    kept_at: Mapped[datetime] = mapped_column(Moment)
    kind: Mapped[str | None]  #: of its last report


class ProviderQuestion(Base):
    """An attempt of which its provider is to be asked what became of it."""

    __tablename__ = "provider_question"
    __table_args__ = (Index("ix_provider_question_due", "channel", "ask_at"),)
    period: Mapped[date] = mapped_column(primary_key=True)
    attempt_id: Mapped[UUID] = mapped_column(primary_key=True)
    channel: Mapped[str]
    ask_at: Mapped[datetime] = mapped_column(Moment)
    wait_seconds: Mapped[float]  #: before the next turn


class StoredReceipt(Base):
    """What a provider reported, raw, before and after it was applied."""

    __tablename__ = "receipt"
    __table_args__ = (
        Index("ix_receipt_attempt_id", "attempt_id"),
        Index("ix_receipt_waiting", "id", postgresql_where=text("effect IS NULL")),
        BY_PERIOD,
    )
    period: Mapped[date] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    attempt_id: Mapped[UUID | None]
    channel: Mapped[str]
    kind: Mapped[str]
    reason: Mapped[str]
    raw: Mapped[bytes] = mapped_column(LargeBinary)
    received_at: Mapped[datetime] = mapped_column(Moment)
    effect: Mapped[str | None]  #: applied, no_change, unknown_attempt; None: not yet looked at
    #: the provider's own id of the message, where the report names no attempt
    provider_message: Mapped[str | None]


class Progress(Base):
    """Counters of a run, sharded so that workers do not wait for each other (promise P12)."""

    __tablename__ = "progress"
    run_id: Mapped[UUID] = mapped_column(ForeignKey("run.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)  #: notice or attempt
    channel: Mapped[str] = mapped_column(primary_key=True)  #: empty for notices
    state: Mapped[str] = mapped_column(primary_key=True)
    reason: Mapped[str] = mapped_column(primary_key=True)
    shard: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger)


class ManualTask(Base):
    """A notice that must be told by hand: one for each notice of a mandatory run that closed untold."""

    __tablename__ = "manual_task"
    __table_args__ = (
        UniqueConstraint("period", "notice_id"),
        ForeignKeyConstraint(["period", "notice_id"], ["notice.period", "notice.id"]),
        Index("ix_manual_task_run_id", "run_id", "id"),
        Index("ix_manual_task_open", "id", postgresql_where=text("state = 'open'")),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    period: Mapped[date]
    notice_id: Mapped[UUID]
    run_id: Mapped[UUID] = mapped_column(ForeignKey("run.id"))
    state: Mapped[str]  #: open, done, not_needed, given_up
    reason: Mapped[str]  #: why the person was not told otherwise
    created_at: Mapped[datetime] = mapped_column(Moment)
    way: Mapped[str | None]  #: of `HandWay`
    told_at: Mapped[datetime | None] = mapped_column(Moment)
    told_by: Mapped[str | None]  #: who of the company
    taken_by: Mapped[str | None]  #: who took it: personal data
    reference: Mapped[str | None]  #: the document; of a task given up: why
    recorded_by: Mapped[str | None]
    closed_at: Mapped[datetime | None] = mapped_column(Moment)


class ChannelPause(Base):
    """A channel that waits because its provider is unreachable or refuses us."""

    __tablename__ = "channel_pause"
    channel: Mapped[str] = mapped_column(primary_key=True)
    reason: Mapped[str]
    since: Mapped[datetime] = mapped_column(Moment)
    paused_until: Mapped[datetime] = mapped_column(Moment)
    wait_seconds: Mapped[float]
