"""May this address be written to, over this channel, for this purpose? Default: no.

The answer is given at the send moment: the claim asks in a new statement after it has locked the person
and contact point rows that a withdrawal locks too (promise P5, requirements 12 and 13).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from consent.standing import EVERY_PURPOSE, STANDING
from dispatcher.core.arrays import uuid_array
from dispatcher.core.db import fetch

__all__ = ["EVERY_PURPOSE", "Permission", "ask_permission"]

# The rule is written out in `consent.standing`; no entry means no.
_ANSWER = """
    SELECT c.id,
           no.action,
           yes.sequence IS NOT NULL AND (yes.valid_until IS NULL OR yes.valid_until > :now) AS is_given,
           yes.sequence IS NOT NULL AS was_given,
           EXISTS (SELECT 1 FROM suppression s
                   WHERE s.channel = :channel AND s.address = lower(c.address) AND s.lifted_at IS NULL
                     AND (s.expires_at IS NULL OR s.expires_at > :now)) AS is_suppressed
"""
_ASK = text(
    f"""{_ANSWER}
    FROM contact_point c
    {STANDING}
    WHERE c.id = ANY(CAST(:contacts AS uuid[]))
    """
)


@dataclass(frozen=True, slots=True)
class Permission:
    """The ledger's answer for one contact point. `refusal` is the reason staff see, None if permitted."""

    is_consented: bool
    is_withdrawn: bool
    is_suppressed: bool
    is_expired: bool = False

    @property
    def refusal(self) -> str | None:
        """`suppressed`, `consent_withdrawn`, `consent_expired`, `no_consent`, or None."""
        if self.is_suppressed:
            return "suppressed"
        if self.is_withdrawn:
            return "consent_withdrawn"
        if self.is_expired:
            return "consent_expired"
        return None if self.is_consented else "no_consent"


def ask_permission(
    session: Session, contacts: Sequence[UUID], *, channel: str, purpose: str, now: datetime
) -> Mapping[UUID, Permission]:
    """The permission of each contact point at this moment."""
    values = {"contacts": uuid_array(contacts), "channel": channel, "purpose": purpose, "now": now}
    return {
        contact: Permission(
            is_consented=no is None and is_given,
            is_withdrawn=no == "withdrawn",
            is_suppressed=is_suppressed,
            is_expired=no is None and was_given and not is_given,
        )
        for contact, no, is_given, was_given, is_suppressed in fetch(session, _ASK, values)
    }
