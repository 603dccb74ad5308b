"""May this address be written to, over this channel, for this purpose? Default: no.

The answer is given at the send moment: the claim asks in a new statement after it has locked the person
and contact point rows that a withdrawal locks too (promise P5, requirements 12 and 13).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from dispatcher.core.arrays import uuid_array

EVERY_PURPOSE: Final = "*"

# The latest entry for the purpose or for every purpose wins; no entry means no.
_ASK = text(
    """
    SELECT c.id,
           coalesce(latest.action IN ('given', 'confirmed')
                    AND latest.valid_from <= :now
                    AND (latest.valid_until IS NULL OR latest.valid_until > :now), false),
           latest.action,
           EXISTS (SELECT 1 FROM suppression s
                   WHERE s.channel = :channel AND s.address = c.address AND s.lifted_at IS NULL
                     AND (s.expires_at IS NULL OR s.expires_at > :now))
    FROM contact_point c
    LEFT JOIN LATERAL (
        SELECT e.action, e.valid_from, e.valid_until FROM consent_event e
        WHERE e.contact_point_id = c.id AND e.channel = :channel AND e.purpose IN (:purpose, '*')
        ORDER BY e.sequence DESC LIMIT 1
    ) latest ON true
    WHERE c.id = ANY(CAST(:contacts AS uuid[]))
    """
)


@dataclass(frozen=True, slots=True)
class Permission:
    """The ledger's answer for one contact point. `refusal` is the reason staff see, None if permitted."""

    is_consented: bool
    is_withdrawn: bool
    is_suppressed: bool

    @property
    def refusal(self) -> str | None:
        """`suppressed`, `consent_withdrawn`, `no_consent`, or None."""
        if self.is_suppressed:
            return "suppressed"
        if self.is_withdrawn:
            return "consent_withdrawn"
        return None if self.is_consented else "no_consent"


def ask_permission(
    session: Session, contacts: Sequence[UUID], *, channel: str, purpose: str, now: datetime
) -> Mapping[UUID, Permission]:
    """The permission of each contact point at this moment."""
    rows = session.execute(
        _ASK, {"contacts": uuid_array(contacts), "channel": channel, "purpose": purpose, "now": now}
    )
    return {
        contact: Permission(bool(consented), action == "withdrawn", bool(suppressed))
        for contact, consented, action, suppressed in rows
    }
