"""Scenarios: what can be told, and under which policies."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from campaigns.catalogue import BUILTIN, BuiltinScenario
from campaigns.scenario_rules import ScenarioRule, rules
from consent.profiles import all_profiles
from dispatcher.core.api_keys import Scope
from dispatcher.web.api.calls import ApiCall, Reads
from dispatcher.web.api.problems import answers
from dispatcher.web.api.values import example

router = APIRouter(tags=["campaigns"])

Reader = Annotated[ApiCall, Depends(Reads(Scope.CAMPAIGNS_READ))]


class LeadTimeOut(BaseModel):
    """How long before or after a date people must be told."""

    model_config = ConfigDict(from_attributes=True)
    field: str
    counted: str = Field(description="before, after, or day_of_next_month.")
    days: int
    months: int
    strictness: str = Field(description="refuse, warn or off.")


class ScenarioOut(BaseModel):
    """What can be told."""

    name: str
    title: str
    purpose: str
    policy_profile: str
    owner: str = Field(description="Who answers for its text.")
    priority: str
    channels: list[str]
    combination: str = Field(description="any: until one succeeds; all: each of them.")
    mandatory_fields: list[str] = Field(
        description="What its text prints and the list, or `common_fields`, must give."
    )
    lead_time: LeadTimeOut | None


class ScenariosOut(BaseModel):
    """All scenarios and policy profiles."""

    model_config = example(
        {
            "scenarios": [
                {
                    "name": "debt_reminder",
                    "title": "Напоминание о задолженности",
                    "purpose": "debt",
                    "policy_profile": "by_purpose",
                    "owner": "Отдел расчётов с потребителями",
                    "priority": "bulk",
                    "channels": ["email"],
                    "combination": "any",
                    "mandatory_fields": ["full_name", "debt"],
                    "lead_time": None,
                }
            ],
            "policy_profiles": ["always", "debtor_safe", "service_standard"],
        }
    )
    scenarios: list[ScenarioOut]
    policy_profiles: list[str]


@router.get("/scenarios", responses=answers())
def list_scenarios(call: Reader) -> ScenariosOut:
    """What can be told, and under which policies."""
    return ScenariosOut(
        scenarios=[_out(BUILTIN[name], rule) for name, rule in call.read(rules).items()],
        policy_profiles=sorted(call.read(all_profiles)),
    )


def _out(one: BuiltinScenario, rule: ScenarioRule) -> ScenarioOut:
    return ScenarioOut(
        name=one.name,
        title=one.title,
        purpose=one.purpose,
        policy_profile=one.policy_profile,
        owner=rule.owner,
        priority=one.priority,
        channels=[channel.value for channel in one.channels],
        combination=one.combination.value,
        mandatory_fields=list(one.mandatory),
        lead_time=None if rule.lead_time is None else LeadTimeOut.model_validate(rule.lead_time),
    )
