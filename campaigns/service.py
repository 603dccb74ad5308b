"""Making campaigns: a scenario version, a window, and a run over a frozen list (requirements 7, 8, 10)."""

import json
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from campaigns.common_fields import read_common_fields
from campaigns.compile import compile_run
from campaigns.conditions import judge_campaign, undertaking
from campaigns.findings import Finding, require_none
from campaigns.frozen_list_repository import newest_frozen
from campaigns.scenarios import ScenarioVersionView, current_version
from campaigns.wanted import NewCampaign, check_hours, check_window
from consent.calendar import WorkingCalendar
from consent.profiles import policies_for
from dispatcher.core.audit import record_action
from dispatcher.core.ids import new_id
from dispatcher.core.settings import DeliverySettings
from dispatcher.delivery.runs import RunState, add_run

__all__ = ["CreatedCampaign", "NewCampaign", "add_campaign", "create_campaign"]

_ADD = text(
    """
    INSERT INTO campaign (id, name, scenario_version_id, policy_profile, priority, starts_at, ends_at,
                          daily_from, daily_to, working_days_only, basis, common_fields, created_by,
                          created_at)
    VALUES (:id, :name, :scenario, :policy, :priority, :starts_at, :ends_at, :daily_from, :daily_to,
            :working_days_only, :basis, CAST(:common_fields AS jsonb), :by, :now)
    """
)


@dataclass(frozen=True, slots=True)
class CreatedCampaign:
    """A campaign with its first run, and where that run stands: scheduled, a draft, or to be approved."""

    campaign_id: UUID
    run_id: UUID
    recipient_count: int
    state: RunState
    list_version: int | None = None  #: None: the list was derived from a run
    passed_over_version: int | None = None  #: a newer version of the list that is not complete
    findings: tuple[Finding, ...] = ()  #: what staff should know of it; nothing that stands against it


def create_campaign(
    session: Session,
    wanted: NewCampaign,
    *,
    delivery: DeliverySettings,
    calendar: WorkingCalendar,
    actor: str,
    now: datetime,
) -> CreatedCampaign:
    """Make a campaign and schedule its run, or leave it as a draft or to be approved.

    Of the list the newest complete version is taken. Raises `CampaignError` (window, common fields),
    `CampaignRefusedError` (what the scenario must say or by when), `UnknownListError`,
    `UnknownScenarioError` and `PolicyError` (hours that leave no minute); nothing is written then.
    """
    check_window(wanted, now)
    wanted = replace(wanted, common_fields=read_common_fields(wanted.common_fields))
    recipients = newest_frozen(session, wanted.list_name)
    scenario = current_version(
        session,
        wanted.scenario,
        channels=wanted.channels,
        delivery=delivery,
        actor=actor,
        now=now,
    )
    named = wanted.policy_profile or scenario.policy_profile
    policies = policies_for(session, scenario.purpose, named=named, country=calendar.country)
    check_hours(session, wanted, policies, recipients.id, calendar)
    findings = judge_campaign(session, undertaking(wanted, scenario, recipients), now)
    require_none(findings)
    campaign_id = add_campaign(session, wanted, scenario, named, actor, now)
    run = compile_run(
        wanted,
        campaign_id=campaign_id,
        recipients=recipients,
        scenario=scenario,
        policies=policies,
        needs_approval=wanted.needs_approval or delivery.approval_required,
        actor=actor,
    )
    run_id = add_run(session, run, now)
    record_action(
        session,
        at=now,
        actor=actor,
        action="campaign.created",
        subject_type="campaign",
        subject_id=campaign_id,
        after={
            "run_id": run_id,
            "state": run.state,
            "recipients": recipients.recipient_count,
            "list_id": recipients.id,
            "list_version": recipients.version,
            "ends_at": wanted.ends_at,
            "findings": [one.code for one in findings],
        },
    )
    return CreatedCampaign(
        campaign_id,
        run_id,
        recipients.recipient_count,
        run.state,
        recipients.version,
        recipients.passed_over,
        findings,
    )


def add_campaign(
    session: Session,
    wanted: NewCampaign,
    scenario: ScenarioVersionView,
    policy_profile: str,
    actor: str,
    now: datetime,
) -> UUID:
    """Write the campaign's own row; returns its id. `policy_profile` is a name, or `by_purpose`."""
    campaign_id = new_id()
    session.execute(
        _ADD,
        {
            "id": campaign_id,
            "name": wanted.name,
            "scenario": scenario.id,
            "policy": policy_profile,
            "priority": wanted.priority or scenario.priority,
            "starts_at": wanted.starts_at,
            "ends_at": wanted.ends_at,
            "daily_from": wanted.daily_from,
            "daily_to": wanted.daily_to,
            "working_days_only": wanted.working_days_only,
            "basis": wanted.basis,
            "common_fields": json.dumps(dict(wanted.common_fields), ensure_ascii=False),
            "by": actor,
            "now": now,
        },
    )
    return campaign_id
