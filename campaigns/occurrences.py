"""The scheduler's side of recurring campaigns: each time that has come gets exactly one answer.

One transaction answers one time: it makes the run, writes the occurrence (whose key is the time on the
wall) and moves the recurrence on, or none of these. So a kill, a lost lead, or a second scheduler can
neither drop a time nor make it twice.
"""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from campaigns import recurrence_repository as repository
from campaigns.compile import compile_run
from campaigns.conditions import Undertaking, judge_campaign
from campaigns.cron import instant_of, next_wall
from campaigns.frozen_list_repository import FrozenList, latest_usable
from campaigns.scenarios import ScenarioVersionView
from campaigns.wanted import NewCampaign
from consent.profiles import policies_for
from dispatcher.core.audit import record_action
from dispatcher.core.settings import DeliverySettings
from dispatcher.delivery.runs import add_run
from dispatcher.delivery.step_plan import StepPlan


def make_due_occurrence(session: Session, now: datetime, *, delivery: DeliverySettings, country: str) -> int:
    """Answer one time that has come; returns 0 when there is none.

    After a long silence only the latest time makes a run, and only while its window is open; the others
    are written down as missed. A list that did not change since the last run is skipped, so that nobody
    gets last month's debt again, unless staff allowed it.
    """
    due = repository.lock_due(session, now)
    if due is None:
        return 0
    zone = ZoneInfo(due["time_zone"])
    wall, due_at = due["next_wall"], due["next_at"]
    following = next_wall(due["cron"], wall)
    following_at = instant_of(following, zone)
    result, reason, recipients = _decide(session, due, following_at, now)
    run = None if recipients is None else _make(session, due, recipients, delivery, country, now)
    repository.add_occurrence(
        session,
        {
            "campaign": due["campaign_id"],
            "wall": wall,
            "due_at": due_at,
            "result": result,
            "reason": reason,
            "run": run,
            "list": None if recipients is None else recipients.id,
            "now": now,
        },
    )
    _move_on(session, due, following, following_at, made=run is not None)
    _record(session, due["campaign_id"], result, reason, run, due_at, now)
    return 1


def _decide(
    session: Session, due: Mapping[str, Any], following_at: datetime, now: datetime
) -> tuple[str, str | None, FrozenList | None]:
    is_before_end = due["until"] is None or following_at < due["until"]
    if following_at <= now and is_before_end:
        return "missed", "later_one_due", None
    if due["next_at"] + timedelta(seconds=due["window_seconds"]) <= now:
        return "missed", "window_passed", None
    recipients = latest_usable(session, due["list_name"])
    if recipients is None:
        return "skipped", "no_list", None
    is_same = repository.last_fingerprint(session, due["campaign_id"]) == recipients.fingerprint
    if is_same and not due["allows_unchanged"]:
        return "skipped", "list_unchanged", None
    if _refused_for_everybody(session, due, recipients, now):
        return "skipped", "refused_by_rules", None
    return "made", None, recipients


def _refused_for_everybody(
    session: Session, due: Mapping[str, Any], recipients: FrozenList, now: datetime
) -> bool:
    """Nobody is there to mend a list at night: single recipients who lack something are left out as they
    are rendered, and only what is wrong for all, or would leave a hole in a letter, keeps a run from
    being made.
    """
    what = Undertaking(
        scenario=due["scenario"],
        purpose=due["purpose"],
        plan=StepPlan.from_json(due["steps"]),
        left_out=(),
        list_id=recipients.id,
        recipients=recipients.recipient_count,
        common_fields=due["common_fields"],
        starts_at=due["next_at"],
    )
    found = judge_campaign(session, what, now)
    return any(one.refuses and (one.leaves_hole or one.count >= recipients.recipient_count) for one in found)


def _make(
    session: Session,
    due: Mapping[str, Any],
    recipients: FrozenList,
    delivery: DeliverySettings,
    country: str,
    now: datetime,
) -> UUID:
    due_at = due["next_at"]
    wanted = NewCampaign(
        name=due["name"],
        scenario="",
        list_name=due["list_name"],
        starts_at=due_at,
        ends_at=due_at + timedelta(seconds=due["window_seconds"]),
        daily_from=due["daily_from"],
        daily_to=due["daily_to"] or time(0),
        working_days_only=due["working_days_only"],
        policy_profile=due["policy_profile"],
        priority=due["priority"],
        max_per_second=due["max_per_second"],
        first_count=due["first_count"],
        basis=due["basis"],
        common_fields=due["common_fields"],
    )
    scenario = ScenarioVersionView(
        due["scenario_version_id"],
        due["scenario_version"],
        due["purpose"],
        due["scenario_profile"],
        StepPlan.from_json(due["steps"]),
    )
    run = compile_run(
        wanted,
        campaign_id=due["campaign_id"],
        recipients=recipients,
        scenario=scenario,
        policies=policies_for(session, due["purpose"], named=due["policy_profile"], country=country),
        needs_approval=due["needs_approval"] or delivery.approval_required,
        actor=due["created_by"],
    )
    return add_run(session, run, now)


def _move_on(
    session: Session, due: Mapping[str, Any], following: datetime, following_at: datetime, *, made: bool
) -> None:
    is_counted_out = due["max_count"] is not None and due["made_count"] + made >= due["max_count"]
    is_past_end = due["until"] is not None and following_at >= due["until"]
    is_over = is_counted_out or is_past_end
    repository.move_recurrence(
        session,
        due["campaign_id"],
        state="ended" if is_over else "active",
        next_wall=None if is_over else following,
        next_at=None if is_over else following_at,
        made=int(made),
    )


def _record(
    session: Session,
    campaign: UUID,
    result: str,
    reason: str | None,
    run: UUID | None,
    due_at: datetime,
    now: datetime,
) -> None:
    record_action(
        session,
        at=now,
        actor="system",
        action=f"recurrence.{result}",
        subject_type="campaign",
        subject_id=campaign,
        after={"due_at": due_at, "reason": reason, "run_id": run},
    )
