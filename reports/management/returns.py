"""What came back in a period: bans of addresses, and refusals and complaints by domain.

No address is named. Of a domain with next to no refusals only the sum is shown: a domain of one's own names
its owner (promise P10).
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from reports.management.asked import ReportAsked

_BANS = text(
    """
    SELECT channel, reason,
           count(*) FILTER (WHERE created_at >= :begins AND created_at < :ends) AS added,
           count(*) FILTER (WHERE lifted_at >= :begins AND lifted_at < :ends
                              AND coalesce(lift_reason, '') NOT IN ('expired', 'repeated')) AS lifted,
           count(*) FILTER (WHERE expires_at >= :begins AND expires_at < :known_at
                              AND (lifted_at IS NULL OR lift_reason = 'expired')) AS expired,
           count(*) FILTER (WHERE created_at < :known_at AND (lifted_at IS NULL OR lifted_at >= :known_at)
                              AND (expires_at IS NULL OR expires_at > :known_at)) AS in_force
    FROM suppression WHERE created_at < :ends
    GROUP BY channel, reason ORDER BY channel, reason
    """
)
_REFUSALS = text(
    """
    SELECT f.channel, f.domain, f.kind, count(*)
    FROM address_refusal f JOIN run r ON r.id = f.run_id
    JOIN campaign c ON c.id = r.campaign_id
    JOIN scenario_version v ON v.id = c.scenario_version_id JOIN scenario s ON s.id = v.scenario_id
    WHERE f.noted_at >= :begins AND f.noted_at < :ends AND f.kind <> 'arrived'
      AND (CAST(:purpose AS text) IS NULL OR r.purpose = :purpose)
      AND (CAST(:scenario AS text) IS NULL OR s.name = :scenario)
      AND (CAST(:customer_group AS int) IS NULL OR EXISTS (
           SELECT 1 FROM contact_point k JOIN person p ON p.id = k.person_id
           WHERE k.id = f.contact_point_id AND p.customer_group = :customer_group))
    GROUP BY f.channel, f.domain, f.kind
    """
)
#: What is noted, in the order of the columns.
CLASSES: Final = (
    "hard",
    "disabled",
    "full",
    "wrong_number",
    "operator_refusal",
    "sender",
    "content",
    "complaint",
)
FEWEST: Final = 3  #: a domain with fewer refusals is not named
OTHER_DOMAINS: Final = "…"


@dataclass(frozen=True, slots=True)
class BanFigures:
    """Bans of one channel for one reason: of the period, and in force at its end."""

    channel: str
    reason: str
    added: int
    lifted: int  #: by staff, or by a review
    expired: int
    in_force: int


@dataclass(frozen=True, slots=True)
class ReturnFigures:
    """Refusals and complaints over a channel; `domain` is empty for telephones, `…` for all rare ones."""

    channel: str
    domain: str
    classes: Counter[str]


def read_bans(session: Session, asked: ReportAsked, now: datetime) -> list[BanFigures]:
    """Bans know no purpose: they hold for an address, whatever it is told."""
    rows = [BanFigures(*row) for row in session.execute(_BANS, asked.values(now))]
    return [row for row in rows if row.added or row.lifted or row.expired or row.in_force]


def read_returns(session: Session, asked: ReportAsked, now: datetime) -> list[ReturnFigures]:
    """By channel and domain, the most first."""
    found: dict[tuple[str, str], Counter[str]] = {}
    for channel, domain, kind, count in session.execute(_REFUSALS, asked.values(now)):
        found.setdefault((channel, domain), Counter())[kind] += count
    named: dict[tuple[str, str], Counter[str]] = {}
    for (channel, domain), classes in found.items():
        is_rare = bool(domain) and classes.total() < FEWEST
        named.setdefault((channel, OTHER_DOMAINS if is_rare else domain), Counter()).update(classes)
    rows = [ReturnFigures(*key, classes) for key, classes in named.items()]
    return sorted(rows, key=lambda one: (one.domain == OTHER_DOMAINS, -one.classes.total(), one.domain))
