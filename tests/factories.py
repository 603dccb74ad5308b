"""Things that tests need, with sane defaults: list rows, lists, campaigns, runs.

What has a public way in goes through it: people, accounts, contacts and consent come by `import_list`,
campaigns by `create_campaign`. Only a run with a step plan of the test's own needs rows of ours.
"""

import csv
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import text

from campaigns.import_list import ImportRequest, ImportResult, import_list
from campaigns.models import Campaign, Scenario, ScenarioVersion
from campaigns.service import CreatedCampaign, NewCampaign, create_campaign
from channels.port import ChannelKind
from consent.ledger import ConsentEntry, record_consent
from consent.models import Suppression
from dispatcher.bootstrap import Application
from dispatcher.core.ids import new_id
from dispatcher.delivery.runs import NewRun, add_run
from dispatcher.delivery.step_plan import Combination, OnUnknown, Step, StepPlan, Success
from templates.rendering import TemplateText
from templates.repository import save_version

#: A Tuesday, a working day everywhere, 12:00 in Moscow: where tests begin unless they say otherwise.
NOON = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
HEADER = (
    "Лицевой счёт",
    "Код абонента",
    "ФИО",
    "Адрес",
    "E-mail",
    "Телефон",
    "Сумма долга",
    "Срок оплаты",
    "Согласие",
    "Часовой пояс",
    "Группа",
    "Договор",
)
ROUND_THE_CLOCK = {"from": "00:00:00", "to": "00:00:00", "working_days_only": False}
#: What a call says in tests.
CALL = """
[приветствие]
Вам звонит {{ company_name }}.
Это автоматическое сообщение.

[сведения]
{{ full_name }}, к оплате {{ debt | money_long }}.
"""
_CONTACT = text("SELECT id FROM contact_point WHERE address = :address")


def row(number: int = 1, **changes: str) -> dict[str, str]:
    """One line of a billing list; `account`, `person`, `name`, `email`, `phone`, `consent`, … change it."""
    fields = {
        "account": f"{number:010d}",
        "person": f"A{number:06d}",
        "name": f"Петров Пётр {number}",
        "address": "г. Москва, ул. Тихая, д. 1",
        "email": f"person{number}@example.org",
        "phone": f"+7 900 {number // 10000:03d}-{number // 100 % 100:02d}-{number % 100:02d}",
        "debt": "1250,40",
        "due": "25.12.2026",
        "consent": "да",
        "zone": "",
        "group": "1",
        "contract": "да",
    }
    assert set(changes) <= set(fields), changes
    return dict(zip(HEADER, (fields | changes).values(), strict=True))


def rows(count: int, **changes: str) -> list[dict[str, str]]:
    """`count` different people."""
    return [row(number, **changes) for number in range(1, count + 1)]


def write_list(path: Path, lines: Iterable[Mapping[str, str]], header: Sequence[str] = HEADER) -> Path:
    """A list as a billing system exports it."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, header, delimiter=";")
        writer.writeheader()
        writer.writerows(lines)
    return path


def make_list(
    application: Application,
    lines: Iterable[Mapping[str, str]],
    *,
    name: str = "Должники",
    purpose: str = "debt",
    actor: str = "operator",
) -> ImportResult:
    """Import a list."""
    path = write_list(application.settings.data_directory / "list.csv", lines)
    return import_list(
        application.database,
        application.clock,
        ImportRequest(path=path, name=name, purpose=purpose),
        actor=actor,
    )


def make_campaign(
    application: Application,
    *,
    list_name: str = "Должники",
    name: str = "Напоминание",
    scenario: str = "debt_reminder",
    starts_in: timedelta = timedelta(0),
    lasts: timedelta = timedelta(days=2),
    daily_from: time = time(0),
    daily_to: time = time(0),
    working_days_only: bool = False,
    policy_profile: str | None = "always",
    priority: str = "bulk",
    max_per_second: float | None = None,
    basis: str | None = None,
    channels: tuple[ChannelKind, ...] | None = None,
    actor: str = "operator",
) -> CreatedCampaign:
    """A campaign of a built-in scenario over the newest version of a list."""
    with application.database.transaction() as session:
        now = application.clock.refresh(session)
        wanted = NewCampaign(
            name=name,
            scenario=scenario,
            list_name=list_name,
            starts_at=now + starts_in,
            ends_at=now + starts_in + lasts,
            daily_from=daily_from,
            daily_to=daily_to,
            working_days_only=working_days_only,
            policy_profile=policy_profile,
            priority=priority,
            max_per_second=max_per_second,
            basis=basis,
            channels=channels,
        )
        return create_campaign(
            session,
            wanted,
            delivery=application.settings.delivery,
            calendar=application.calendar.read(session),
            actor=actor,
            now=now,
        )


def make_step(
    application: Application, channel: ChannelKind = ChannelKind.EMAIL, *, call: str = CALL, **changes: Any
) -> Step:
    """A step with a template of its own and no retries; `call` is what a call says."""
    with application.database.transaction() as session:
        version = save_version(
            session,
            name=f"test_{channel.value}",
            language="ru",
            texts=TemplateText(
                "Долг {{ debt | money }}",
                call if channel is ChannelKind.VOICE else "{{ full_name }}: {{ debt | money }}",
            ),
            created_by="test",
            now=application.clock.refresh(session),
        )
    return Step(channel=channel, template_version_id=version, **changes)


def make_run(
    application: Application,
    steps: Sequence[Step],
    *,
    imported: ImportResult,
    combination: Combination = Combination.ANY,
    on_unknown: OnUnknown = OnUnknown.LEAVE,
    unknown_query_seconds: float = 60.0,
    lasts: timedelta = timedelta(days=2),
    starts_in: timedelta = timedelta(0),
    priority: str = "bulk",
    purpose: str = "debt",
    purpose_group: str = "debt",
    caps: Sequence[Mapping[str, Any]] = (),
    hours: Mapping[str, Any] | None = None,
    max_per_second: float | None = None,
    basis: str = "consent",
) -> UUID:
    """A run with a step plan of the test's own over an imported list."""
    with application.database.transaction() as session:
        now = application.clock.refresh(session)
        campaign = _add_campaign(session, now, lasts)
        return add_run(
            session,
            NewRun(
                campaign_id=campaign,
                list_id=imported.list_id,
                recipient_count=imported.recipients,
                priority=priority,
                purpose=purpose,
                purpose_group=purpose_group,
                starts_at=now + starts_in,
                ends_at=now + starts_in + lasts,
                hours=hours or {"campaign": ROUND_THE_CLOCK, "policy": ROUND_THE_CLOCK},
                caps=list(caps),
                plan=StepPlan(tuple(steps), combination, on_unknown, unknown_query_seconds, basis),
                max_per_second=max_per_second,
            ),
            now,
        )


def _add_campaign(session: Any, now: datetime, lasts: timedelta) -> UUID:
    scenario, version, campaign = new_id(), new_id(), new_id()
    session.add(Scenario(id=scenario, name=scenario.hex, title="Проба"))
    session.flush()
    session.add(
        ScenarioVersion(
            id=version,
            scenario_id=scenario,
            version=1,
            purpose="debt",
            policy_profile="always",
            steps={},
            created_by="test",
            created_at=now,
        )
    )
    session.flush()
    session.add(
        Campaign(
            id=campaign,
            name="Проба",
            scenario_version_id=version,
            policy_profile="always",
            priority="bulk",
            starts_at=now,
            ends_at=now + lasts,
            daily_from=time(0),
            daily_to=None,
            working_days_only=False,
            created_by="test",
            created_at=now,
        )
    )
    session.flush()
    return campaign


def contact_of(application: Application, address: str) -> UUID:
    """The one contact point with this address."""
    with application.database.transaction() as session:
        return session.execute(_CONTACT, {"address": address}).scalar_one()


def give_consent(
    application: Application, address: str, *, channel: str = "email", purpose: str = "debt", **changes: Any
) -> None:
    """Staff record a consent."""
    entry = ConsentEntry(
        channel=channel, purpose=purpose, action="given", source="staff", recorded_by="operator", **changes
    )
    contact = contact_of(application, address)
    with application.database.transaction() as session:
        record_consent(session, contact, entry, application.clock.refresh(session))


def suppress(application: Application, address: str, *, channel: str = "email", **changes: Any) -> UUID:
    """Ban an address over a channel."""
    suppression = new_id()
    with application.database.transaction() as session:
        fields = {
            "reason": "complaint",
            "source": "staff",
            "created_at": application.clock.refresh(session),
        }
        session.add(Suppression(id=suppression, channel=channel, address=address, **(fields | changes)))
    return suppression


def success(name: str) -> Success:
    """A shorthand for parametrised tests."""
    return Success(name)
