"""Where the sending of notices meets their bills: what a claim must wait for, and what a claimed group takes.

The claim asks with its locks held, so it is answered from rows alone; the bytes are read once it has
committed, in a short transaction of their own.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from dispatcher.core.db import Database
from dispatcher.delivery.attachments import NO_BILLS, Bills
from dispatcher.delivery.bills.repository import read_bills
from dispatcher.delivery.bills.urls import UrlRules
from dispatcher.delivery.bills.wanted import Templates, hold_for_bills, keys_needed
from dispatcher.delivery.checks import Candidate, RunView

log = structlog.get_logger()


class BillGate:
    """For one lane worker; `compiled` gives the texts of a run, which say whose files go along."""

    def __init__(self, url_rules: UrlRules, compiled: Callable[[Session, RunView], Templates]) -> None:
        self._url_rules = url_rules
        self._compiled = compiled

    def looks(
        self, session: Session, run: RunView, candidates: Sequence[Candidate], now: datetime
    ) -> Mapping[UUID, datetime]:
        """Attempt → when to look again, for each whose bill by URL is still to come."""
        if not self._url_rules.is_on:
            return {}
        templates = self._compiled(session, run)
        return hold_for_bills(session, run, candidates, templates, self._url_rules, now)

    def take(
        self, database: Database, run: RunView, candidates: Sequence[Candidate], templates: Templates
    ) -> Bills:
        """The bills that a claimed group needs; almost always none, and then the database is not asked."""
        keys = keys_needed(run, candidates, templates)
        if not keys or not self._url_rules.is_on:
            return NO_BILLS
        try:
            return database.run(lambda session: read_bills(session, run.id, keys))
        except DBAPIError as error:
            # Nothing has left: those whose bill is not in hand are given back and due again in a moment.
            log.warning("delivery.bills_not_read", error=type(error).__name__)
            return NO_BILLS
