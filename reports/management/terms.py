"""Whether people were told in time (requirements 17, 27, 31-33): by the day that the scenario's rule names.

The day on which a person was told is looked up for each notice, on the wall of the supply address: this is
the one report that reads rows, and it reads those of runs with a term only. Whom a run of several required
channels told counts from the last of them; who waits to be told by hand may still be told in time.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from campaigns.lead_time import Counted, LeadTime
from campaigns.scenario_rules import rules
from consent.purposes import Purpose
from dispatcher.core.arrays import uuid_array
from reports.management.asked import ReportAsked
from reports.management.runs import ReportedRun

_TOLD = text(
    """
    SELECT n.run_id, coalesce(p.fields ->> :field, u.common_fields ->> :field) AS event_day,
           CASE WHEN n.state = 'notified'
                THEN CAST(coalesce(sent.at, m.told_at, n.closed_at) AT TIME ZONE p.time_zone AS date) END
                AS told_on,
           (n.state = 'open' OR m.state = 'open') IS TRUE AS is_open, count(*)
    FROM run u
    JOIN notice n ON n.period = u.period AND n.run_id = u.id
    JOIN recipient p ON p.id = n.recipient_id
    LEFT JOIN LATERAL (
        SELECT CASE WHEN u.step_plan ->> 'combination' = 'all' THEN max(s.at) ELSE min(s.at) END AS at
        FROM (SELECT min(a.sending_at) AS at FROM attempt a
              WHERE a.period = n.period AND a.notice_id = n.id AND a.state IN ('accepted', 'delivered')
              GROUP BY a.step) s
    ) sent ON n.state = 'notified'
    LEFT JOIN manual_task m ON m.period = n.period AND m.notice_id = n.id
    WHERE u.id = ANY(CAST(:runs AS uuid[]))
      AND (CAST(:customer_group AS int) IS NULL OR p.customer_group = :customer_group)
    GROUP BY 1, 2, 3, 4
    """
)
#: A reminder of a due date is in time until that day; staff have no rule to change here.
_DUE: Final = LeadTime("due_date", Counted.BEFORE)


class Term(StrEnum):
    """What became of a term."""

    #: told by its last day
    KEPT = "kept"
    #: told after it
    LATE = "late"
    #: not told
    UNTOLD = "untold"
    #: not told yet, and there is time
    AHEAD = "ahead"
    #: the list gives no date to count from
    NO_DATE = "no_date"


@dataclass(frozen=True, slots=True)
class KeptTerms:
    """How many notices of a run kept the scenario's term."""

    run: ReportedRun
    rule: LeadTime
    terms: Counter[Term]


def read_terms(
    session: Session, runs: Sequence[ReportedRun], asked: ReportAsked, now: datetime
) -> list[KeptTerms]:
    """The terms of those runs that have one; the rule is the one that holds today."""
    known = {name: rule.lead_time for name, rule in rules(session).items()}
    ruled = {run.id: (run, rule) for run in runs if (rule := _rule(run, known)) is not None}
    found: dict[UUID, Counter[Term]] = {run: Counter() for run in ruled}
    today = now.astimezone(asked.zone).date()
    for field in sorted({rule.field for _, rule in ruled.values()}):
        wanted = [run for run, (_, rule) in ruled.items() if rule.field == field]
        values = {
            "field": field,
            "runs": uuid_array(wanted),
            "customer_group": asked.customer_group,
        }
        for run, day, told_on, is_open, count in session.execute(_TOLD, values):
            found[run][term_of(ruled[run][1], day, told_on, today, is_open=is_open)] += count
    return [KeptTerms(*ruled[run], terms) for run, terms in found.items() if terms]


def term_of(rule: LeadTime, day: str | None, told_on: date | None, today: date, *, is_open: bool) -> Term:
    """What became of one notice's term; `day` is the event's date as it is kept."""
    try:
        event = date.fromisoformat(day or "")
    except ValueError:
        return Term.NO_DATE
    last = rule.latest_start(event)
    if told_on is not None:
        return Term.KEPT if told_on <= last else Term.LATE
    return Term.AHEAD if is_open and today <= last else Term.UNTOLD


def _rule(run: ReportedRun, known: Mapping[str, LeadTime | None]) -> LeadTime | None:
    rule = known.get(run.scenario)
    return _DUE if rule is None and run.purpose == Purpose.PAYMENT_DUE else rule
