"""Runs made from a run: once more to those not reached, and a correction to everybody already told.

Both go over a frozen list of their own, derived from what became of the parent's notices, and only when
the parent is closed: before that nobody knows who was reached. Consent, hours and caps hold as for any
run. Two clicks make one run: the parent is held, and the database keeps one open run of a kind.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from campaigns.compile import first_state
from campaigns.errors import LinkedRunError
from campaigns.linked_run_repository import Derived, derive_list, find_open_child, get_parent
from campaigns.scenarios import current_version
from campaigns.service import CreatedCampaign, add_campaign
from campaigns.wanted import NewCampaign, check_hours, check_window
from channels.port import ChannelKind
from consent.calendar import WorkingCalendar
from consent.group_policy import GroupPolicy
from consent.policy import caps_from_json
from consent.presets import CUSTOMER_GROUPS
from dispatcher.core.audit import record_action
from dispatcher.core.settings import DeliverySettings
from dispatcher.delivery.checks import policies_from_json
from dispatcher.delivery.errors import UnknownRunError
from dispatcher.delivery.run_lock import hold_alone
from dispatcher.delivery.runs import NewRun, RunKind, RunState, add_run
from dispatcher.delivery.states import NoticeState
from dispatcher.delivery.step_plan import StepPlan

#: Whom a resend always takes; the doubtful and the forbidden only when staff say so.
NOT_REACHED: Final = frozenset({NoticeState.FAILED, NoticeState.EXPIRED, NoticeState.STOPPED})
#: Whom a correction takes: who may have read the wrong text must learn the right one.
TOLD: Final = frozenset({NoticeState.NOTIFIED, NoticeState.PARTLY_NOTIFIED, NoticeState.UNKNOWN})


@dataclass(frozen=True, slots=True)
class NewLinkedRun:
    """The window of the linked run, and how it begins; everything else is the parent's.

    `channels`, in the order in which they are tried, go with the scenario's texts as they stand now.
    """

    starts_at: datetime
    ends_at: datetime
    first_count: int | None = None
    as_draft: bool = False
    needs_approval: bool = False
    channels: tuple[ChannelKind, ...] | None = (
        None  #: None: a resend takes its parent's, a correction its own
    )


def resend_run(
    session: Session,
    parent_id: UUID,
    wanted: NewLinkedRun,
    *,
    include_unknown: bool = False,
    include_blocked: bool = False,
    delivery: DeliverySettings,
    calendar: WorkingCalendar,
    actor: str,
    now: datetime,
) -> CreatedCampaign:
    """Send the same text once more to exactly those whom the parent did not reach, or by other channels.

    `include_unknown` takes people who may have been told already; `include_blocked` those who were not
    permitted and may be by now. Raises `UnknownRunError`, `CampaignError` (window), and `LinkedRunError`
    when the parent is not closed, another resend of it is not over, or nobody is left.
    """
    parent = _closed_parent(session, parent_id, RunKind.RESEND)
    states = set(NOT_REACHED)
    states |= {NoticeState.UNKNOWN} if include_unknown else set()
    states |= {NoticeState.BLOCKED} if include_blocked else set()
    derived = _derive(session, parent, RunKind.RESEND, states, actor, now)
    campaign = _as_campaign(parent, wanted, derived, scenario="", name=parent["campaign"])
    _check(session, parent, campaign, derived, calendar, now)
    plan = StepPlan.from_json(parent["step_plan"])
    if wanted.channels is not None:
        version = current_version(
            session, parent["scenario"], channels=wanted.channels, delivery=delivery, actor=actor, now=now
        )
        plan = version.plan
    run = _compile(parent, wanted, derived, parent["campaign_id"], RunKind.RESEND, plan, delivery, actor)
    return _add(session, run, actor, now)


def correct_run(
    session: Session,
    parent_id: UUID,
    wanted: NewLinkedRun,
    *,
    scenario: str = "correction",
    delivery: DeliverySettings,
    calendar: WorkingCalendar,
    actor: str,
    now: datetime,
) -> CreatedCampaign:
    """Send another scenario's text to everybody whom the parent told, partly told or may have told.

    It is a campaign of its own with the parent's purpose: who agreed to the first text agreed to its
    correction. Raises what `resend_run` raises, and `UnknownScenarioError`.
    """
    parent = _closed_parent(session, parent_id, RunKind.CORRECTION)
    version = current_version(
        session, scenario, channels=wanted.channels, delivery=delivery, actor=actor, now=now
    )
    derived = _derive(session, parent, RunKind.CORRECTION, TOLD, actor, now)
    campaign = _as_campaign(
        parent, wanted, derived, scenario=scenario, name=f"Исправление: {parent['campaign']}"
    )
    _check(session, parent, campaign, derived, calendar, now)
    campaign_id = add_campaign(session, campaign, version, parent["policy_profile"], actor, now)
    run = _compile(parent, wanted, derived, campaign_id, RunKind.CORRECTION, version.plan, delivery, actor)
    return _add(session, run, actor, now)


def _closed_parent(session: Session, parent_id: UUID, kind: RunKind) -> Mapping[str, Any]:
    hold_alone(session, parent_id)
    parent = get_parent(session, parent_id)
    if parent is None:
        raise UnknownRunError("there is no such run", code="unknown_run")
    if parent["kind"] == RunKind.SEED:
        raise LinkedRunError(
            "this run went to our own staff: take the run of the campaign", code="seed_has_no_followers"
        )
    if parent["state"] != RunState.CLOSED:
        raise LinkedRunError(
            f"the run is {parent['state']}: wait until it is closed, only then is it known who was reached",
            code="parent_not_closed",
            state=parent["state"],
        )
    other = find_open_child(session, parent_id, kind)
    if other is not None:
        raise LinkedRunError(
            f"a run of this kind was made already and is not over: {other}", code="linked_run_exists"
        )
    return parent


def _derive(
    session: Session,
    parent: Mapping[str, Any],
    kind: RunKind,
    states: set[NoticeState] | frozenset[NoticeState],
    actor: str,
    now: datetime,
) -> Derived:
    word = "повтор" if kind is RunKind.RESEND else "исправление"
    derived = derive_list(
        session,
        parent,
        name=f"{parent['list_name']} · {word} {parent['id'].hex[-8:]}",
        states={state.value for state in states},
        leave_out_reached=kind is RunKind.RESEND,
        actor=actor,
        now=now,
    )
    if derived.recipient_count == 0:
        raise LinkedRunError("there is nobody left to tell", code="nobody_left")
    return derived


def _as_campaign(
    parent: Mapping[str, Any], wanted: NewLinkedRun, derived: Derived, *, scenario: str, name: str
) -> NewCampaign:
    return NewCampaign(
        name=name,
        scenario=scenario,
        list_name=derived.name,
        starts_at=wanted.starts_at,
        ends_at=wanted.ends_at,
        daily_from=parent["daily_from"],
        daily_to=parent["daily_to"] or time(0),
        working_days_only=parent["working_days_only"],
        policy_profile=parent["policy_profile"],
        priority=parent["priority"],
        max_per_second=parent["max_per_second"],
        first_count=wanted.first_count,
        common_fields=parent["common_fields"],
    )


def _check(
    session: Session,
    parent: Mapping[str, Any],
    campaign: NewCampaign,
    derived: Derived,
    calendar: WorkingCalendar,
    now: datetime,
) -> None:
    check_window(campaign, now)
    check_hours(session, campaign, _policies_of(parent), derived.list_id, calendar)


def _policies_of(parent: Mapping[str, Any]) -> Mapping[int, GroupPolicy]:
    """What the parent goes by: who was told under one version is told once more under the same."""
    everybody = GroupPolicy(
        parent["purpose_group"], (parent["hours"]["policy"],), caps_from_json(parent["caps"])
    )
    own = policies_from_json(parent["policies"])
    return {group: own.get(group, everybody) for group in CUSTOMER_GROUPS}


def _compile(
    parent: Mapping[str, Any],
    wanted: NewLinkedRun,
    derived: Derived,
    campaign_id: UUID,
    kind: RunKind,
    plan: StepPlan,
    delivery: DeliverySettings,
    actor: str,
) -> NewRun:
    needs_approval = wanted.needs_approval or parent["needs_approval"] or delivery.approval_required
    return NewRun(
        campaign_id=campaign_id,
        list_id=derived.list_id,
        recipient_count=derived.recipient_count,
        priority=parent["priority"],
        purpose=parent["purpose"],
        purpose_group=parent["purpose_group"],
        starts_at=wanted.starts_at,
        ends_at=wanted.ends_at,
        hours=parent["hours"],
        caps=parent["caps"],
        policies=parent["policies"],
        plan=plan,
        max_per_second=parent["max_per_second"],
        state=RunState.DRAFT if wanted.as_draft else first_state(needs_approval=needs_approval),
        kind=kind,
        parent_run_id=parent["id"],
        first_count=wanted.first_count,
        needs_approval=needs_approval,
        created_by=actor,
        common_fields=parent["common_fields"],
    )


def _add(session: Session, run: NewRun, actor: str, now: datetime) -> CreatedCampaign:
    run_id = add_run(session, run, now)
    record_action(
        session,
        at=now,
        actor=actor,
        action=f"run.{run.kind.value}_made",
        subject_type="run",
        subject_id=run_id,
        after={"parent_run_id": run.parent_run_id, "state": run.state, "recipients": run.recipient_count},
    )
    return CreatedCampaign(run.campaign_id, run_id, run.recipient_count, run.state)
