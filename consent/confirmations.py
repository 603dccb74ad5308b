"""Double opt-in: a person proves to hold an address before anything is sent to it (requirements 12 and 13).

A request writes a `pending` entry per purpose, which permits nothing. The proof is the link of one letter or
the code of one short message; then each purpose is `confirmed`, and so is the contact point (requirement 53).

The letter itself goes out without a consent, for it asks for one: only because the person asked for it
through somebody who recorded that, one per request, a few per address and day, without any other content,
never to a suppressed address, and not after a withdrawal that came later than the request (decision 19).
"""

import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import text
from sqlalchemy.orm import Session

from consent.errors import BadConsentError
from consent.ledger import ConsentEntry, check_channel, check_stated, lock_contact, record_consent
from consent.permission import ask_permission
from consent.sources import Action, Source
from consent.unsubscribe import BadLinkError
from dispatcher.core.audit import record_action
from dispatcher.core.ids import new_id

LINK_HOURS: Final = 7 * 24
CODE_MINUTES: Final = 15
MOST_TRIES: Final = 5
MOST_A_DAY: Final = 3  #: to one address over one channel
BETWEEN: Final = timedelta(minutes=1)
CODE_DIGITS: Final = 6
_SALT: Final = "confirm.v1"

_ADD = text(
    """
    INSERT INTO consent_confirmation (id, contact_point_id, channel, purposes, basis, text_version, source,
                                      source_reference, requested_by, requested_at, expires_at, state,
                                      due_at, sends, tries)
    VALUES (:id, :contact, :channel, CAST(:purposes AS jsonb), :basis, :text_version, :source, :reference,
            :by, :now, :expires_at, 'waiting', :now, 0, 0)
    """
)
_RECENT = text(
    """
    SELECT f.requested_at FROM consent_confirmation f JOIN contact_point c ON c.id = f.contact_point_id
    WHERE c.address = (SELECT address FROM contact_point WHERE id = :contact)
      AND f.channel = :channel AND f.requested_at > :since ORDER BY f.requested_at DESC
    """
)
_READ = """
    SELECT f.id, f.contact_point_id, f.channel, f.purposes, f.basis, f.text_version, f.state, f.reason,
           f.requested_at, f.expires_at, f.code_hash, f.tries,
           EXISTS (SELECT 1 FROM consent_event w
                   WHERE w.contact_point_id = f.contact_point_id AND w.channel = f.channel
                     AND w.action = 'withdrawn'
                     AND w.sequence > (SELECT max(p.sequence) FROM consent_event p
                                       WHERE p.contact_point_id = f.contact_point_id
                                         AND p.action = 'pending' AND p.source_reference = f.id::text))
               AS is_withdrawn_since
    FROM consent_confirmation f
"""
_FIND = text(f"{_READ} WHERE f.id = :id")
_LOCK = text(f"{_READ} WHERE f.id = :id FOR NO KEY UPDATE OF f")
_OF_CONTACT = text(f"{_READ} WHERE f.contact_point_id = :contact ORDER BY f.id DESC LIMIT :limit")
_CONFIRMED = text(
    """
    UPDATE consent_confirmation SET state = 'confirmed', confirmed_at = :now, code_hash = NULL WHERE id = :id
    """
)
_WRONG = text("UPDATE consent_confirmation SET tries = tries + 1 WHERE id = :id")
_CONTACT_CONFIRMED = text("UPDATE contact_point SET confirmed_at = :now WHERE id = :contact")


class ConfirmationState(StrEnum):
    """Where a request for a confirmation stands."""

    #: the message is still to be sent
    WAITING = "waiting"
    #: it is being sent
    SENDING = "sending"
    #: the provider took it
    SENT = "sent"
    #: nobody knows whether it left; the person may ask again
    UNKNOWN = "unknown"
    #: it could not be sent
    FAILED = "failed"
    #: the person proved to hold the address
    CONFIRMED = "confirmed"


class Proof(StrEnum):
    """What came of a link or a code."""

    #: confirmed now
    CONFIRMED = "confirmed"
    #: this request was confirmed before
    ALREADY = "already"
    #: its time is over
    EXPIRED = "expired"
    #: the code is another one
    WRONG_CODE = "wrong_code"
    #: too many wrong codes: ask for a new one
    TOO_MANY_TRIES = "too_many_tries"
    #: the person withdrew after asking
    WITHDRAWN_SINCE = "withdrawn_since"
    #: nothing was sent that could be proven
    NOT_SENT = "not_sent"


@dataclass(frozen=True, slots=True)
class ConfirmationRequest:
    """For what the person is to prove an address, and who heard the wish by what document."""

    contact_point_id: UUID
    channel: str
    purposes: Sequence[str]
    source: str
    reference: str
    requested_by: str
    basis: str = "consent"
    text_version: str | None = None


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A request as it stands."""

    id: UUID
    contact_point_id: UUID
    channel: str
    purposes: Sequence[str]
    basis: str
    text_version: str | None
    state: ConfirmationState
    reason: str | None
    requested_at: datetime
    expires_at: datetime
    code_hash: bytes | None
    tries: int
    is_withdrawn_since: bool


class ConfirmationTokens:
    """Makes and reads the tokens of links, and the hashes of codes; both need the secret key."""

    def __init__(self, secret_key: bytes) -> None:
        self._key = secret_key
        self._serializer = URLSafeSerializer(secret_key, salt=_SALT)

    def make(self, confirmation: UUID) -> str:
        """The token of a link: an id and a signature, nothing about a person."""
        return str(self._serializer.dumps(confirmation.hex))

    def read(self, token: str) -> UUID:
        """Which request a link belongs to; raises `BadLinkError`."""
        try:
            return UUID(hex=self._serializer.loads(token))
        except (BadSignature, ValueError, TypeError) as error:
            raise BadLinkError("the link is damaged: open it from the message again") from error

    def hash_code(self, confirmation: UUID, code: str) -> bytes:
        """What is kept of a code: without the key six digits cannot be guessed from it."""
        key = hmac.digest(self._key, b"confirmation-code.v1", "sha256")
        return hmac.digest(key, confirmation.bytes + code.encode(), "sha256")


def request_confirmation(session: Session, wanted: ConfirmationRequest, now: datetime) -> Confirmation:
    """Keep a request whose message some worker will send at once.

    Raises `UnknownContactError`; `BadConsentError` for what cannot be asked, a suppressed address, and too
    many requests for this address.
    """
    contact, channel = wanted.contact_point_id, wanted.channel
    if channel not in {"email", "sms"}:
        raise BadConsentError("an address is proven by email or sms", code="confirmation_channel")
    if not wanted.purposes:
        raise BadConsentError("say for what", code="confirmation_purposes")
    if not wanted.reference.strip():
        raise BadConsentError("name the document by which the wish was heard", code="consent_reference")
    lock_contact(session, contact)
    check_channel(session, contact, channel)
    _check_limits(session, contact, channel, now)
    asked = ask_permission(session, [contact], channel=channel, purpose=wanted.purposes[0], now=now)
    if asked[contact].is_suppressed:
        raise BadConsentError("the address is suppressed: lift that first", code="confirmation_suppressed")
    confirmation = new_id()
    for purpose in wanted.purposes:
        entry = _entry(wanted, purpose, Action.PENDING, confirmation)
        check_stated(entry)
        record_consent(session, contact, entry, now)
    lasts = timedelta(hours=LINK_HOURS) if channel == "email" else timedelta(minutes=CODE_MINUTES)
    session.execute(
        _ADD,
        {
            "id": confirmation,
            "contact": contact,
            "channel": channel,
            "purposes": json.dumps(list(wanted.purposes)),
            "basis": wanted.basis,
            "text_version": wanted.text_version,
            "source": wanted.source,
            "reference": wanted.reference,
            "by": wanted.requested_by,
            "now": now,
            "expires_at": now + lasts,
        },
    )
    record_action(
        session,
        at=now,
        actor=wanted.requested_by,
        action="consent.confirmation_requested",
        subject_type="contact_point",
        subject_id=contact,
        after={"confirmation": confirmation, "channel": channel, "purposes": list(wanted.purposes)},
    )
    return _row(session.execute(_FIND, {"id": confirmation}).mappings().one())


def find_confirmation(session: Session, confirmation: UUID) -> Confirmation | None:
    """A request as it stands."""
    row = session.execute(_FIND, {"id": confirmation}).mappings().first()
    return None if row is None else _row(row)


def list_confirmations(session: Session, contact: UUID, *, limit: int = 5) -> list[Confirmation]:
    """The newest requests of a contact point."""
    rows = session.execute(_OF_CONTACT, {"contact": contact, "limit": limit}).mappings()
    return [_row(row) for row in rows]


def confirm_by_link(session: Session, confirmation: UUID, now: datetime) -> Proof:
    """The person pressed the button behind the link of the letter."""
    found = _lock(session, confirmation)
    if found is None or found.channel != "email":
        return Proof.NOT_SENT
    return _barrier(found, now) or _confirm(session, found, Source.EMAIL_LINK, "recipient", now)


def confirm_by_code(
    session: Session,
    tokens: ConfirmationTokens,
    confirmation: UUID,
    code: str,
    *,
    recorded_by: str,
    now: datetime,
) -> Proof:
    """The person told the code of the short message to `recorded_by`.

    A wrong one counts: commit whatever comes of it.
    """
    found = _lock(session, confirmation)
    if found is None or found.channel != "sms":
        return Proof.NOT_SENT
    barrier = _barrier(found, now)
    if barrier is not None:
        return barrier
    if found.code_hash is None:
        return Proof.NOT_SENT
    if found.tries >= MOST_TRIES:
        return Proof.TOO_MANY_TRIES
    if not hmac.compare_digest(found.code_hash, tokens.hash_code(confirmation, code.strip())):
        session.execute(_WRONG, {"id": confirmation})
        return Proof.WRONG_CODE
    return _confirm(session, found, Source.SMS_CODE, recorded_by, now)


def _check_limits(session: Session, contact: UUID, channel: str, now: datetime) -> None:
    values = {"contact": contact, "channel": channel, "since": now - timedelta(days=1)}
    recent = session.execute(_RECENT, values).scalars().all()
    if len(recent) >= MOST_A_DAY:
        raise BadConsentError(
            f"{MOST_A_DAY} confirmations a day were asked for this address already: try tomorrow",
            code="confirmation_too_many",
            most=MOST_A_DAY,
        )
    if recent and recent[0] > now - BETWEEN:
        raise BadConsentError("one was asked for a moment ago: wait a minute", code="confirmation_too_soon")


def _entry(wanted: ConfirmationRequest, purpose: str, action: Action, confirmation: UUID) -> ConsentEntry:
    return ConsentEntry(
        wanted.channel,
        purpose,
        action,
        source=wanted.source,
        recorded_by=wanted.requested_by,
        basis=wanted.basis,
        source_reference=str(confirmation),
        text_version=wanted.text_version,
    )


def _lock(session: Session, confirmation: UUID) -> Confirmation | None:
    found = find_confirmation(session, confirmation)
    if found is None:
        return None
    lock_contact(session, found.contact_point_id)
    return _row(session.execute(_LOCK, {"id": confirmation}).mappings().one())


def _barrier(found: Confirmation, now: datetime) -> Proof | None:
    if found.state is ConfirmationState.CONFIRMED:
        return Proof.ALREADY
    if found.state in {ConfirmationState.WAITING, ConfirmationState.FAILED}:
        return Proof.NOT_SENT
    if found.expires_at <= now:
        return Proof.EXPIRED
    return Proof.WITHDRAWN_SINCE if found.is_withdrawn_since else None


def _confirm(session: Session, found: Confirmation, source: Source, recorded_by: str, now: datetime) -> Proof:
    for purpose in found.purposes:
        entry = ConsentEntry(
            found.channel,
            purpose,
            Action.CONFIRMED,
            source=source,
            recorded_by=recorded_by,
            basis=found.basis,
            source_reference=str(found.id),
            text_version=found.text_version,
        )
        record_consent(session, found.contact_point_id, entry, now)
    session.execute(_CONFIRMED, {"id": found.id, "now": now})
    session.execute(_CONTACT_CONFIRMED, {"contact": found.contact_point_id, "now": now})
    record_action(
        session,
        at=now,
        actor=recorded_by,
        action="consent.confirmed",
        subject_type="contact_point",
        subject_id=found.contact_point_id,
        after={"confirmation": found.id, "channel": found.channel, "purposes": list(found.purposes)},
    )
    return Proof.CONFIRMED


def _row(row: object) -> Confirmation:
    values = dict(row)  # type: ignore[call-overload]
    return Confirmation(**{**values, "state": ConfirmationState(values["state"])})
