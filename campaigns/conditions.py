"""Whether a scenario may go to a list as it stands: mandatory items, texts, lead time, channels
(requirements 27, 31–33, 37–42, 47; issue item "lint").

The dry run shows the findings, the making of a run refuses by them. What the list says is counted in one
pass over it, however many fields are asked about.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from campaigns.conditions_repository import count_by_day, first_lines, get_run
from campaigns.findings import Finding, Words
from campaigns.frozen_list_repository import FrozenList, zones_of
from campaigns.lead_time import LeadTime, Strictness
from campaigns.preview_repository import count_fields
from campaigns.scenario_rules import rule_of
from campaigns.scenarios import ScenarioVersionView
from campaigns.wanted import NewCampaign
from channels.port import ChannelKind
from consent.purposes import Purpose
from dispatcher.delivery.run_approval import RunContent
from dispatcher.delivery.runs import RunKind
from dispatcher.delivery.step_plan import Combination, StepPlan
from templates.bundled import text_name
from templates.errors import PART_NAMES, NoticeRuleError
from templates.lint import check_notice, missing_items
from templates.notice_fields import NOTICE_FIELDS, FieldKind, field_title
from templates.notice_kinds import mandatory_items
from templates.rendering import compile_template
from templates.repository import versions_of

#: Every recipient has them, or the list would not have been taken; the company's own are settings.
_ALWAYS_GIVEN: Final = frozenset({"full_name", "account_number", "company_name", "company_phone"})
SHOWN_LINES: Final = 5
_CHANNELS: Final[Mapping[str, Words]] = {
    "email": ("электронная почта", "електронна пошта", "e-mail"),
    "sms": ("СМС", "СМС", "SMS"),
    "voice": ("автодозвон", "автодозвін", "voice calls"),
}


@dataclass(frozen=True, slots=True)
class Undertaking:
    """What is judged: a scenario over a list, from a moment on."""

    scenario: str  #: its name; that of its texts as well
    purpose: str
    plan: StepPlan
    left_out: tuple[ChannelKind, ...]
    list_id: UUID
    recipients: int
    common_fields: Mapping[str, str]
    starts_at: datetime
    are_calls_read_out: bool = False  #: by a provider that takes no keys


def undertaking(wanted: NewCampaign, scenario: ScenarioVersionView, recipients: FrozenList) -> Undertaking:
    """What is judged when staff ask for a campaign."""
    return Undertaking(
        scenario=wanted.scenario,
        purpose=scenario.purpose,
        plan=scenario.plan,
        left_out=scenario.left_out,
        list_id=recipients.id,
        recipients=recipients.recipient_count,
        common_fields=wanted.common_fields,
        starts_at=wanted.starts_at,
        are_calls_read_out=scenario.are_calls_read_out,
    )


def judge_campaign(session: Session, what: Undertaking, now: datetime) -> tuple[Finding, ...]:
    """All that stands against it or should be known; the gravest first."""
    found = [*judge_texts(session, what), *_items(session, what), *_lead_time(session, what, now)]
    found += _channels(what)
    if what.purpose == Purpose.ADVERTISING:
        found.insert(0, Finding("advertising_forbidden", refuses=True, count=what.recipients))
    return tuple(sorted(found, key=lambda one: not one.refuses))


def judge_run(
    session: Session, run_id: UUID, now: datetime, *, content: RunContent | None = None
) -> tuple[Finding, ...]:
    """The same for a run that was made and has not started; `content` is what it is to be changed to.

    Runs that follow another one (resend, correction) are not judged again: whoever was not reached in time
    is better told late.
    """
    run = get_run(session, run_id)
    if run is None or run["kind"] != RunKind.MAIN:
        return ()
    what = Undertaking(
        scenario=run["scenario"],
        purpose=run["purpose"],
        plan=StepPlan.from_json(run["step_plan"]),
        left_out=(),
        list_id=content.list_id if content else run["list_id"],
        recipients=content.recipient_count if content else run["recipient_count"],
        common_fields=run["common_fields"],
        starts_at=content.starts_at if content else run["starts_at"],
    )
    return judge_campaign(session, what, now)


def judge_texts(session: Session, what: Undertaking) -> list[Finding]:
    """The pinned texts: a rule may have come after they were saved."""
    found: dict[str, Finding] = {}
    for version in versions_of(session, what.plan.version_ids()):
        template = compile_template(version.texts, version.language)
        missing = missing_items(version.name, template)
        if missing:
            place = "; ".join(f"{version.language}, {PART_NAMES[part]}" for part in missing)
            fields = [field for fields in missing.values() for field in fields]
            facts = {"places": place, "fields": titles_of(dict.fromkeys(fields))}
            found.setdefault(place, Finding("item_not_in_text", True, what.recipients, facts))
        elif version.origin == "staff":
            try:
                accepted = version.accepted_because is not None
                check_notice(version.name, version.texts, template, advertising_accepted=accepted)
            except NoticeRuleError as error:
                fault = f"{version.language}, {error}"
                found[fault] = Finding("text_refused", True, what.recipients, {"fault": fault})
    return list(found.values())


def _items(session: Session, what: Undertaking) -> list[Finding]:
    asked = [
        field
        for field in _mandatory(what)
        if field not in _ALWAYS_GIVEN and not what.common_fields.get(field)
    ]
    if not asked or not what.recipients:
        return []
    counts = count_fields(session, what.list_id, asked)
    found = []
    for field in asked:
        empty = counts[field].empty if field in counts else what.recipients
        if empty:
            facts = {"fields": titles_of([field]), "lines": _lines(session, what, field, empty)}
            leaves_hole = _is_text(field)
            # Whose sum or date is missing fails alone, with the reason; the others must not wait for that.
            refuses = leaves_hole or empty == what.recipients
            found.append(Finding("item_empty", refuses, empty, facts, leaves_hole=leaves_hole))
    return found


def _mandatory(what: Undertaking) -> tuple[str, ...]:
    """The items of a scenario; a campaign of calls alone says no links, so it needs none."""
    are_calls = all(step.channel is ChannelKind.VOICE for step in what.plan.steps)
    return mandatory_items(text_name(what.scenario, ChannelKind.VOICE) if are_calls else what.scenario)


def _is_text(field: str) -> bool:
    """A sum or a date that is missing stops the letter of its recipient; a text would be a hole in it."""
    return field in NOTICE_FIELDS and NOTICE_FIELDS[field].kind is not FieldKind.DATE


def _lines(session: Session, what: Undertaking, field: str, empty: int) -> Words:
    if empty == what.recipients:
        return (" (все)", " (усі)", " (all)")
    lines = ", ".join(map(str, first_lines(session, what.list_id, field, SHOWN_LINES)))
    more = " …" if empty > SHOWN_LINES else ""
    return (f" (строки {lines}{more})", f" (рядки {lines}{more})", f" (lines {lines}{more})")


def _lead_time(session: Session, what: Undertaking, now: datetime) -> list[Finding]:
    rule = rule_of(session, what.scenario).lead_time
    if rule is None or rule.strictness is Strictness.OFF:
        return []
    refuses = rule.strictness is Strictness.REFUSE
    days, missing = _event_days(session, what, rule)
    # By the wall of the recipients furthest in the day: for none of them may it be too late.
    moment = max(now, what.starts_at)
    zones = [ZoneInfo(name) for name, _ in zones_of(session, what.list_id)]
    start = max((moment.astimezone(zone).date() for zone in zones), default=moment.date())
    late = {day: count for day, count in days.items() if rule.latest_start(day) < start}
    found = []
    if late:
        latest = min(rule.latest_start(day) for day in late)
        found.append(
            Finding("starts_too_late", refuses, sum(late.values()), {"latest": f"{latest:%d.%m.%Y}"})
        )
    if missing and rule.field not in mandatory_items(what.scenario):
        found.append(Finding("event_date_missing", refuses, missing, {"fields": titles_of([rule.field])}))
    return found


def _event_days(session: Session, what: Undertaking, rule: LeadTime) -> tuple[dict[date, int], int]:
    """Day of the event → recipients, and for how many there is none."""
    common = what.common_fields.get(rule.field)
    found, without = dict[date, int](), 0
    for value, count in count_by_day(session, what.list_id, rule.field).items():
        day = _day(value or common)
        if day is None:
            without += count
        else:
            found[day] = found.get(day, 0) + count
    return found, without


def _day(value: str | None) -> date | None:
    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        return None


def _channels(what: Undertaking) -> list[Finding]:
    found = []
    if what.left_out:
        channels = tuple(
            ", ".join(_CHANNELS[channel.value][place] for channel in what.left_out) for place in range(3)
        )
        found.append(Finding("channel_left_out", False, 0, {"channels": channels}))
    if what.are_calls_read_out and any(step.channel is ChannelKind.VOICE for step in what.plan.steps):
        found.append(Finding("calls_read_out", False, what.recipients))
    if what.plan.combination is Combination.ALL and len(what.plan.steps) < 2:
        found.append(Finding("second_channel_missing", False, what.recipients))
    return found


def titles_of(fields: Sequence[str] | Mapping[str, None]) -> Words:
    """The fields' words in three languages."""
    russian, ukrainian, english = (
        ", ".join(f"«{field_title(field, place)}»" for field in fields) for place in range(3)
    )
    return (russian, ukrainian, english)
