"""The dry run: who would be told, who not and why, with what text and by when; nothing is sent.

It asks the same functions as the claim does: permission, contract and address, suppression, hours, caps.
Memory does not grow with the list. Nothing is written but one line of the audit. What changes between
now and the send moment (a withdrawal, a contact from another campaign) is what makes it an estimate:
caps see only what was counted before, and people who stand in the list twice within one slice.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from campaigns.common_fields import read_common_fields
from campaigns.compile import compile_run
from campaigns.conditions import judge_campaign, judge_run, undertaking
from campaigns.dry_run_repository import ListedRecipient, contacts_of, get_run, read_slices
from campaigns.dry_run_result import DryRun, warnings_of, with_findings
from campaigns.dry_run_texts import TextCheck
from campaigns.expected_finish import Finish, Rate, expected_rate, walk
from campaigns.frozen_list_repository import FrozenList, frozen_version, newest_frozen
from campaigns.scenarios import current_version
from campaigns.sums import check_sums
from campaigns.wanted import NewCampaign, check_hours, check_window
from channels.port import ChannelKind
from consent.calendar import WorkingCalendar
from consent.permission import Permission, ask_permission
from consent.place import Place
from consent.policy import caps_from_json
from consent.profiles import policies_for
from dispatcher.core.audit import record_action
from dispatcher.core.settings import DeliverySettings
from dispatcher.delivery.bills.repository import count_states
from dispatcher.delivery.bills.states import BILL_WAITING
from dispatcher.delivery.checks import Candidate, RunView, judge_permission, policies_from_json
from dispatcher.delivery.claim import run_view
from dispatcher.delivery.errors import UnknownRunError
from dispatcher.delivery.group_limits import GroupLimits, group_limits
from dispatcher.delivery.preference import choose_step
from dispatcher.delivery.render import Renderer
from dispatcher.delivery.runs import NewRun
from dispatcher.delivery.step_plan import Combination
from templates.rendering import CompiledTemplate
from templates.repository import compiled_versions

SAMPLES: Final = 3
_NO_ID: Final = UUID(int=0)

Progress = Callable[[int, int], None]  #: looked at, of how many
Permissions = Mapping[str, Mapping[UUID, Permission]]  #: channel → contact point → what the ledger says


@dataclass(frozen=True, slots=True)
class DryRunTools:
    """What a dry run shares with sending; the composition root knows where they come from."""

    renderer: Renderer
    delivery: DeliverySettings
    calendar: WorkingCalendar
    provider_limits: Mapping[ChannelKind, float | None]
    call_lines: int | None  #: calls at once; None where no calls are made


def dry_run(
    session: Session,
    wanted: NewCampaign,
    *,
    tools: DryRunTools,
    actor: str,
    now: datetime,
    progress: Progress = lambda _seen, _all: None,
) -> DryRun:
    """Try a campaign that does not exist yet; raises what `create_campaign` would raise."""
    check_window(wanted, now)
    wanted = replace(wanted, common_fields=read_common_fields(wanted.common_fields))
    recipients = newest_frozen(session, wanted.list_name)
    # The first use of a built-in scenario writes its versions: the dry run takes them back.
    trial = session.begin_nested()
    scenario = current_version(
        session,
        wanted.scenario,
        channels=wanted.channels,
        delivery=tools.delivery,
        actor=actor,
        now=now,
    )
    policies = policies_for(
        session,
        scenario.purpose,
        named=wanted.policy_profile or scenario.policy_profile,
        country=tools.calendar.country,
    )
    check_hours(session, wanted, policies, recipients.id, tools.calendar)
    run = compile_run(wanted, campaign_id=_NO_ID, recipients=recipients, scenario=scenario, policies=policies)
    templates = compiled_versions(session, run.plan.version_ids())
    findings = judge_campaign(session, undertaking(wanted, scenario, recipients), now)
    trial.rollback()
    subject = _Subject(_view_of(run, now), recipients, templates)
    result = with_findings(_try_out(session, subject, tools, now, progress), findings)
    _record(session, "recipient_list", recipients.id, result, actor, now)
    return result


def dry_run_of(
    session: Session,
    run_id: UUID,
    *,
    tools: DryRunTools,
    actor: str,
    now: datetime,
    progress: Progress = lambda _seen, _all: None,
) -> DryRun:
    """Try a run that was made and has not started; raises `UnknownRunError`."""
    row = get_run(session, run_id)
    if row is None:
        raise UnknownRunError("there is no such run")
    view = run_view(row)
    templates = compiled_versions(session, view.plan.version_ids())
    subject = _Subject(view, frozen_version(session, row["list_id"]), templates)
    result = with_findings(_try_out(session, subject, tools, now, progress), judge_run(session, run_id, now))
    _record(session, "run", run_id, result, actor, now)
    return result


@dataclass(frozen=True, slots=True)
class _Subject:
    run: RunView
    recipients: FrozenList
    templates: Mapping[UUID, CompiledTemplate]


def _view_of(run: NewRun, now: datetime) -> RunView:
    return RunView(
        id=_NO_ID,
        period=date(now.year, now.month, 1),
        purpose=run.purpose,
        purpose_group=run.purpose_group,
        starts_at=run.starts_at,
        ends_at=run.ends_at,
        hours=run.hours,
        caps=caps_from_json(list(run.caps)),
        plan=run.plan,
        needs_truth=False,
        max_per_second=run.max_per_second,
        policies=policies_from_json(run.policies),
        common_fields=run.common_fields,
    )


def _try_out(
    session: Session, subject: _Subject, tools: DryRunTools, now: datetime, progress: Progress
) -> DryRun:
    moment = max(now, subject.run.starts_at)
    reckoning = _Reckoning(session, subject, tools, moment)
    seen = 0
    for recipients in read_slices(session, subject.recipients.id):
        reckoning.take(recipients)
        seen += len(recipients)
        progress(seen, subject.recipients.recipient_count)
    return reckoning.result()


class _Reckoning:
    """What is counted while the slices pass."""

    def __init__(self, session: Session, subject: _Subject, tools: DryRunTools, moment: datetime) -> None:
        self._session = session
        self._subject = subject
        self._run = subject.run
        self._tools = tools
        self._moment = moment
        self._texts = TextCheck(
            tools.renderer, subject.run, subject.templates, moment, wanted_samples=SAMPLES
        )
        self._going = 0
        self._reached_in_part = 0
        self._not_going: Counter[str] = Counter()
        self._later: Counter[str] = Counter()
        self._by_channel: Counter[str] = Counter()
        self._waiting: defaultdict[str, Counter[Place]] = defaultdict(Counter)  #: by channel
        self._zone_unknown = 0

    def take(self, recipients: Sequence[ListedRecipient]) -> None:
        """Judge one slice."""
        permissions = {
            step.channel.value: self._ask(recipients, step.channel.value) for step in self._run.plan.steps
        }
        limits = self._limits(recipients)
        for one in recipients:
            self._zone_unknown += not one.is_zone_known
            self._judge(one, permissions, limits)

    def _ask(self, recipients: Sequence[ListedRecipient], channel: str) -> Mapping[UUID, Permission]:
        contacts = contacts_of(recipients, channel)
        return ask_permission(
            self._session, contacts, channel=channel, purpose=self._run.purpose, now=self._moment
        )

    def _limits(self, recipients: Sequence[ListedRecipient]) -> GroupLimits:
        """The hours and caps of this slice. What one is sent is spent for the next of the slice."""
        steps = range(len(self._run.plan.steps))
        candidates = [one.candidate(self._run, step) for one in recipients for step in steps]
        return group_limits(
            self._session,
            self._run,
            candidates,
            self._tools.calendar,
            self._moment,
            self._tools.delivery.least_validity_seconds,
        )

    def _judge(
        self,
        one: ListedRecipient,
        permissions: Permissions,
        limits: GroupLimits,
    ) -> None:
        steps, refusal = self._open_steps(one, permissions)
        if not steps:
            self._not_going[refusal] += 1
            return
        first = one.candidate(self._run, steps[0])
        due = limits.allowed_at(first)
        if due is None:
            self._not_going["window_ended"] += 1
            return
        capped = limits.cap_wait(first)
        if capped is not None and capped.until >= self._run.ends_at:
            self._not_going[capped.reason] += 1
        elif refused := self._refused_as_text(first, one.values["line"], due):
            self._not_going[refused] += 1
        else:
            later = "outside_hours" if due > self._moment else None
            self._count(first, steps, capped.reason if capped else later)
            self._measure_further(one, steps, permissions)
            limits.spend(first)

    def _refused_as_text(self, first: Candidate, line: int, at: datetime) -> str | None:
        return self._texts.refused_for_text(first, line, at) or self._texts.refused_for_files(first)

    def _open_steps(self, one: ListedRecipient, permissions: Permissions) -> tuple[list[int], str]:
        """The steps that may be taken, the person's own choice first: the first permitted one, or all of
        them where all are required.
        """
        found, refusal, plan = list[int](), "", self._run.plan
        for step in plan.road(choose_step(plan, one, permissions)):
            candidate = one.candidate(self._run, step)
            contact = candidate.contact_point_id
            allowed = permissions[candidate.channel].get(contact) if contact else None
            verdict = judge_permission(candidate, allowed)
            if verdict is None:
                found.append(step)
                if plan.combination is Combination.ANY:
                    break
            else:
                refusal = verdict.reason or ""
        return found, refusal

    def _count(self, one: Candidate, steps: Sequence[int], later: str | None) -> None:
        self._going += 1
        plan = self._run.plan
        if plan.lacks_second_channel or (
            plan.combination is Combination.ALL and len(steps) < len(plan.steps)
        ):
            self._reached_in_part += 1
        for step in steps:
            channel = self._run.plan.steps[step].channel.value
            self._by_channel[channel] += 1
            self._waiting[channel][one.place(self._tools.calendar)] += 1
        if later is not None:
            self._later[later] += 1

    def _measure_further(self, one: ListedRecipient, steps: Sequence[int], permissions: Permissions) -> None:
        """The short message behind the first step: of all required ones, or for whom the first fails."""
        plan = self._run.plan
        is_certain = plan.combination is Combination.ALL
        road = steps if is_certain else plan.road(choose_step(plan, one, permissions))
        for step in road[road.index(steps[0]) + 1 :]:
            candidate = one.candidate(self._run, step)
            contact = candidate.contact_point_id
            allowed = permissions[candidate.channel].get(contact) if contact else None
            if candidate.channel == ChannelKind.SMS and judge_permission(candidate, allowed) is None:
                self._texts.measure_further(candidate, is_certain=is_certain)
                return

    def result(self) -> DryRun:
        """The answer, once all slices have passed."""
        rates = {channel: self._rate(channel) for channel in self._by_channel}
        finishes = [self._finish(channel, rate) for channel, rate in rates.items()]
        recipients = self._subject.recipients
        moments = [finish.at for finish in finishes if finish.at is not None]
        result = DryRun(
            list_id=recipients.id,
            list_version=recipients.version,
            passed_over_version=recipients.passed_over,
            recipients=recipients.recipient_count,
            going=self._going,
            by_channel=dict(self._by_channel),
            not_going=dict(self._not_going),
            by_hand=self._by_hand(),
            later={**self._later, **self._texts.waiting_for_files},
            missing_fields=self._texts.missing_fields(),
            samples=tuple(self._texts.samples),
            starts_at=self._run.starts_at,
            ends_at=self._run.ends_at,
            rates=rates,
            expected_finish=max(moments) if moments and len(moments) == len(finishes) else None,
            unsent_at_end=sum(finish.unsent_at_end for finish in finishes),
            zone_unknown=self._zone_unknown,
            sums=check_sums(self._session, recipients.id),
            bills={
                "to_fetch": self._texts.waiting_for_files[BILL_WAITING],
                **count_states(self._session, self._run.id),
            },
            warnings=(),
            sms=self._texts.sms.estimate(),
            sms_later=self._texts.sms_later.estimate(),
            calls=tuple(self._texts.calls),
        )
        return replace(result, warnings=tuple(warnings_of(result)))

    def _by_hand(self) -> int:
        if not self._run.plan.is_mandatory:
            return 0
        return self._not_going.total() + self._reached_in_part

    def _rate(self, channel: str) -> Rate:
        return expected_rate(
            self._session,
            channel,
            provider_limit=self._tools.provider_limits.get(ChannelKind(channel)),
            run_limit=self._run.max_per_second,
            lines=self._tools.call_lines if channel == ChannelKind.VOICE else None,
        )

    def _finish(self, channel: str, rate: Rate) -> Finish:
        waiting = self._waiting[channel]
        return walk(self._run, waiting, rate.per_second, self._tools.calendar, self._moment)


def _record(
    session: Session, subject: str, subject_id: UUID, result: DryRun, actor: str, now: datetime
) -> None:
    record_action(
        session,
        at=now,
        actor=actor,
        action="campaign.dry_run",
        subject_type=subject,
        subject_id=subject_id,
        after={
            "recipients": result.recipients,
            "going": result.going,
            "not_going": result.not_going,
            "by_hand": result.by_hand,
        },
    )
