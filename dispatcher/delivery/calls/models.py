"""What is kept of each call, and the recordings of those who answered."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, ForeignKey, Index, LargeBinary, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from dispatcher.core.db import Base

Moment = DateTime(timezone=True)


class AttemptCall(Base):
    """What came of the call of an attempt: evidence, and what staff asked the person for.

    A call that did not count as an attempt (congestion) is replaced by the next one of the same attempt;
    the attempt's events keep that it was made.
    """

    __tablename__ = "attempt_call"
    __table_args__ = (
        Index(
            "ix_attempt_call_answers_due",
            "answers_due_at",
            postgresql_where=text("answers_due_at IS NOT NULL"),
        ),
        Index("ix_attempt_call_run_id", "run_id", "attempt_id"),
        Index(
            "ix_attempt_call_collected",
            "run_id",
            "attempt_id",
            postgresql_where=text("collected IS NOT NULL"),
        ),
    )
    period: Mapped[date] = mapped_column(primary_key=True)
    attempt_id: Mapped[UUID] = mapped_column(primary_key=True)
    run_id: Mapped[UUID] = mapped_column(ForeignKey("run.id"))
    status: Mapped[int] = mapped_column(SmallInteger)  #: SIP; 200 answered, 0 nothing came back
    cause: Mapped[int | None] = mapped_column(SmallInteger)  #: Q.850
    reason: Mapped[str]  #: the words of the trunk
    trunk: Mapped[str]
    caller_id: Mapped[str]  #: ours
    call_id: Mapped[str]  #: by which the operator finds it
    ring_seconds: Mapped[float]
    talk_seconds: Mapped[float]
    heard_seconds: Mapped[float]  #: of the facts
    message_seconds: Mapped[float]  #: how long all of them are
    ended_by_them: Mapped[bool]
    answered_by: Mapped[str]  #: human, machine, unsure, nobody
    answered_because: Mapped[str] = mapped_column(server_default="")  #: `channels.voice.detection.Cause`
    reached: Mapped[str | None]  #: answered, heard, confirmed
    is_identity_confirmed: Mapped[bool]
    keys: Mapped[str]  #: in the order in which they were pressed
    collected: Mapped[dict[str, Any] | None] = mapped_column(JSONB)  #: digits by the name of their question
    is_wrong_person: Mapped[bool]
    wants_no_calls: Mapped[bool]
    was_transferred: Mapped[bool]
    prompts: Mapped[list[str]] = mapped_column(ARRAY(Text))  #: SHA-256 of each sound that was played
    ended_at: Mapped[datetime] = mapped_column(Moment)
    answers_due_at: Mapped[datetime | None] = mapped_column(
        Moment
    )  #: what the keys ask for is still to be done


class CallRecording(Base):
    """What the called person said, encrypted (`dispatcher.delivery.calls.recordings`)."""

    __tablename__ = "call_recording"
    __table_args__ = (Index("ix_call_recording_recorded_at", "recorded_at"),)
    period: Mapped[date] = mapped_column(primary_key=True)
    attempt_id: Mapped[UUID] = mapped_column(primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    recorded_at: Mapped[datetime] = mapped_column(Moment)
