"""Which bills the notices of a run need by URL: noted when people are planned, looked at by every claim.

Fetching is no part of sending: a claimed notice has two seconds to begin. So bills are wanted as soon as
their recipients are planned, and an attempt whose bill is not there yet is held. When its bill has come, or
was given up, the attempt is due at once; that note may be lost without harm, for the times of a held
attempt grow with how long it has waited already (few looks, and never later than half as long again).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from dispatcher.delivery.bills.repository import (
    Standing,
    WantedBill,
    add_wanted,
    list_cells,
    read_standings,
)
from dispatcher.delivery.bills.states import BillState
from dispatcher.delivery.bills.urls import BillUrl, UrlRules, is_url, key_of
from dispatcher.delivery.checks import Candidate, RunView
from templates.attachment_rules import AttachmentRule, IfMissing
from templates.errors import AttachmentError
from templates.rendering import CompiledTemplate
from templates.repository import compiled_versions

FIRST_LOOK: Final = timedelta(seconds=10)
LAST_LOOK: Final = timedelta(minutes=15)

Templates = Mapping[UUID, CompiledTemplate]


@dataclass(frozen=True, slots=True)
class Needed:
    """A URL in a recipient's row, and the rule that asks for it."""

    rule: AttachmentRule
    url: str

    @property
    def key(self) -> bytes:
        """What the bill is known by."""
        return key_of(self.url)


def template_of(run: RunView, candidate: Candidate, templates: Templates) -> CompiledTemplate:
    """The pinned text for a recipient's language."""
    step = run.plan.steps[candidate.step]
    return templates.get(step.version_for(candidate.language)) or templates[step.template_version_id]


def urls_needed(run: RunView, candidate: Candidate, templates: Templates) -> list[Needed]:
    """The URLs that one notice needs; empty for nearly all runs, without any cost."""
    rules = template_of(run, candidate, templates).attachments
    cells = [(rule, candidate.fields.get(rule.field)) for rule in rules]
    return [Needed(rule, str(cell)) for rule, cell in cells if is_url(cell)]


def keys_needed(run: RunView, candidates: Sequence[Candidate], templates: Templates) -> set[bytes]:
    """What the bills of a whole group are known by."""
    return {need.key for one in candidates for need in urls_needed(run, one, templates)}


def want_bills_of(
    session: Session, run: RunView, recipients: Sequence[UUID], url_rules: UrlRules, now: datetime
) -> None:
    """Note the bills of a slice of recipients who were just planned."""
    if not url_rules.is_on or not recipients:
        return
    rules = _rules_of(compiled_versions(session, run.plan.version_ids()).values())
    if not rules:
        return
    wanted: dict[bytes, WantedBill] = {}
    for recipient, name, cell in list_cells(session, recipients, rules):
        _want(wanted, Needed(rules[name], cell), recipient, url_rules)
    add_wanted(session, run.id, list(wanted.values()), now)


def hold_for_bills(
    session: Session,
    run: RunView,
    candidates: Sequence[Candidate],
    templates: Templates,
    url_rules: UrlRules,
    now: datetime,
) -> dict[UUID, datetime]:
    """Attempt → when to look again, for each whose bill is still to come.

    Bills that nobody has wanted yet (a host was allowed meanwhile) are wanted now. A URL that may not be
    followed holds nobody: the notice is refused when it is rendered, with the reason.
    """
    if not url_rules.is_on:
        return {}
    needed = {one.attempt_id: urls_needed(run, one, templates) for one in candidates}
    keys = {need.key for needs in needed.values() for need in needs}
    if not keys:
        return {}
    standings = read_standings(session, run.id, keys)
    missing: dict[bytes, WantedBill] = {}
    held: dict[UUID, datetime] = {}
    for one in candidates:
        for need in needed[one.attempt_id]:
            standing = standings.get(need.key)
            if standing is None:
                is_to_come = _want(missing, need, one.recipient_id, url_rules)
            else:  # nobody asks a host that was taken off the list meanwhile
                is_to_come = standing.state is BillState.WAITING and _allowed(need, url_rules) is not None
            if is_to_come:
                look = _next_look(standing, now)
                held[one.attempt_id] = max(look, held.get(one.attempt_id, look))
    add_wanted(session, run.id, list(missing.values()), now)
    return held


def _rules_of(templates: Iterable[CompiledTemplate]) -> dict[str, AttachmentRule]:
    """The rule of each field that names a file in any language; a patient one goes before others."""
    rules: dict[str, AttachmentRule] = {}
    for template in templates:
        for rule in template.attachments:
            if rule.field not in rules or rule.if_missing is IfMissing.HOLD:
                rules[rule.field] = rule
    return rules


def _want(wanted: dict[bytes, WantedBill], need: Needed, recipient: UUID | None, url_rules: UrlRules) -> bool:
    """Add a bill unless its URL may not be followed; whether it is wanted."""
    allowed = _allowed(need, url_rules) if is_url(need.url) else None
    if recipient is None or allowed is None:
        return False
    is_patient = need.rule.if_missing is IfMissing.HOLD
    bill = WantedBill(need.key, allowed.origin, recipient, need.rule.field, is_patient)
    wanted.setdefault(need.key, bill)
    return True


def _allowed(need: Needed, url_rules: UrlRules) -> BillUrl | None:
    try:
        return url_rules.check(need.url)
    except AttachmentError:
        return None  # told, with its reason, when the notice is rendered


def _next_look(standing: Standing | None, now: datetime) -> datetime:
    if standing is None:
        return now + FIRST_LOOK
    waited = now - standing.wanted_at
    look = max(now + max(waited / 2, FIRST_LOOK), standing.next_try_at)
    return min(look, now + LAST_LOOK)
