"""Starting a campaign: the form, then what would happen (the dry run), then the button that does it."""

from dataclasses import fields, replace
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from campaigns.catalogue import BUILTIN
from campaigns.dry_run import dry_run
from campaigns.dry_run_result import DryRun
from campaigns.errors import CampaignError
from campaigns.service import NewCampaign, create_campaign
from consent.errors import PolicyError
from dispatcher.core.errors import DispatcherError
from dispatcher.core.idempotency import (
    RepeatableRequest,
    StoredAnswer,
    fingerprint_of,
    recall_answer,
    remember_answer,
)
from dispatcher.core.ids import new_id
from dispatcher.web.auth import Controller, Services, SignedIn, require_csrf
from dispatcher.web.pages.campaign_fields import (
    PROPOSED,
    CampaignForm,
    Filled,
    PlainForm,
    campaign_choices,
    channel_choices,
    common_fields_of,
    read_campaign,
)
from dispatcher.web.pages.showing import LETTER_POLICY, fault, one_line, show
from dispatcher.web.pages.typed import FormFaultError, usual_end
from dispatcher.web.services import WebServices

router = APIRouter(prefix="/campaigns")

REFUSALS: Final = (CampaignError, PolicyError, FormFaultError)


@router.get("/new")
def show_form(
    request: Request, services: Services, signed_in: Controller, list_name: str = "", scenario: str = ""
) -> Response:
    """The empty form."""
    end = usual_end(services.clock.now(), ZoneInfo(services.settings.time_zone))
    name = one_line(list_name)[:100]
    chosen = scenario if scenario in BUILTIN else next(iter(BUILTIN))
    form = replace(PROPOSED, list_name=name, scenario=chosen, ends_at=end, form_id=new_id().hex)
    return _form(request, services, signed_in, form)


@router.get("/new/fields")
def show_common_fields(request: Request, signed_in: Controller, scenario: str = "") -> Response:
    """The inputs of a scenario's own fields, for the form whose scenario was changed."""
    values = {"form": PROPOSED, "common_fields": common_fields_of(scenario)}
    return show(request, signed_in, "fragments/common_fields.html", values)


@router.post("/check", dependencies=[Depends(require_csrf)])
def check(request: Request, services: Services, signed_in: Controller, form: Filled) -> Response:
    """What would happen; nothing is sent and nothing is made."""

    def try_out(session: Session) -> tuple[NewCampaign, DryRun]:
        now = services.clock.refresh(session)
        wanted = read_campaign(form, services.settings, now)
        tools = services.dry_run_tools(session)
        return wanted, dry_run(session, wanted, tools=tools, actor=signed_in.member.actor, now=now)

    try:
        wanted, result = services.database.run(try_out)
    except REFUSALS as error:
        return _form(request, services, signed_in, form, problem=error)
    values = {
        "form": form,
        "field_names": [field.name for field in fields(PlainForm)],
        "wanted": wanted,
        "result": services.completed(result),
        "scenario": BUILTIN[wanted.scenario],
        "approval_required": wanted.needs_approval or services.settings.delivery.approval_required,
    }
    return show(request, signed_in, "campaign_check.html", values, headers=LETTER_POLICY)


@router.post("", dependencies=[Depends(require_csrf)])
def start(request: Request, services: Services, signed_in: Controller, form: Filled) -> Response:
    """Make it. A form that is sent twice makes one campaign: its own id is the idempotency key."""
    repeatable = RepeatableRequest(
        f"staff:{signed_in.member.id}",
        one_line(form.form_id) or new_id().hex,
        fingerprint_of("POST", "/campaigns", repr(form).encode()),
    )

    def make(session: Session) -> UUID:
        known = recall_answer(session, repeatable)
        if known is not None:
            return UUID(known.body["run_id"])
        now = services.clock.refresh(session)
        made = create_campaign(
            session,
            read_campaign(form, services.settings, now),
            delivery=services.settings.delivery,
            calendar=services.calendar.read(session),
            actor=signed_in.member.actor,
            now=now,
        )
        remember_answer(session, repeatable, StoredAnswer(303, {"run_id": str(made.run_id)}), now)
        return made.run_id

    try:
        run_id = services.database.run(make)
    except REFUSALS as error:
        return _form(request, services, signed_in, form, problem=error)
    return RedirectResponse(f"/runs/{run_id}", 303)


@router.post("/edit", dependencies=[Depends(require_csrf)])
def edit(request: Request, services: Services, signed_in: Controller, form: Filled) -> Response:
    """Back from the dry run to the form, with what was typed."""
    return _form(request, services, signed_in, form)


def _form(
    request: Request,
    services: WebServices,
    signed_in: SignedIn,
    form: CampaignForm,
    *,
    problem: DispatcherError | None = None,
) -> Response:
    values = {
        **services.database.run(campaign_choices),
        "channel_choices": channel_choices(services.settings),
        "form": form,
        "common_fields": common_fields_of(form.scenario),
        "problem": fault(request, problem) if problem else "",
        "approval_required": services.settings.delivery.approval_required,
    }
    return show(request, signed_in, "campaign_form.html", values, 422 if problem else 200)
