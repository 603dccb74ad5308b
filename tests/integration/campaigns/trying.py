"""Shorthands of these tests: a wanted campaign, and a dry run of it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from campaigns.dry_run import DryRunTools, dry_run
from campaigns.dry_run_result import DryRun
from campaigns.service import CreatedCampaign, NewCampaign, create_campaign
from dispatcher.bootstrap import build_renderer, provider_limits
from dispatcher.core.staff import StaffMember, StaffRole, add_staff, get_staff
from tests.engine import Engine


def wanted(engine: Engine, **changes: Any) -> NewCampaign:
    plain = NewCampaign(
        name="Проба",
        scenario="debt_reminder",
        list_name="Должники",
        starts_at=engine.now(),
        ends_at=engine.now() + timedelta(days=2),
        policy_profile="always",
    )
    return replace(plain, **changes)


def try_out(engine: Engine, campaign: NewCampaign | None = None) -> DryRun:
    application = engine.application
    return application.database.run(
        lambda session: dry_run(
            session,
            campaign or wanted(engine),
            tools=tools(engine, session),
            actor="operator",
            now=engine.now(),
        )
    )


def tools(engine: Engine, session: Any) -> DryRunTools:
    application = engine.application
    return DryRunTools(
        renderer=build_renderer(application),
        delivery=application.settings.delivery,
        calendar=application.calendar.read(session),
        provider_limits=provider_limits(application.settings),
        call_lines=application.settings.voice.lines,
    )


def create(engine: Engine, campaign: NewCampaign, *, actor: str = "staff:olga") -> CreatedCampaign:
    application = engine.application
    return application.database.run(
        lambda session: create_campaign(
            session,
            campaign,
            delivery=application.settings.delivery,
            calendar=application.calendar.read(session),
            actor=actor,
            now=engine.now(),
        )
    )


def member(engine: Engine, login: str, role: StaffRole = StaffRole.APPROVER) -> StaffMember:
    """A new member of the staff."""

    def add(session: Any) -> StaffMember:
        add_staff(
            session,
            login=login,
            full_name=login.title(),
            role=role,
            password="long enough for tests",
            actor="test",
            now=engine.now(),
        )
        found = get_staff(session, login)
        assert found is not None
        return found[0]

    return engine.application.database.run(add)
