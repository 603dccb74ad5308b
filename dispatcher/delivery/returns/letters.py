"""Letters of people who answer our notices: kept for staff, who say what they did about each.

Requirement 55: every contact is registered. A letter that comes twice is kept once. Whose it is is proven
only by our signed address; what a letter merely says is shown as such, and only if it came from the address
that the notice went to.
"""

import hashlib
import json
import zlib
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from channels.email.letters import Letter
from dispatcher.core.audit import record_action
from dispatcher.core.ids import new_id
from dispatcher.core.outbox import publish
from dispatcher.delivery.errors import LetterError

MAX_HANDLING_CHARS: Final = 1000
SLICE: Final = 500


class Certainty(StrEnum):
    """How surely it is known whose letter this is."""

    #: it came to the signed address of one message
    PROVEN = "proven"
    #: it says which notice it answers, and comes from that notice's address
    SAID = "said"
    #: nothing fits
    NONE = "none"


_BY_ATTEMPT = text(
    "SELECT id AS attempt_id, period, notice_id, person_id FROM attempt WHERE period = :period AND id = :id"
)
_BY_NOTICE = text(
    """
    SELECT a.id AS attempt_id, a.period, a.notice_id, a.person_id FROM attempt a
    JOIN contact_point c ON c.id = a.contact_point_id
    WHERE a.period = :period AND a.notice_id = :id AND a.channel = 'email'
      AND lower(c.address) = lower(:sender)
    ORDER BY a.id DESC LIMIT 1
    """
)
_KEEP = text(
    """
    INSERT INTO incoming_letter (id, received_at, fingerprint, sender, subject, text, file_names, raw, period,
                                 notice_id, attempt_id, person_id, certainty)
    VALUES (:id, :now, :fingerprint, :sender, :subject, :text, CAST(:files AS jsonb), :raw, :period, :notice,
            :attempt, :person, :certainty)
    ON CONFLICT (fingerprint) DO NOTHING RETURNING id
    """
)
_LOCK = text("SELECT id, handled_at FROM incoming_letter WHERE id = :id FOR UPDATE")
_HANDLE = text(
    """
    UPDATE incoming_letter SET handled_at = :now, handled_by = :actor, handling = :handling WHERE id = :id
    """
)
_REOPEN = text(
    "UPDATE incoming_letter SET handled_at = NULL, handled_by = NULL, handling = NULL WHERE id = :id"
)


@dataclass(frozen=True, slots=True)
class _Owner:
    period: date
    notice_id: UUID
    attempt_id: UUID
    person_id: UUID


def keep_letter(
    session: Session, letter: Letter, *, recipient: str, raw: bytes, now: datetime
) -> UUID | None:
    """Keep a letter that came to `recipient`; None when it is kept already."""
    owner, certainty = _owner(session, letter)
    kept: UUID | None = session.execute(
        _KEEP,
        {
            "id": new_id(),
            "now": now,
            "fingerprint": hashlib.sha256(recipient.lower().encode() + b"\0" + raw).digest(),
            "sender": letter.sender,
            "subject": letter.subject,
            "text": letter.text,
            "files": json.dumps(letter.file_names),
            "raw": zlib.compress(raw),
            "period": owner.period if owner else None,
            "notice": owner.notice_id if owner else None,
            "attempt": owner.attempt_id if owner else None,
            "person": owner.person_id if owner else None,
            "certainty": certainty.value,
        },
    ).scalar_one_or_none()
    if kept is not None:
        publish(session, "letter.received", {"letter_id": kept, "certainty": certainty.value})
    return kept


def handle_letter(session: Session, letter: UUID, *, handling: str, actor: str, now: datetime) -> None:
    """Say what was done about it; raises `LetterError`."""
    words = " ".join(handling.split())
    if not words or len(words) > MAX_HANDLING_CHARS:
        raise LetterError(
            f"say what was done about the letter, in at most {MAX_HANDLING_CHARS} characters",
            code="letter_handling",
            most=MAX_HANDLING_CHARS,
        )
    is_handled = _lock(session, letter).handled_at is not None
    session.execute(_HANDLE, {"id": letter, "now": now, "actor": actor, "handling": words})
    _record(session, "letter.handled", letter, actor, before={"is_handled": is_handled}, now=now)


def reopen_letter(session: Session, letter: UUID, *, actor: str, now: datetime) -> None:
    """Put it back among those that wait; raises `LetterError`."""
    is_handled = _lock(session, letter).handled_at is not None
    session.execute(_REOPEN, {"id": letter})
    _record(session, "letter.reopened", letter, actor, before={"is_handled": is_handled}, now=now)


def _owner(session: Session, letter: Letter) -> tuple[_Owner | None, Certainty]:
    if letter.attempt is not None:
        found = session.execute(
            _BY_ATTEMPT, {"period": letter.attempt.period, "id": letter.attempt.attempt_id}
        ).first()
        if found is not None:
            return _Owner(found.period, found.notice_id, found.attempt_id, found.person_id), Certainty.PROVEN
    if letter.answers is not None:
        asked = {"period": letter.answers.period, "id": letter.answers.notice_id, "sender": letter.sender}
        found = session.execute(_BY_NOTICE, asked).first()
        if found is not None:
            return _Owner(found.period, found.notice_id, found.attempt_id, found.person_id), Certainty.SAID
    return None, Certainty.NONE


def _lock(session: Session, letter: UUID) -> Any:
    row = session.execute(_LOCK, {"id": letter}).first()
    if row is None:
        raise LetterError("there is no such letter (any more)", code="no_letter")
    return row


def _record(
    session: Session, action: str, letter: UUID, actor: str, *, before: dict[str, bool], now: datetime
) -> None:
    record_action(
        session,
        at=now,
        actor=actor,
        action=action,
        subject_type="incoming_letter",
        subject_id=letter,
        before=before,
    )
