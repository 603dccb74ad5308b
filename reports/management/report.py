"""The report to managers over a period (requirement 56): consent, bans, returns, runs; terms beside it.

Read-only, in one snapshot of the database, so that its tables fit together. It names nobody.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from reports.management.asked import ReportAsked
from reports.management.consents import StandingConsents, WrittenConsents, read_standing, read_written
from reports.management.returns import BanFigures, ReturnFigures, read_bans, read_returns
from reports.management.runs import RunsReport, read_runs
from reports.management.terms import KeptTerms, read_terms

_ONE_SNAPSHOT: Final = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")


@dataclass(frozen=True, slots=True)
class ManagementReport:
    """What happened in the period, as it was known at `read_at`."""

    asked: ReportAsked
    read_at: datetime
    runs: RunsReport
    consents: Sequence[WrittenConsents]
    standing: Sequence[StandingConsents]
    bans: Sequence[BanFigures]
    returns: Sequence[ReturnFigures]


@dataclass(frozen=True, slots=True)
class TermsReport:
    """Which terms were kept in the period, as it was known at `read_at`."""

    asked: ReportAsked
    read_at: datetime
    terms: Sequence[KeptTerms]


def read_report(session: Session, asked: ReportAsked, now: datetime) -> ManagementReport:
    """The report; must be the first statement of its transaction, which is read-only."""
    session.execute(_ONE_SNAPSHOT)
    return ManagementReport(
        asked,
        now,
        read_runs(session, asked, now),
        read_written(session, asked, now),
        read_standing(session, asked, now),
        read_bans(session, asked, now),
        read_returns(session, asked, now),
    )


def read_terms_report(session: Session, asked: ReportAsked, now: datetime) -> TermsReport:
    """The terms; must be the first statement of its transaction, which is read-only."""
    session.execute(_ONE_SNAPSHOT)
    runs = read_runs(session, asked, now).runs
    return TermsReport(asked, now, read_terms(session, runs, asked, now))
