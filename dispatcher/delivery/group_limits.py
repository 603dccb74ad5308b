"""Hours and caps of a group that is claimed together, or of a slice that a dry run judges.

A few places, many people: the hours of each place are worked out once, and what everybody has spent of
the caps is read in two statements for all.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from consent.calendar import WorkingCalendar
from consent.place import Place
from consent.spent import CapWait, Spent, address_of, read_spent
from dispatcher.core.zones import zone
from dispatcher.delivery.checks import Candidate, RunView, capped_until, next_sending_time


def group_limits(
    session: Session,
    run: RunView,
    candidates: Sequence[Candidate],
    calendar: WorkingCalendar,
    now: datetime,
) -> "GroupLimits":
    """Read what the candidates have spent; their persons and addresses must be locked for it to hold."""
    spent = read_spent(
        session,
        [run.policy_of(group) for group in {one.customer_group for one in candidates}],
        persons={one.person_id for one in candidates},
        addresses={address_of(one.channel, one.address) for one in candidates if one.address},
        now=now,
    )
    return GroupLimits(run, spent, calendar, now)


class GroupLimits:
    """See the module."""

    def __init__(self, run: RunView, spent: Spent, calendar: WorkingCalendar, now: datetime) -> None:
        self._run = run
        self._spent = spent
        self._calendar = calendar
        self._now = now
        self._allowed: dict[Place, datetime | None] = {}
        self._waits: dict[tuple[Place, CapWait], CapWait] = {}

    def allowed_at(self, one: Candidate) -> datetime | None:
        """When the hours allow it; None: never again."""
        place = one.place(self._calendar)
        if place not in self._allowed:
            self._allowed[place] = next_sending_time(self._run, place, self._calendar, self._now)
        return self._allowed[place]

    def cap_wait(self, one: Candidate) -> CapWait | None:
        """Why and until when the caps hold it back."""
        policy = self._run.policy_of(one.customer_group)
        if not policy.caps:
            return None
        wait = self._spent.wait(
            policy,
            one.channel,
            person=one.person_id,
            address=one.address or "",
            zone=zone(one.time_zone),
            now=self._now,
        )
        if wait is None:
            return None
        key = (one.place(self._calendar), wait)
        if key not in self._waits:
            self._waits[key] = capped_until(wait, self._run, key[0], self._calendar)
        return self._waits[key]

    def spend(self, one: Candidate) -> None:
        """The next attempt of the same person, or to the same address, sees this one as spent."""
        policy = self._run.policy_of(one.customer_group)
        if policy.caps:
            self._spent.spend(
                policy, one.channel, person=one.person_id, address=one.address or "", now=self._now
            )
