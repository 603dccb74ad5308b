"""What the ledger of consent took in during a period, and what it permitted at its end."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from consent.standing import EVERY_PURPOSE
from reports.management.asked import ReportAsked

_WRITTEN = text(
    """
    SELECT e.channel, e.purpose, e.source, e.action, count(*)
    FROM consent_event e
    WHERE e.recorded_at >= :begins AND e.recorded_at < :ends
      AND (CAST(:purpose AS text) IS NULL OR e.purpose IN (:purpose, '*'))
      AND (CAST(:customer_group AS int) IS NULL OR EXISTS (
           SELECT 1 FROM contact_point c JOIN person p ON p.id = c.person_id
           WHERE c.id = e.contact_point_id AND p.customer_group = :customer_group))
    GROUP BY e.channel, e.purpose, e.source, e.action
    """
)
# The rule of `consent.standing` over the whole ledger at once: the newest "yes" by force, and whether a "no"
# stands against it. What was said about every purpose counts for each. A contact that has a word on a purpose
# is judged for it by both, and beside that by the general word alone: so `_by_purpose` can add up those who
# have no own word without a row for each purpose that they never mentioned.
_STANDING = text(
    """
    WITH said AS (
        SELECT e.contact_point_id, e.channel, e.purpose,
               (max(ARRAY[extract(epoch FROM e.valid_from), e.sequence])
                    FILTER (WHERE e.action IN ('given', 'confirmed'))) AS yes,
               max(e.sequence) FILTER (WHERE e.action IN ('withdrawn', 'refused')) AS no_sequence,
               max(extract(epoch FROM e.valid_from))
                    FILTER (WHERE e.action IN ('withdrawn', 'refused')) AS no_from,
               (max(ARRAY[extract(epoch FROM e.valid_from), e.sequence,
                          coalesce(extract(epoch FROM e.valid_until), 'Infinity'::numeric)])
                    FILTER (WHERE e.action IN ('given', 'confirmed')))[3] AS ends
        FROM consent_event e
        WHERE e.recorded_at < :known_at AND e.valid_from <= :known_at
          AND (CAST(:purpose AS text) IS NULL OR e.purpose IN (:purpose, '*'))
          AND (CAST(:customer_group AS int) IS NULL OR EXISTS (
               SELECT 1 FROM contact_point c JOIN person p ON p.id = c.person_id
               WHERE c.id = e.contact_point_id AND p.customer_group = :customer_group))
        GROUP BY e.contact_point_id, e.channel, e.purpose
    ), paired AS (
        SELECT o.channel, o.purpose, o.yes, o.ends, g.yes AS general_yes, g.ends AS general_ends,
               greatest(o.no_sequence, g.no_sequence) AS no_sequence,
               greatest(o.no_from, g.no_from) AS no_from,
               g.no_sequence AS general_no_sequence, g.no_from AS general_no_from,
               g.contact_point_id IS NOT NULL AS has_general
        FROM said o
        LEFT JOIN said g ON o.purpose <> '*' AND g.purpose = '*'
                        AND g.contact_point_id = o.contact_point_id AND g.channel = o.channel
    ), judged AS (
        SELECT channel, purpose, has_general, no_sequence, no_from, general_yes, general_ends,
               general_no_sequence, general_no_from,
               CASE WHEN general_yes IS NULL OR yes >= general_yes THEN yes ELSE general_yes END AS yes,
               CASE WHEN general_yes IS NULL OR yes >= general_yes THEN ends ELSE general_ends END AS ends
        FROM paired
    )
    SELECT channel, purpose, standing, general_standing, count(*)
    FROM (
        SELECT channel, purpose,
               CASE WHEN no_sequence IS NOT NULL
                         AND (yes IS NULL OR no_sequence > yes[2] OR no_from > yes[1]) THEN 'refused'
                    WHEN yes IS NULL THEN ''
                    WHEN ends <= extract(epoch FROM CAST(:known_at AS timestamptz)) THEN 'expired'
                    ELSE 'permitted' END AS standing,
               CASE WHEN NOT has_general THEN ''
                    WHEN general_no_sequence IS NOT NULL
                         AND (general_yes IS NULL OR general_no_sequence > general_yes[2]
                              OR general_no_from > general_yes[1]) THEN 'refused'
                    WHEN general_yes IS NULL THEN ''
                    WHEN general_ends <= extract(epoch FROM CAST(:known_at AS timestamptz)) THEN 'expired'
                    ELSE 'permitted' END AS general_standing
        FROM judged
    ) both_ways
    GROUP BY 1, 2, 3, 4
    """
)
ACTIONS: Final = ("given", "confirmed", "withdrawn", "refused", "expired", "pending")
STANDINGS: Final = ("permitted", "refused", "expired")


@dataclass(frozen=True, slots=True)
class WrittenConsents:
    """Entries of a period by one channel, purpose and source: how many of each action."""

    channel: str
    purpose: str
    source: str
    actions: Counter[str]


@dataclass(frozen=True, slots=True)
class StandingConsents:
    """Contacts of a channel by what the ledger says about a purpose at the end of the period."""

    channel: str
    purpose: str  #: `*`: of each purpose that the contact said nothing of its own about
    permitted: int
    refused: int  #: withdrawn, or refused at once
    expired: int


def read_written(session: Session, asked: ReportAsked, now: datetime) -> list[WrittenConsents]:
    """What was recorded in the period; a purpose asked about includes what was said about every purpose."""
    found: dict[tuple[str, str, str], Counter[str]] = {}
    for channel, purpose, source, action, count in session.execute(_WRITTEN, asked.values(now)):
        found.setdefault((channel, purpose, source), Counter())[action] += count
    return [WrittenConsents(*key, actions) for key, actions in sorted(found.items())]


def read_standing(session: Session, asked: ReportAsked, now: datetime) -> list[StandingConsents]:
    """What held at the end of the period, as it was known then: the same whenever it is asked again."""
    rows = [tuple(row) for row in session.execute(_STANDING, asked.values(now))]
    return by_purpose(rows, asked.purpose)


def by_purpose(
    rows: Sequence[tuple[str, str, str, str, int]], asked: str | None = None
) -> list[StandingConsents]:
    """(channel, purpose, standing, standing by the general word, contacts) → contacts by purpose.

    For a purpose: those who have a word of their own about it, by both words; and all others who have a
    general word, by that.
    """
    own: dict[tuple[str, str], Counter[str]] = {}
    general: dict[str, Counter[str]] = {}
    among_own: dict[tuple[str, str], Counter[str]] = {}
    for channel, purpose, standing, by_general, count in rows:
        if purpose == EVERY_PURPOSE:
            general.setdefault(channel, Counter())[standing] += count
        else:
            own.setdefault((channel, purpose), Counter())[standing] += count
            among_own.setdefault((channel, purpose), Counter())[by_general] += count
    if asked is not None:
        own = {(channel, asked): own.get((channel, asked), Counter()) for channel, _ in own} | {
            (channel, asked): own.get((channel, asked), Counter()) for channel in general
        }
    keys = set(own) if asked is not None else set(own) | {(channel, EVERY_PURPOSE) for channel in general}
    found = []
    for channel, purpose in sorted(keys):
        everybody = general.get(channel, Counter())
        mine = own.get((channel, purpose), Counter())
        counted = among_own.get((channel, purpose), Counter())
        figures = [mine[one] + everybody[one] - counted[one] for one in STANDINGS]
        found.append(StandingConsents(channel, purpose, *figures))
    return found
