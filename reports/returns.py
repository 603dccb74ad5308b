"""What came back, for staff: the stop list, paused domains with what they were judged by, letters."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

_BANS = text(
    """
    SELECT id, channel, address, reason, source, note, created_by, created_at, expires_at, lifted_at,
           lifted_by, lift_reason
    FROM suppression
    WHERE (CAST(:address AS text) IS NULL OR address = lower(:address))
      AND (:is_past OR (lifted_at IS NULL AND (expires_at IS NULL OR expires_at > :now)))
      AND (CAST(:before AS uuid) IS NULL OR id < :before)
    ORDER BY id DESC LIMIT :limit
    """
)
_PAUSES = text(
    """
    SELECT p.id, p.domain, p.reason, p.figures, p.paused_by, p.since, p.lifted_at, p.lifted_by, p.lift_reason,
           p.verdict,
           (SELECT count(DISTINCT f.address) FROM address_refusal f
            WHERE f.pause_id = p.id AND f.verdict = 'held') AS held
    FROM domain_pause p
    WHERE :is_past OR p.lifted_at IS NULL
    ORDER BY p.lifted_at IS NOT NULL, p.since DESC LIMIT :limit
    """
)
_LETTERS = text(
    """
    SELECT l.id, l.received_at, l.sender, l.subject, l.text, l.file_names, l.certainty, l.notice_id,
           n.run_id, p.full_name, l.handled_at, l.handled_by, l.handling, a.state, a.reason, a.report
    FROM incoming_letter l
    LEFT JOIN refusal_answer a ON a.letter_id = l.id
    LEFT JOIN person p ON p.id = l.person_id
    LEFT JOIN notice n ON n.period = l.period AND n.id = l.notice_id
    WHERE (:is_handled OR l.handled_at IS NULL) AND (CAST(:before AS uuid) IS NULL OR l.id < :before)
      AND (CAST(:letter AS uuid) IS NULL OR l.id = :letter)
    ORDER BY l.id DESC LIMIT :limit
    """
)
#: So many refusals of operators in one run, and so large a share of what left, are no matter of single
#: numbers: a contract has ended, a sender's name was struck off, an operator blocks us.
OPERATOR_SERIES: Final = 20
OPERATOR_SHARE: Final = 0.1
_ALARMS = text(
    """
    SELECT (SELECT count(*) FROM domain_pause WHERE lifted_at IS NULL AND reason <> 'staff') AS domains,
           (SELECT count(*) FROM run WHERE state = 'paused' AND state_reason = 'content_refused') AS runs,
           (SELECT count(*) FROM run r
            WHERE r.state IN ('running', 'paused', 'stopping')
              AND (SELECT count(*) FROM address_refusal f
                   WHERE f.run_id = r.id AND f.kind = 'operator_refusal' AND f.channel = 'sms')
                  >= greatest(:series,
                              :share * (SELECT coalesce(sum(p.count), 0) FROM progress p
                                        WHERE p.run_id = r.id AND p.kind = 'attempt' AND p.channel = 'sms'
                                          AND p.state IN ('accepted', 'delivered', 'failed', 'unknown')))
           ) AS operators
    """
)
_WAITING_LETTERS = text("SELECT count(*) FROM incoming_letter WHERE handled_at IS NULL")


@dataclass(frozen=True, slots=True)
class BanView:
    """One ban of an address, in force or past."""

    id: UUID
    channel: str
    address: str
    reason: str
    source: str
    note: str | None
    created_by: str | None
    created_at: datetime
    expires_at: datetime | None
    lifted_at: datetime | None
    lifted_by: str | None
    lift_reason: str | None


@dataclass(frozen=True, slots=True)
class PauseView:
    """A recipient domain that waits or waited; `held` addresses wait for a decision."""

    id: UUID
    domain: str
    reason: str
    figures: Mapping[str, Any]
    paused_by: str
    since: datetime
    lifted_at: datetime | None
    lifted_by: str | None
    lift_reason: str | None
    verdict: str | None
    held: int


@dataclass(frozen=True, slots=True)
class LetterView:
    """A letter of a person, with the person and run that it is about as far as known."""

    id: UUID
    received_at: datetime
    sender: str
    subject: str
    text: str
    file_names: Sequence[str]
    certainty: str
    notice_id: UUID | None
    run_id: UUID | None
    full_name: str | None
    handled_at: datetime | None
    handled_by: str | None
    handling: str | None
    #: of the message that answered a refusal: its state, why it was not sent, what was reported of it
    answer: str | None = None
    answer_reason: str | None = None
    answer_report: str | None = None


@dataclass(frozen=True, slots=True)
class Alarms:
    """What staff should look at at once."""

    domains: int  #: domains that wait by themselves
    runs: int  #: runs paused because their text is refused
    operators: int  #: runs whose short messages operators refuse in series

    def __bool__(self) -> bool:
        return bool(self.domains or self.runs or self.operators)


def list_bans(
    session: Session,
    *,
    now: datetime,
    limit: int,
    address: str | None = None,
    is_past: bool = False,
    before: UUID | None = None,
) -> list[BanView]:
    """Bans, the newest first; `is_past` adds those that were lifted or have expired."""
    asked = {"address": address, "is_past": is_past, "before": before, "now": now, "limit": limit}
    return [BanView(*row) for row in session.execute(_BANS, asked)]


def each_ban(session: Session, *, now: datetime, slice_size: int = 1000) -> Iterator[BanView]:
    """Every ban in force, the newest first, a slice at a time."""
    before: UUID | None = None
    while found := list_bans(session, now=now, limit=slice_size, before=before):
        yield from found
        before = found[-1].id


def list_pauses(session: Session, *, limit: int = 200, is_past: bool = False) -> list[PauseView]:
    """Paused domains, open ones first."""
    return [PauseView(*row) for row in session.execute(_PAUSES, {"limit": limit, "is_past": is_past})]


def list_letters(
    session: Session,
    *,
    limit: int,
    is_handled: bool = False,
    before: UUID | None = None,
    letter: UUID | None = None,
) -> list[LetterView]:
    """Letters, the newest first; `is_handled` adds those that somebody has dealt with."""
    asked = {"limit": limit, "is_handled": is_handled, "before": before, "letter": letter}
    return [LetterView(*row) for row in session.execute(_LETTERS, asked)]


def read_alarms(session: Session) -> Alarms:
    """What waits for a decision of staff."""
    asked = {"series": OPERATOR_SERIES, "share": OPERATOR_SHARE}
    return Alarms(*session.execute(_ALARMS, asked).one())


def count_waiting_letters(session: Session) -> int:
    """Letters that nobody has dealt with."""
    return int(session.execute(_WAITING_LETTERS).scalar_one())
