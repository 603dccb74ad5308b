"""Scenarios: what is said, over which channels, for which purpose. Versions are frozen."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from campaigns.calls_read_out import check_can_be_read_out
from campaigns.catalogue import BUILTIN, BuiltinScenario
from campaigns.errors import CampaignError, UnknownScenarioError
from channels.port import ChannelKind
from dispatcher.core.ids import new_id
from dispatcher.core.settings import DeliverySettings
from dispatcher.delivery.retry_rules import RetryRule, Shift
from dispatcher.delivery.step_plan import Combination, Step, StepPlan, Success
from templates.bundled import is_bundled, text_name
from templates.service import seed_builtin

_ADD_SCENARIO = text(
    """
    INSERT INTO scenario (id, name, title) VALUES (:id, :name, :title)
    ON CONFLICT (name) DO UPDATE SET title = excluded.title RETURNING id
    """
)
# Campaigns of one scenario may take different channels, each its own version: that of the same steps is
# found again, so that two kinds of campaigns in turn do not make a version each time.
_SAME = text(
    """
    SELECT v.id, v.version FROM scenario_version v JOIN scenario s ON s.id = v.scenario_id
    WHERE s.name = :name AND v.purpose = :purpose AND v.policy_profile = :policy
      AND v.steps = CAST(:steps AS jsonb)
    ORDER BY v.version DESC LIMIT 1
    """
)
_LATEST = text(
    """
    SELECT max(v.version) FROM scenario_version v JOIN scenario s ON s.id = v.scenario_id
    WHERE s.name = :name
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
    are_calls_read_out: bool = False  #: by a provider that takes no keys


def current_version(
    session: Session,
    name: str,
    *,
    channels: Sequence[ChannelKind] | None = None,
    delivery: DeliverySettings,
    actor: str,
    now: datetime,
) -> ScenarioVersionView:
    """The version of a scenario as it stands now; a built-in one is written when it is first used.

    `channels` are the campaign's own, in the order in which they are tried; None takes the scenario's.
    Its templates are the staff's newest where staff wrote any, else the built-in texts. A new version is
    made when one of them, the channels or the settings are not those of a version that exists. Raises
    `UnknownScenarioError` naming those that exist, `CampaignError` for a channel without a text, and for
    calls that cannot be made here.
    """
    builtin = BUILTIN.get(name)
    if builtin is None:
        raise UnknownScenarioError(
            f"there is no scenario {name!r}; there are: {', '.join(sorted(BUILTIN))}", code="unknown_scenario"
        )
    kinds = steps_of(builtin, delivery) if channels is None else check_channels(name, channels)
    plan = StepPlan(
        steps=tuple(_step(session, builtin, channel, delivery, actor, now) for channel in kinds),
        combination=builtin.combination,
        unknown_query_seconds=delivery.unknown_query_seconds,
        basis=builtin.basis,
    )
    missing = left_out(builtin, delivery) if channels is None else ()
    same = session.execute(
        _SAME,
        {
            "name": name,
            "purpose": builtin.purpose,
            "policy": builtin.policy_profile,
            "steps": json.dumps(plan.to_json()),
        },
    ).first()
    if same is not None:
        return _view(builtin, plan, same.id, same.version, missing, delivery)
    version = (session.execute(_LATEST, {"name": name}).scalar_one() or 0) + 1
    added = _add_version(session, builtin, plan, version, actor, now)
    return _view(builtin, plan, added, version, missing, delivery)


def steps_of(builtin: BuiltinScenario, delivery: DeliverySettings) -> tuple[ChannelKind, ...]:
    """The channels that a scenario takes here: those that the installation has.

    Where all are required, that is the first one and one more, whichever there is (requirement 47).
    """
    here = tuple(channel for channel in builtin.channels if channel in delivery.channels)
    return here[:2] if builtin.combination is Combination.ALL else here


def left_out(builtin: BuiltinScenario, delivery: DeliverySettings) -> tuple[ChannelKind, ...]:
    """The channels that a scenario names and the installation does not have."""
    return tuple(channel for channel in builtin.channels if channel not in delivery.channels)


def check_channels(scenario: str, channels: Sequence[ChannelKind]) -> tuple[ChannelKind, ...]:
    """The channels of a campaign; raises `CampaignError` for none, one twice, or one without a text."""
    if not channels or len(set(channels)) < len(channels):
        raise CampaignError("name each channel of the campaign once", code="channels_twice")
    for channel in channels:
        if not is_bundled(text_name(scenario, channel.value)):
            raise CampaignError(
                f"the scenario {scenario} has no text for the channel {channel.value}",
                code="no_text_for_channel",
                channel=channel.value,
            )
    return tuple(channels)


def _view(
    builtin: BuiltinScenario,
    plan: StepPlan,
    version_id: UUID,
    version: int,
    missing: tuple[ChannelKind, ...],
    delivery: DeliverySettings,
) -> ScenarioVersionView:
    return ScenarioVersionView(
        id=version_id,
        version=version,
        purpose=builtin.purpose,
        policy_profile=builtin.policy_profile,
        plan=plan,
        priority=builtin.priority,
        left_out=missing,
        are_calls_read_out=delivery.calls.are_read_out,
    )


def _step(
    session: Session,
    builtin: BuiltinScenario,
    channel: ChannelKind,
    delivery: DeliverySettings,
    actor: str,
    now: datetime,
) -> Step:
    own = text_name(builtin.name, channel.value)
    name = own if is_bundled(own) else builtin.name
    templates = {
        language: seed_builtin(session, name, language, actor=actor, now=now)
        for language in (builtin.language, *builtin.translations)
    }
    is_call = channel is ChannelKind.VOICE
    if is_call and delivery.calls.are_read_out:
        check_can_be_read_out(session, builtin.name, templates.values())
    return Step(
        channel=channel,
        template_version_id=templates[builtin.language],
        retry_seconds=tuple(delivery.retry_seconds),
        settle_seconds=delivery.settle_seconds.get(channel.value, 0.0),
        # A provider of short messages takes what it may never hand over, and says so: that alone counts.
        # So does one of calls; our own calls know at once.
        success=Success.ACCEPTED if channel is ChannelKind.EMAIL else Success.DELIVERED,
        translations={language: templates[language] for language in builtin.translations},
        max_parts=_max_parts(builtin.name, delivery) if channel is ChannelKind.SMS else None,
        retry_rules=_retry_rules(builtin.name, delivery) if is_call else {},
        most_attempts=delivery.calls.most_attempts if is_call else None,
        longest_seconds=delivery.calls.longest_seconds if is_call else None,
    )


def _retry_rules(scenario: str, delivery: DeliverySettings) -> dict[str, RetryRule]:
    return {
        reason: RetryRule(tuple(rule.wait_seconds), Shift(rule.shift))
        for reason, rule in delivery.calls.rules_of(scenario).items()
    }


def _max_parts(scenario: str, delivery: DeliverySettings) -> int:
    return delivery.sms_max_parts_of.get(scenario, delivery.sms_max_parts)


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
