"""With which channel a notice begins: the person's own choice, where the person may be reached by it.

Requirement 49 (and 14: free choice of the channel by the client). Only where one way is enough: of steps
that are all required each is taken anyway, in the order that staff have given. The choice is kept with the
notice, so that a change of mind in the middle of a run sends nobody round twice. Whether the step may really
be taken is decided at its claim, like every other.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from consent.permission import Permission, ask_permission
from dispatcher.delivery.step_plan import Combination, StepPlan


class Chooser(Protocol):
    """A recipient as far as the choice needs it."""

    @property
    def preferred_channel(self) -> str | None:
        """email, sms, voice or None."""

    @property
    def has_contract(self) -> bool:
        """Without a contract nothing is permitted (requirements 12 and 13)."""

    @property
    def email_contact_id(self) -> UUID | None:
        """Where e-mail goes."""

    @property
    def phone_contact_id(self) -> UUID | None:
        """Where SMS and calls go."""


def may_choose(plan: StepPlan) -> bool:
    """Whether the plan leaves anything to choose."""
    return plan.combination is Combination.ANY and len(plan.steps) > 1


def first_steps(
    session: Session, plan: StepPlan, recipients: Sequence[Chooser], *, purpose: str, now: datetime
) -> list[int]:
    """The step with which each recipient's notice begins; 0 is the plan's own order."""
    if not may_choose(plan):
        return [0] * len(recipients)
    permissions = {
        channel: ask_permission(
            session, _contacts(recipients, channel), channel=channel, purpose=purpose, now=now
        )
        for channel in sorted({step.channel.value for step in plan.steps})
    }
    return [choose_step(plan, one, permissions) for one in recipients]


def choose_step(
    plan: StepPlan, recipient: Chooser, permissions: Mapping[str, Mapping[UUID, Permission]]
) -> int:
    """The step over the preferred channel when it is permitted there, else 0."""
    channel = recipient.preferred_channel
    step = plan.step_over(channel)
    if not may_choose(plan) or step is None or channel is None or not recipient.has_contract:
        return 0
    contact = _contact(recipient, channel)
    permission = permissions[channel].get(contact) if contact else None
    return step if permission is not None and permission.refusal is None else 0


def _contacts(recipients: Sequence[Chooser], channel: str) -> list[UUID]:
    preferring = (one for one in recipients if one.preferred_channel == channel)
    return [contact for one in preferring if (contact := _contact(one, channel)) is not None]


def _contact(recipient: Chooser, channel: str) -> UUID | None:
    return recipient.email_contact_id if channel == "email" else recipient.phone_contact_id
