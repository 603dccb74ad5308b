"""Answers to short messages: a refusal withdraws consent at once, everything else waits for staff.

A refusal holds for the number: whoever has the telephone may stop what comes to it, also where several
people have given the same one. A refusal is kept as handled, so that staff see what was done and why.

The same answer may be heard (by callback, or over a connection) and fetched from the account as well; some
providers name it in the one way and not in the other. So each kept answer is matched by the provider's own
id, else by its words within a day, with at most one that was heard and one that was fetched.
"""

import hashlib
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.orm import Session

from channels.sms.replies import Wish, read_wish
from consent.ledger import lock_contacts
from consent.permission import EVERY_PURPOSE, ask_permission
from consent.sources import Source
from dispatcher.core.arrays import time_array, uuid_array
from dispatcher.core.ids import new_id
from dispatcher.core.outbox import publish
from dispatcher.delivery.refusal_answers import order_answer
from dispatcher.delivery.returns.letters import Certainty
from dispatcher.delivery.wishes import RECIPIENT
from dispatcher.delivery.withdrawal import stop_contacts, stop_person, withdraw_consent

log = structlog.get_logger(__name__)

MOST_CHARACTERS: Final = 4000
MOST_NUMBER_CHARACTERS: Final = 40
LONGEST_RUN_MONTHS: Final = 12
SMS: Final = "sms"
#: What the inbox says was done about a refusal; staff read it, so it is in their first language.
HANDLINGS: Final = {
    Wish.STOP: "Отказ от СМС этого вида: согласие отозвано",
    Wish.STOP_ALL: "Отказ от всех сообщений: согласие отозвано",
}
SAME_WORDS: Final = timedelta(days=1)
#: Whoever takes an answer of a number keeps others that bring the same one waiting.
_ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended('sms_reply:' || :phone, 0))")
# By the id, whichever way it came; by the words only what has not come this way, unless nothing names it.
_KNOWN = text(
    """
    SELECT id FROM incoming_letter
    WHERE sender = :phone AND provider = :provider
      AND ((:id <> '' AND (heard_id = :id OR fetched_id = :id))
           OR (text = :text AND received_at > :since
               AND (:id = '' OR CASE WHEN :fetched THEN fetched_id IS NULL ELSE heard_id IS NULL END)))
    ORDER BY (heard_id = :id OR fetched_id = :id) IS TRUE DESC, received_at LIMIT 1
    """
)
_NOTE_WAY = text(
    """
    UPDATE incoming_letter SET heard_id = CASE WHEN :fetched THEN heard_id ELSE :id END,
                               fetched_id = CASE WHEN :fetched THEN :id ELSE fetched_id END
    WHERE id = :letter
    """
)
_CONTACTS = text("SELECT id FROM contact_point WHERE kind = 'phone' AND address = :phone ORDER BY id")
# By the budget, which knows each person's attempts by an index; attempts themselves have none by contact.
_LAST_TOLD = text(
    """
    SELECT b.attempt_id, b.reserved_at FROM contact_point c
    JOIN contact_budget b ON b.person_id = c.person_id AND b.contact_point_id = c.id
    WHERE c.id = ANY(CAST(:contacts AS uuid[])) AND b.channel = 'sms' AND b.released_at IS NULL
    ORDER BY b.reserved_at DESC, b.attempt_id DESC LIMIT 1
    """
)
_NOTICE = text(
    """
    SELECT a.period, a.id, a.notice_id, a.person_id, a.contact_point_id, r.purpose
    FROM attempt a JOIN run r ON r.id = a.run_id
    WHERE a.period = ANY(CAST(:periods AS date[])) AND a.id = :attempt
    """
)
_KEEP = text(
    """
    INSERT INTO incoming_letter (id, received_at, fingerprint, sender, subject, text, file_names, raw, period,
                                 notice_id, attempt_id, person_id, certainty, handled_at, handled_by,
                                 handling, provider, heard_id, fetched_id)
    VALUES (:id, :now, :fingerprint, :sender, 'СМС', :text, '[]'::jsonb, '', :period, :notice, :attempt,
            :person, :certainty, :handled_at, :handled_by, :handling, :provider, :heard, :fetched)
    ON CONFLICT (fingerprint) DO NOTHING RETURNING id
    """
)


class SmsReply(NamedTuple):
    """What came in. `provider` is the account's name; `id` is the provider's own, empty where it has none.

    `is_fetched`: looked up in the account, not heard by callback or over a connection. `is_late`: it may
    have been written long ago, so nobody waits for an answer.
    """

    provider: str
    id: str
    phone: str
    text: str
    is_fetched: bool = False
    is_late: bool = False


class _Last(NamedTuple):
    period: date
    attempt_id: UUID
    notice_id: UUID
    person_id: UUID
    contact_point_id: UUID | None
    purpose: str


def take_reply(session: Session, reply: SmsReply, now: datetime) -> Wish | None:
    """Keep an answer and do what it asks for; None when it was taken before.

    A number that nobody gave us can withdraw nothing: its words wait for staff, whatever they are.
    """
    phone = f"+{reply.phone.lstrip('+')}"[:MOST_NUMBER_CHARACTERS]
    reply = reply._replace(text=_storable(reply.text))
    if _is_known(session, reply, phone, now):
        return None
    contacts = list(session.execute(_CONTACTS, {"phone": phone}).scalars())
    last = _last_notice(session, contacts)
    wish = read_wish(reply.text) if contacts else Wish.WORDS
    kept = _keep(session, reply, phone, last, wish, now)
    if kept is None:
        return None
    if wish is Wish.WORDS:
        certainty = Certainty.SAID if last else Certainty.NONE
        publish(session, "letter.received", {"letter_id": kept, "certainty": certainty.value})
    else:
        contact = _withdraw(session, contacts, last, wish, kept, now)
        if contact is not None and not reply.is_late:
            _answer(session, contact, last, wish, kept, now)
    log.info("sms_reply.taken", letter_id=str(kept), wish=wish.value)
    return wish


def _is_known(session: Session, reply: SmsReply, phone: str, now: datetime) -> bool:
    """Whether this answer was taken before; then the way by which it came too is noted."""
    session.execute(_ALONE, {"phone": phone})
    values = {"id": reply.id, "fetched": reply.is_fetched}
    asked = {"phone": phone, "provider": reply.provider, "text": reply.text, "since": now - SAME_WORDS}
    known = session.execute(_KNOWN, {**values, **asked}).scalar_one_or_none()
    if known is not None:
        session.execute(_NOTE_WAY, {**values, "letter": known})
    return known is not None


def _withdraw(
    session: Session, contacts: list[UUID], last: _Last | None, wish: Wish, letter: UUID, now: datetime
) -> UUID | None:
    """Under the claim's locks; without a notice to which it could belong, it is meant for all of them.

    Returns the contact point to answer; None when the refusal changed nothing.
    """
    said: dict[str, Any] = {
        "source": Source.SMS_REPLY,
        "recorded_by": RECIPIENT,
        "source_reference": str(letter),
        "now": now,
    }
    lock_contacts(session, contacts)
    purpose = EVERY_PURPOSE if last is None or wish is Wish.STOP_ALL else last.purpose
    before = ask_permission(session, contacts, channel=SMS, purpose=purpose, now=now)
    if wish is Wish.STOP_ALL:
        if last is not None:
            stop_person(session, last.person_id, **said)
        stop_contacts(session, contacts, **said)
    else:
        for contact in contacts:
            withdraw_consent(session, contact, channel=SMS, purpose=purpose, **said)
    changed = [contact for contact in contacts if not before[contact].is_withdrawn]
    if not changed:
        return None
    addressed = None if last is None else last.contact_point_id
    return addressed if addressed in changed else changed[0]


def _answer(
    session: Session, contact: UUID, last: _Last | None, wish: Wish, letter: UUID, now: datetime
) -> None:
    is_for_all = wish is Wish.STOP_ALL
    purpose = EVERY_PURPOSE if last is None or is_for_all else last.purpose
    order_answer(session, letter, contact, purpose=purpose, is_for_all=is_for_all, now=now)


def _last_notice(session: Session, contacts: list[UUID]) -> _Last | None:
    told = session.execute(_LAST_TOLD, {"contacts": uuid_array(contacts)}).first()
    if told is None:
        return None
    values = {"periods": time_array(_periods_until(told.reserved_at)), "attempt": told.attempt_id}
    row = session.execute(_NOTICE, values).first()
    return None if row is None else _Last(*row)


def _periods_until(at: datetime) -> list[date]:
    """The months in which a run may have begun that was still sending then: each is a partition."""
    months = at.year * 12 + at.month - 1
    return [date(month // 12, month % 12 + 1, 1) for month in range(months - LONGEST_RUN_MONTHS, months + 1)]


def _keep(
    session: Session, reply: SmsReply, phone: str, last: _Last | None, wish: Wish, now: datetime
) -> UUID | None:
    is_handled = wish is not Wish.WORDS
    kept: UUID | None = session.execute(
        _KEEP,
        {
            "id": new_id(),
            "now": now,
            "fingerprint": _fingerprint(reply, now),
            "sender": phone,
            "text": reply.text,
            "period": last.period if last else None,
            "notice": last.notice_id if last else None,
            "attempt": last.attempt_id if last else None,
            "person": last.person_id if last else None,
            "certainty": (Certainty.SAID if last else Certainty.NONE).value,
            "handled_at": now if is_handled else None,
            "handled_by": RECIPIENT if is_handled else None,
            "handling": HANDLINGS.get(wish),
            "provider": reply.provider,
            "heard": None if reply.is_fetched else reply.id,
            "fetched": reply.id if reply.is_fetched else None,
        },
    ).scalar_one_or_none()
    return kept


def _storable(words: str) -> str:
    """Without what PostgreSQL has no place for: zeros, and halves of characters that JSON lets through."""
    return words[:MOST_CHARACTERS].replace("\0", "").encode(errors="replace").decode()


def _fingerprint(reply: SmsReply, now: datetime) -> bytes:
    """By the provider's id; without one by the moment: what is the same was looked for before."""
    name = reply.id or f"{now.isoformat()}\0{reply.phone}\0{reply.text}"
    return hashlib.sha256(f"sms\0{reply.provider}\0{name}".encode()).digest()
