"""Scenarios: what is said, over which channels, for which purpose. Versions are frozen."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from campaigns.catalogue import BUILTIN, BuiltinScenario
from campaigns.errors import UnknownScenarioError
from channels.port import ChannelKind
from dispatcher.core.ids import new_id
from dispatcher.core.settings import DeliverySettings
from dispatcher.delivery.step_plan import Combination, Step, StepPlan
from templates.service import seed_builtin

_ADD_SCENARIO = text(
    """
    INSERT INTO scenario (id, name, title) VALUES (:id, :name, :title)
    ON CONFLICT (name) DO UPDATE SET title = excluded.title RETURNING id
    """
)
_LATEST = text(
    """
    SELECT v.id, v.version, v.purpose, v.policy_profile, v.steps
    FROM scenario_version v JOIN scenario s ON s.id = v.scenario_id
    WHERE s.name = :name ORDER BY v.version DESC LIMIT 1
    """
)
_ADD_VERSION = text(
    """
    INSERT INTO scenario_version (id, scenario_id, version, purpose, policy_profile, steps, created_by,
                                  created_at)
    VALUES (:id, :scenario, :version, :purpose, :policy, CAST(:steps AS jsonb), :by, :now)
    """
)


@dataclass(frozen=True, slots=True)
class ScenarioVersionView:
    """A scenario as it stands now, with its pinned step plan."""

    id: UUID
    version: int
    purpose: str
    policy_profile: str
    plan: StepPlan
    priority: str = "bulk"
    left_out: tuple[
        ChannelKind, ...
    ] = ()  #: named by the scenario, but this installation has no such channel


def current_version(
    session: Session, name: str, *, delivery: DeliverySettings, actor: str, now: datetime
) -> ScenarioVersionView:
    """The newest version of a scenario; a built-in one is written into the database when it is first used.

    Its templates are the staff's newest where staff wrote any, else the built-in texts. A new version is
    made when one of them or its settings have changed since. Raises
    `UnknownScenarioError` naming those that exist.
    """
    builtin = BUILTIN.get(name)
    if builtin is None:
        raise UnknownScenarioError(
            f"there is no scenario {name!r}; there are: {', '.join(sorted(BUILTIN))}", code="unknown_scenario"
        )
    templates = {
        language: seed_builtin(session, builtin.name, language, actor=actor, now=now)
        for language in (builtin.language, *builtin.translations)
    }
    plan = _compile(builtin, templates, delivery)
    latest = session.execute(_LATEST, {"name": name}).first()
    if latest is not None and _same(latest._asdict(), builtin, plan):
        return _view(builtin, plan, latest.id, latest.version, delivery)
    version = 1 if latest is None else latest.version + 1
    version_id = _add_version(session, builtin, plan, version, actor, now)
    return _view(builtin, plan, version_id, version, delivery)


def steps_of(builtin: BuiltinScenario, delivery: DeliverySettings) -> tuple[ChannelKind, ...]:
    """The channels that a scenario takes here: those that the installation has.

    Where all are required, that is the first one and one more, whichever there is (requirement 47).
    """
    here = tuple(channel for channel in builtin.channels if channel in delivery.channels)
    return here[:2] if builtin.combination is Combination.ALL else here


def left_out(builtin: BuiltinScenario, delivery: DeliverySettings) -> tuple[ChannelKind, ...]:
    """The channels that a scenario names and the installation does not have."""
    return tuple(channel for channel in builtin.channels if channel not in delivery.channels)


def _view(
    builtin: BuiltinScenario, plan: StepPlan, version_id: UUID, version: int, delivery: DeliverySettings
) -> ScenarioVersionView:
    return ScenarioVersionView(
        id=version_id,
        version=version,
        purpose=builtin.purpose,
        policy_profile=builtin.policy_profile,
        plan=plan,
        priority=builtin.priority,
        left_out=left_out(builtin, delivery),
    )


def _compile(builtin: BuiltinScenario, templates: Mapping[str, UUID], delivery: DeliverySettings) -> StepPlan:
    return StepPlan(
        steps=tuple(
            Step(
                channel=channel,
                template_version_id=templates[builtin.language],
                retry_seconds=tuple(delivery.retry_seconds),
                settle_seconds=delivery.settle_seconds.get(channel.value, 0.0),
                translations={name: templates[name] for name in builtin.translations},
            )
            for channel in steps_of(builtin, delivery)
        ),
        combination=builtin.combination,
        unknown_query_seconds=delivery.unknown_query_seconds,
        basis=builtin.basis,
    )


def _same(latest: Mapping[str, Any], builtin: BuiltinScenario, plan: StepPlan) -> bool:
    return bool(
        latest["purpose"] == builtin.purpose
        and latest["policy_profile"] == builtin.policy_profile
        and latest["steps"] == plan.to_json()
    )


def _add_version(
    session: Session, builtin: BuiltinScenario, plan: StepPlan, version: int, actor: str, now: datetime
) -> UUID:
    scenario = session.execute(
        _ADD_SCENARIO, {"id": new_id(), "name": builtin.name, "title": builtin.title}
    ).scalar_one()
    version_id = new_id()
    session.execute(
        _ADD_VERSION,
        {
            "id": version_id,
            "scenario": scenario,
            "version": version,
            "purpose": builtin.purpose,
            "policy": builtin.policy_profile,
            "steps": json.dumps(plan.to_json()),
            "by": actor,
            "now": now,
        },
    )
    return version_id
