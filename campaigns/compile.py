"""From what staff choose to what the engine works by: window, hours, caps and step plan as plain data.

The dry run and the making of a run compile in the same way, so that what was shown is what will happen.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import time
from typing import Any
from uuid import UUID

from campaigns.frozen_list_repository import FrozenList
from campaigns.scenarios import ScenarioVersionView
from campaigns.wanted import NewCampaign
from consent.group_policy import GroupPolicy
from consent.policy import caps_to_json
from dispatcher.delivery.runs import NewRun, RunState


def compile_run(
    wanted: NewCampaign,
    *,
    campaign_id: UUID,
    recipients: FrozenList,
    scenario: ScenarioVersionView,
    policies: Mapping[int, GroupPolicy],
    needs_approval: bool = False,
    actor: str | None = None,
) -> NewRun:
    """Everything the engine needs to know of a run; `policies` by customer group, `actor` is who makes it."""
    households = policies[1]
    return NewRun(
        campaign_id=campaign_id,
        list_id=recipients.id,
        recipient_count=recipients.recipient_count,
        priority="urgent"
        if any(one.is_urgent for one in policies.values())
        else wanted.priority or scenario.priority,
        purpose=scenario.purpose,
        purpose_group=households.purpose_group,
        starts_at=wanted.starts_at,
        ends_at=wanted.ends_at,
        hours={
            "campaign": _hours(wanted.daily_from, wanted.daily_to, wanted.working_days_only),
            # What a worker of an earlier release goes by, while both are running.
            "policy": households.hours[0],
        },
        plan=scenario.plan if wanted.basis is None else replace(scenario.plan, basis=wanted.basis),
        caps=caps_to_json(households.caps),
        policies={str(group): policy.to_json() for group, policy in policies.items()},
        max_per_second=wanted.max_per_second,
        state=RunState.DRAFT if wanted.as_draft else first_state(needs_approval=needs_approval),
        first_count=wanted.first_count,
        needs_approval=needs_approval,
        created_by=actor,
        common_fields=wanted.common_fields,
    )


def first_state(*, needs_approval: bool) -> RunState:
    """Where a run that is ready begins."""
    return RunState.AWAITING_APPROVAL if needs_approval else RunState.SCHEDULED


def _hours(daily_from: time, daily_to: time, working_days_only: bool) -> Mapping[str, Any]:
    return {
        "from": daily_from.isoformat(),
        "to": daily_to.isoformat(),
        "working_days_only": working_days_only,
    }
