"""What this company decided about a scenario: who owns it, by when people must be told, how strictly.

The product's own rule (`campaigns.catalogue`) holds until an administrator changes it; the change is on
record with before and after (promise P11).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from campaigns.catalogue import BUILTIN
from campaigns.errors import CampaignError, UnknownScenarioError
from campaigns.lead_time import Counted, LeadTime, Strictness
from dispatcher.core.audit import record_action
from dispatcher.core.staff import StaffMember, StaffRole

MAX_DAYS: Final = 365
MAX_MONTHS: Final = 24
MAX_OWNER_CHARS: Final = 200
_NOBODY: Final = UUID(int=0)

_ALL = text("SELECT scenario, owner, lead_days, lead_months, strictness FROM scenario_rule")
_SAVE = text(
    """
    INSERT INTO scenario_rule (scenario, owner, lead_days, lead_months, strictness, changed_by, changed_at)
    VALUES (:scenario, :owner, :days, :months, :strictness, :by, :now)
    ON CONFLICT (scenario) DO UPDATE SET owner = excluded.owner, lead_days = excluded.lead_days,
        lead_months = excluded.lead_months, strictness = excluded.strictness,
        changed_by = excluded.changed_by, changed_at = excluded.changed_at
    """
)


@dataclass(frozen=True, slots=True)
class ScenarioRule:
    """The rule that holds."""

    owner: str
    lead_time: LeadTime | None


@dataclass(frozen=True, slots=True)
class RuleChange:
    """What to change; None leaves it as it is."""

    owner: str | None = None
    days: int | None = None
    months: int | None = None
    strictness: Strictness | None = None


def rules(session: Session) -> Mapping[str, ScenarioRule]:
    """The rule of every scenario."""
    kept = {row.scenario: row._asdict() for row in session.execute(_ALL)}
    return {name: _merged(name, kept.get(name)) for name in BUILTIN}


def rule_of(session: Session, scenario: str) -> ScenarioRule:
    """The rule of one scenario; a scenario that the catalogue does not have has no lead time."""
    if scenario not in BUILTIN:
        return ScenarioRule("", None)
    return rules(session)[scenario]


def change_rule(
    session: Session, scenario: str, change: RuleChange, *, member: StaffMember, now: datetime
) -> ScenarioRule:
    """Change a rule; campaigns made from now on follow it.

    Raises `UnknownScenarioError`, and `CampaignError` when this person may not, or the numbers make no
    sense.
    """
    if scenario not in BUILTIN:
        raise UnknownScenarioError(f"there is no scenario {scenario!r}", code="unknown_scenario")
    if not member.is_active or member.role is not StaffRole.ADMINISTRATOR:
        raise CampaignError(
            "only an administrator may change what holds for a scenario", code="not_an_administrator"
        )
    before = rule_of(session, scenario)
    after = _changed(before, change)
    lead = after.lead_time
    session.execute(
        _SAVE,
        {
            "scenario": scenario,
            "owner": after.owner,
            "days": None if lead is None else lead.days,
            "months": None if lead is None else lead.months,
            "strictness": None if lead is None else lead.strictness.value,
            "by": member.actor,
            "now": now,
        },
    )
    record_action(
        session,
        at=now,
        actor=member.actor,
        action="scenario.rule_changed",
        subject_type="scenario",
        subject_id=scenario,
        before=_plain(before),
        after=_plain(after),
    )
    return after


def _merged(name: str, kept: Mapping[str, Any] | None) -> ScenarioRule:
    builtin = BUILTIN[name]
    lead = builtin.lead_time
    if kept is None:
        return ScenarioRule(builtin.owner, lead)
    if lead is not None and kept["strictness"] is not None:
        lead = replace(
            lead,
            days=kept["lead_days"],
            months=kept["lead_months"],
            strictness=Strictness(kept["strictness"]),
        )
    return ScenarioRule(kept["owner"] or builtin.owner, lead)


def _changed(rule: ScenarioRule, change: RuleChange) -> ScenarioRule:
    owner = rule.owner if change.owner is None else " ".join(change.owner.split())
    if not owner or len(owner) > MAX_OWNER_CHARS:
        raise CampaignError(f"the owner is a name of at most {MAX_OWNER_CHARS} signs", code="owner_bad")
    lead = rule.lead_time
    if lead is None:
        if (change.days, change.months, change.strictness) != (None, None, None):
            raise CampaignError("this scenario has no date to count from", code="no_lead_time")
        return ScenarioRule(owner, None)
    lead = replace(
        lead,
        days=lead.days if change.days is None else change.days,
        months=lead.months if change.months is None else change.months,
        strictness=change.strictness or lead.strictness,
    )
    most = 31 if lead.counted is Counted.DAY_OF_NEXT_MONTH else MAX_DAYS
    least = 1 if lead.counted is Counted.DAY_OF_NEXT_MONTH else 0
    if not least <= lead.days <= most or not 0 <= lead.months <= MAX_MONTHS:
        raise CampaignError(
            f"days are {least} to {most}, months 0 to {MAX_MONTHS}",
            code="lead_time_bad",
            least=least,
            most=most,
            months=MAX_MONTHS,
        )
    return ScenarioRule(owner, lead)


def _plain(rule: ScenarioRule) -> dict[str, object]:
    lead = rule.lead_time
    facts = {} if lead is None else {"days": lead.days, "months": lead.months, "strictness": lead.strictness}
    return {"owner": rule.owner, **facts}
