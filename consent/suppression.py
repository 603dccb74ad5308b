"""The stop list: addresses that are not used over a channel, whoever they belong to and whatever for.

Whoever bans an address first locks the persons and contact points that have it, as a withdrawal does: once
the transaction has committed, no attempt to the address enters `sending` (promise P5). One ban per address
and channel is in force at a time; a further one only prolongs it. Case tells no two mailboxes apart in
practice, whatever RFC 5321 permits: the list keeps addresses in lower case.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from consent.errors import SuppressionError
from consent.reasons import stated_reason
from dispatcher.core.arrays import text_array, time_array, uuid_array
from dispatcher.core.audit import record_action
from dispatcher.core.ids import new_ids
from dispatcher.core.outbox import publish

CHANNELS: Final = ("email", "sms", "voice")


class SuppressionReason(StrEnum):
    """Why an address is not used."""

    #: there is no such mailbox (5.1.1, …)
    HARD_BOUNCE = "hard_bounce"
    #: the mailbox is there and takes nothing, more than once (5.2.1, 5.2.0)
    MAILBOX_DISABLED = "mailbox_disabled"
    #: the mailbox was full in several runs; for a time only (5.2.2)
    MAILBOX_FULL = "mailbox_full"
    #: the recipient called our message spam
    COMPLAINT = "complaint"
    #: there is no such number
    WRONG_NUMBER = "wrong_number"
    #: somebody else has this address: "wrong person"
    WRONG_PERSON = "wrong_person"
    #: the operator refuses to reach this number
    OPERATOR_REFUSAL = "operator_refusal"
    #: staff decided so
    STAFF = "staff"
    #: came with a stop list of another system
    IMPORTED = "imported"


@dataclass(frozen=True, slots=True)
class NewSuppression:
    """A ban to write; `address` is one of the database's form. Without `expires_at` it holds until lifted."""

    channel: str
    address: str
    reason: SuppressionReason
    source: str
    expires_at: datetime | None = None
    source_period: date | None = None
    source_attempt_id: UUID | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class AddedSuppressions:
    """`added` are new or prolonged bans; the other addresses were banned for as long already."""

    added: Sequence[UUID]
    known: int


_LOCK_PERSONS = text(
    """
    SELECT p.id FROM person p
    WHERE p.id IN (SELECT c.person_id FROM contact_point c
                   WHERE c.kind = ANY(CAST(:kinds AS text[]))
                     AND lower(c.address) = ANY(CAST(:addresses AS text[])))
    ORDER BY p.id FOR NO KEY UPDATE OF p
    """
)
_LOCK_CONTACTS = text(
    """
    SELECT c.id FROM contact_point c
    WHERE c.kind = ANY(CAST(:kinds AS text[])) AND lower(c.address) = ANY(CAST(:addresses AS text[]))
    ORDER BY c.id FOR NO KEY UPDATE OF c
    """
)
# What has expired makes room for the next ban, and stays on record.
_CLOSE_EXPIRED = text(
    """
    UPDATE suppression s SET lifted_at = s.expires_at, lifted_by = 'system', lift_reason = 'expired'
    FROM unnest(CAST(:channels AS text[]), CAST(:addresses AS text[])) AS n(channel, address)
    WHERE s.channel = n.channel AND s.address = n.address AND s.lifted_at IS NULL AND s.expires_at <= :now
    """
)
# In key order, so that two who ban the same addresses wait for each other instead of deadlocking.
_ADD = text(
    """
    INSERT INTO suppression AS s (id, channel, address, reason, source, source_period, source_attempt_id,
                                  note, created_by, created_at, expires_at)
    SELECT n.id, n.channel, n.address, n.reason, n.source, n.period, n.attempt, n.note, :actor, :now, n.until
    FROM unnest(CAST(:ids AS uuid[]), CAST(:channels AS text[]), CAST(:addresses AS text[]),
                CAST(:reasons AS text[]), CAST(:sources AS text[]), CAST(:periods AS date[]),
                CAST(:attempts AS uuid[]), CAST(:notes AS text[]), CAST(:untils AS timestamptz[]))
         AS n(id, channel, address, reason, source, period, attempt, note, until)
    ORDER BY n.channel, n.address
    ON CONFLICT (channel, address) WHERE lifted_at IS NULL DO UPDATE
    SET reason = excluded.reason, source = excluded.source, source_period = excluded.source_period,
        source_attempt_id = excluded.source_attempt_id, note = excluded.note, expires_at = excluded.expires_at
    WHERE s.expires_at < coalesce(excluded.expires_at, 'infinity')
    RETURNING s.id, s.channel, s.reason, s.source_attempt_id, s.expires_at
    """
)
_LOCK_ONE = text("SELECT id, channel, address, reason, lifted_at FROM suppression WHERE id = :id FOR UPDATE")
_LIFT = text(
    "UPDATE suppression SET lifted_at = :now, lifted_by = :actor, lift_reason = :reason WHERE id = :id"
)
_FIND = text(
    """
    SELECT id FROM suppression
    WHERE channel = :channel AND address = :address AND lifted_at IS NULL
      AND (expires_at IS NULL OR expires_at > :now)
    """
)


def lock_addresses(session: Session, addresses: Collection[str]) -> None:
    """Take the claim's locks on everybody who has one of these addresses: persons first, in id order."""
    if not addresses:
        return
    kinds = {"email" if "@" in address else "phone" for address in addresses}
    values = {
        "kinds": text_array(sorted(kinds)),
        "addresses": text_array(sorted(one.lower() for one in addresses)),
    }
    session.execute(_LOCK_PERSONS, values)
    session.execute(_LOCK_CONTACTS, values)


def suppress(
    session: Session, bans: Sequence[NewSuppression], *, actor: str, now: datetime
) -> AddedSuppressions:
    """Ban addresses from the commit on, under the claim's locks; the same ban twice is one."""
    last = {(ban.channel, ban.address.lower()): ban for ban in bans}
    if not last:
        return AddedSuppressions((), 0)
    wanted = list(last.values())
    lock_addresses(session, {ban.address for ban in wanted})
    keys = {
        "channels": text_array(ban.channel for ban in wanted),
        "addresses": text_array(ban.address.lower() for ban in wanted),
        "now": now,
    }
    session.execute(_CLOSE_EXPIRED, keys)
    added = session.execute(
        _ADD,
        {
            **keys,
            "actor": actor,
            "ids": uuid_array(new_ids(len(wanted))),
            "reasons": text_array(ban.reason.value for ban in wanted),
            "sources": text_array(ban.source for ban in wanted),
            "periods": time_array(ban.source_period for ban in wanted),
            "attempts": uuid_array(ban.source_attempt_id for ban in wanted),
            "notes": text_array(ban.note for ban in wanted),
            "untils": time_array(ban.expires_at for ban in wanted),
        },
    ).all()
    for row in added:
        facts = {"channel": row.channel, "reason": row.reason, "expires_at": row.expires_at}
        _record(session, "suppression.added", row.id, actor, None, facts, now)
        publish(
            session,
            "suppression.added",
            {"suppression_id": row.id, **facts, "attempt_id": row.source_attempt_id},
        )
    return AddedSuppressions([row.id for row in added], len(wanted) - len(added))


def find_suppression(session: Session, channel: str, address: str, now: datetime) -> UUID | None:
    """The ban of an address that is in force."""
    found: UUID | None = session.execute(
        _FIND, {"channel": channel, "address": address.lower(), "now": now}
    ).scalar_one_or_none()
    return found


def lift_suppression(session: Session, suppression: UUID, *, reason: str, actor: str, now: datetime) -> None:
    """Use the address again; raises `SuppressionError` without a reason, or when nothing is in force."""
    said = stated_reason(reason, SuppressionError)
    row = session.execute(_LOCK_ONE, {"id": suppression}).first()
    if row is None or row.lifted_at is not None:
        raise SuppressionError("this address is not on the stop list (any more)", code="no_suppression")
    session.execute(_LIFT, {"id": suppression, "now": now, "actor": actor, "reason": said})
    before = {"channel": row.channel, "reason": row.reason}
    _record(session, "suppression.lifted", suppression, actor, before, {"reason_given": True}, now)
    publish(session, "suppression.lifted", {"suppression_id": suppression, "channel": row.channel})


def _record(
    session: Session,
    action: str,
    suppression: UUID,
    actor: str,
    before: dict[str, object] | None,
    after: dict[str, object],
    now: datetime,
) -> None:
    record_action(
        session,
        at=now,
        actor=actor,
        action=action,
        subject_type="suppression",
        subject_id=suppression,
        before=before,
        after=after,
    )
