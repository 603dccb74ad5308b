"""Hours and caps of a group that is claimed together, or of a slice that a dry run judges.

A few places, many people: the hours of each place are worked out once, and what everybody has spent of
the caps is read in two statements for all.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from sqlalchemy.orm import Session

from consent.calendar import WorkingCalendar
from consent.place import Place
from consent.spent import CapWait, Spent, address_of, read_spent
from dispatcher.core.zones import zone
from dispatcher.delivery.checks import (
    SENDING_MARGIN,
    Candidate,
    RunView,
    capped_until,
    closing_time,
    next_sending_time,
)

NO_VALIDITY: Final[Mapping[str, float]] = MappingProxyType({})


def group_limits(
    session: Session,
    run: RunView,
    candidates: Sequence[Candidate],
    calendar: WorkingCalendar,
    now: datetime,
    least_validity: Mapping[str, float] = NO_VALIDITY,
    call_seconds: float | None = None,
) -> "GroupLimits":
    """Read what the candidates have spent; their persons and addresses must be locked for it to hold.

    `least_validity`: channel → seconds for which its providers hold what they were given, at least.
    `call_seconds`: how long the calls of this run are known to take; None: not known yet.
    """
    spent = read_spent(
        session,
        [run.policy_of(group) for group in {one.customer_group for one in candidates}],
        persons={one.person_id for one in candidates},
        addresses={address_of(one.channel, one.address) for one in candidates if one.address},
        now=now,
    )
    return GroupLimits(run, spent, calendar, now, least_validity, call_seconds)


class GroupLimits:
    """See the module."""

    def __init__(
        self,
        run: RunView,
        spent: Spent,
        calendar: WorkingCalendar,
        now: datetime,
        least_validity: Mapping[str, float] = NO_VALIDITY,
        call_seconds: float | None = None,
    ) -> None:
        self._run = run
        self._spent = spent
        self._calendar = calendar
        self._now = now
        self._least_validity = least_validity
        self._call_seconds = call_seconds
        self._allowed: dict[tuple[str, int, Place], datetime | None] = {}
        self._closings: dict[Place, datetime] = {}
        self._waits: dict[tuple[Place, CapWait], CapWait] = {}

    def allowed_at(self, one: Candidate) -> datetime | None:
        """When the hours allow it; None: never again.

        Too near to their end for a provider that would still try when they are over, it waits for the next.
        """
        key = (one.channel, one.step, one.place(self._calendar))
        if key not in self._allowed:
            self._allowed[key] = self._next(*key)
        return self._allowed[key]

    def deliver_until(self, one: Candidate) -> datetime | None:
        """When a provider must give it up that is handed it now; None: nothing of its channel is held."""
        if self._least(one.channel, one.step) is None:
            return None
        return self._closing(one.place(self._calendar))

    def _least(self, channel: str, step: int) -> float | None:
        """For how long the hours must still be open: as long as a call may take, or a provider holds it."""
        steps = self._run.plan.steps
        longest = steps[step].longest_seconds if step < len(steps) else None
        if longest is None:
            return self._least_validity.get(channel)
        return longest if self._call_seconds is None else self._call_seconds

    def _next(self, channel: str, step: int, place: Place) -> datetime | None:
        allowed = next_sending_time(self._run, place, self._calendar, self._now)
        least = self._least(channel, step)
        if least is None or allowed is None or allowed > self._now:
            return allowed
        closing = self._closing(place)
        if closing - self._now >= timedelta(seconds=least) + SENDING_MARGIN:
            return allowed
        return next_sending_time(self._run, place, self._calendar, closing)

    def _closing(self, place: Place) -> datetime:
        if place not in self._closings:
            self._closings[place] = closing_time(self._run, place, self._calendar, self._now)
        return self._closings[place]

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
