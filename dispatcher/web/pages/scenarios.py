"""The catalogue of scenarios: what can be told, who owns a text, by when. Administrators change the rules."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Path, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from campaigns.catalogue import BUILTIN
from campaigns.errors import CampaignError
from campaigns.lead_time import Counted, Strictness
from campaigns.scenario_rules import RuleChange, change_rule, rules
from dispatcher.core.staff import StaffRole
from dispatcher.web.auth import Controller, Services, Staff, require_csrf
from dispatcher.web.flash import Flash
from dispatcher.web.pages.showing import go_on, one_line, refusal, show
from dispatcher.web.pages.typed import FormFaultError, read_number

router = APIRouter(prefix="/scenarios")

PATH: Final = "/scenarios"
MOST_DAYS: Final = 365


@router.get("")
def show_catalogue(request: Request, services: Services, signed_in: Staff) -> Response:
    """Every scenario with the rule that holds."""
    kept = services.database.run(rules)
    values = {
        "rows": [(BUILTIN[name], rule) for name, rule in kept.items()],
        "may_change": signed_in.member.role is StaffRole.ADMINISTRATOR,
        "strictnesses": list(Strictness),
        "day_of_month": Counted.DAY_OF_NEXT_MONTH,
    }
    return show(request, signed_in, "scenarios.html", values)


@router.post("/{name}", dependencies=[Depends(require_csrf)])
def change(
    services: Services,
    signed_in: Controller,
    name: Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{0,63}$")],
    owner: Annotated[str, Form(max_length=200)] = "",
    days: Annotated[str, Form(max_length=4)] = "",
    months: Annotated[str, Form(max_length=3)] = "",
    strictness: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Keep what was typed as this company's rule."""

    def work(session: Session) -> None:
        if strictness and strictness not in set(Strictness):
            raise FormFaultError("no such strictness", code="choice")
        wanted = RuleChange(
            owner=one_line(owner),
            days=read_number(days, 0, MOST_DAYS),
            months=read_number(months, 0, MOST_DAYS),
            strictness=Strictness(strictness) if strictness else None,
        )
        now = services.clock.refresh(session)
        change_rule(session, name, wanted, member=signed_in.member, now=now)

    try:
        services.database.run(work)
    except (CampaignError, FormFaultError) as error:
        return go_on(services, PATH, refusal(error))
    return go_on(services, PATH, Flash("rule_saved"))
