"""Scenarios: what can be told, and under which policies."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from campaigns.scenarios import BUILTIN
from consent.profiles import all_profiles
from dispatcher.core.api_keys import Scope
from dispatcher.web.api.calls import ApiCall, Reads
from dispatcher.web.api.problems import answers
from dispatcher.web.api.values import example

router = APIRouter(tags=["campaigns"])

Reader = Annotated[ApiCall, Depends(Reads(Scope.CAMPAIGNS_READ))]


class ScenarioOut(BaseModel):
    """What can be told."""

    name: str
    title: str
    purpose: str
    policy_profile: str


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
        scenarios=[
            ScenarioOut(
                name=one.name, title=one.title, purpose=one.purpose, policy_profile=one.policy_profile
            )
            for one in BUILTIN.values()
        ],
        policy_profiles=sorted(call.services.database.run(all_profiles)),
    )
