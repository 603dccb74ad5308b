"""Shorthands of these tests: a wanted campaign, and a dry run of it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from campaigns.dry_run import DryRunTools, dry_run
from campaigns.dry_run_result import DryRun
from campaigns.service import NewCampaign
from dispatcher.bootstrap import build_renderer, provider_limits
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
    )
