"""What the ledger says: one rule, as a pure function over entries and as SQL for the claim.

Two times are kept apart. An entry is *in force* from `valid_from`; it is *known* from `recorded_at`. Asked
about a moment T as it was known at K, only entries recorded by K whose `valid_from` has come by T are looked
at. Of those that speak about the purpose, or about every purpose (`*`):

- the newest "yes" (given, confirmed) by `valid_from`, then by order of writing, is the one that could permit;
  once its `valid_until` has passed it permits nothing;
- a "no" (withdrawn, refused) stands against it when it was written later *or* is in force from a later
  moment: a paper found late never undoes a withdrawal, and doubt goes to "no".

So "yes to all, no debts, yes to outages" permits outages and all else but debts; "no to all" and then "yes to
outages" permits outages alone; a general "yes" after a narrow "no" permits again, because it is newer.
`pending` permits nothing and forbids nothing; `expired` is for the record only.

The claim asks about now as it is known now, and takes entries whose `valid_from` is not later than their
recording at once, whatever its own clock says: clocks of two processes differ by some milliseconds, and a
withdrawal that has been committed must stand (promise P5).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from consent.sources import Action

EVERY_PURPOSE: Final = "*"
YES: Final = frozenset({Action.GIVEN, Action.CONFIRMED})
NO: Final = frozenset({Action.WITHDRAWN, Action.REFUSED})

#: The newest "yes" and the newest "no" that stands against it, for a contact point `c`. Parameters: channel,
#: purpose, now. Two look-ups in ix_consent_event_latest each.
STANDING: Final = """
    LEFT JOIN LATERAL (
        SELECT e.sequence, e.valid_from, e.valid_until FROM consent_event e
        WHERE e.contact_point_id = c.id AND e.channel = :channel AND e.purpose IN (:purpose, '*')
          AND e.action IN ('given', 'confirmed')
          AND (e.valid_from <= :now OR e.valid_from <= e.recorded_at)
        ORDER BY e.valid_from DESC, e.sequence DESC LIMIT 1
    ) yes ON true
    LEFT JOIN LATERAL (
        SELECT e.action FROM consent_event e
        WHERE e.contact_point_id = c.id AND e.channel = :channel AND e.purpose IN (:purpose, '*')
          AND e.action IN ('withdrawn', 'refused')
          AND (e.valid_from <= :now OR e.valid_from <= e.recorded_at)
          AND (yes.sequence IS NULL OR e.sequence > yes.sequence OR e.valid_from > yes.valid_from)
        ORDER BY e.sequence DESC LIMIT 1
    ) no ON true
"""


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One entry as it is written. `sequence` is the order of writing."""

    sequence: int
    channel: str
    purpose: str
    action: str
    basis: str
    source: str
    source_reference: str | None
    text_version: str | None
    recorded_by: str
    valid_from: datetime
    valid_until: datetime | None
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """What the ledger says about one channel and purpose: `reason` is None when it is permitted.

    `entry` is the one that decides; None when nobody ever said anything.
    """

    channel: str
    purpose: str
    reason: str | None
    entry: LedgerEntry | None

    @property
    def is_permitted(self) -> bool:
        """Whether the ledger permits; suppression and contract are other matters."""
        return self.reason is None


def standing(
    entries: Iterable[LedgerEntry],
    channel: str,
    purpose: str,
    *,
    at: datetime,
    known_at: datetime | None = None,
) -> Standing:
    """What holds at `at`, as it was known at `known_at` (None: as it is known now)."""
    said = [
        one
        for one in entries
        if one.channel == channel
        and one.purpose in {purpose, EVERY_PURPOSE}
        and one.valid_from <= at
        and (known_at is None or one.recorded_at <= known_at)
    ]
    yes = max((one for one in said if one.action in YES), key=_by_force, default=None)
    against = [one for one in said if one.action in NO and _stands_against(one, yes)]
    if against:
        no = max(against, key=lambda one: one.sequence)
        return Standing(channel, purpose, refusal_of(no.action), no)
    if yes is None:
        return Standing(channel, purpose, "no_consent", None)
    has_ended = yes.valid_until is not None and yes.valid_until <= at
    return Standing(channel, purpose, "consent_expired" if has_ended else None, yes)


def refusal_of(action: str) -> str:
    """The reason that staff see for a "no"."""
    return "consent_withdrawn" if action == Action.WITHDRAWN else "no_consent"


def stand_all(
    entries: Sequence[LedgerEntry],
    channels: Iterable[str],
    purposes: Iterable[str],
    *,
    at: datetime,
    known_at: datetime | None = None,
) -> list[Standing]:
    """Every channel with every purpose."""
    wanted = list(purposes)
    return [
        standing(entries, channel, purpose, at=at, known_at=known_at)
        for channel in channels
        for purpose in wanted
    ]


def _by_force(entry: LedgerEntry) -> tuple[datetime, int]:
    return entry.valid_from, entry.sequence


def _stands_against(no: LedgerEntry, yes: LedgerEntry | None) -> bool:
    return yes is None or no.sequence > yes.sequence or no.valid_from > yes.valid_from
