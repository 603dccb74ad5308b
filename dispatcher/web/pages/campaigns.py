"""Starting a campaign: the form, then what would happen (the dry run), then the button that does it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from campaigns.dry_run import dry_run
from campaigns.dry_run_result import DryRun
from campaigns.errors import CampaignError
from campaigns.scenarios import BUILTIN
from campaigns.service import NewCampaign, create_campaign
from consent.errors import PolicyError
from consent.hours import parse_daily_time
from consent.policy import PROFILES
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
from dispatcher.web.languages import choose_language
from dispatcher.web.rendering import Renderer
from dispatcher.web.services import WebServices
from reports.lists import list_ready_names

router = APIRouter(prefix="/campaigns")

MOST_LISTS: Final = 200
DEFAULT_DAYS: Final = 1


class FormFaultError(DispatcherError):
    """Raised when a field of the form cannot be read."""


@dataclass(frozen=True, slots=True)
class CampaignForm:
    """The fields as they were typed; times are on the company's wall clock."""

    name: Annotated[str, Form(max_length=200)] = ""
    list_name: Annotated[str, Form(max_length=100)] = ""
    scenario: Annotated[str, Form(max_length=60)] = "debt_reminder"
    starts_at: Annotated[str, Form(max_length=20)] = ""
    ends_at: Annotated[str, Form(max_length=20)] = ""
    daily_from: Annotated[str, Form(max_length=8)] = "08:00"
    daily_to: Annotated[str, Form(max_length=8)] = "17:00"
    working_days: Annotated[str, Form(max_length=3)] = ""
    policy: Annotated[str, Form(max_length=60)] = ""
    priority: Annotated[str, Form(max_length=10)] = "bulk"
    first_count: Annotated[str, Form(max_length=9)] = ""
    form_id: Annotated[str, Form(max_length=36)] = ""


Filled = Annotated[CampaignForm, Depends()]


@router.get("/new")
def show_form(request: Request, services: Services, signed_in: Controller, list_name: str = "") -> Response:
    """The empty form."""
    zone = ZoneInfo(services.settings.time_zone)
    end = services.clock.now().astimezone(zone) + timedelta(days=DEFAULT_DAYS)
    form = CampaignForm(
        list_name=list_name[:100], ends_at=f"{end:%Y-%m-%dT17:00}", working_days="yes", form_id=new_id().hex
    )
    return _form(request, services, signed_in, form)


@router.post("/check", dependencies=[Depends(require_csrf)])
def check(request: Request, services: Services, signed_in: Controller, form: Filled) -> Response:
    """What would happen; nothing is sent and nothing is made."""

    def try_out(session: Session) -> tuple[NewCampaign, DryRun]:
        now = services.clock.refresh(session)
        wanted = _wanted(form, services, now)
        result = dry_run(
            session, wanted, tools=services.dry_run_tools(session), actor=signed_in.member.actor, now=now
        )
        return wanted, result

    try:
        wanted, result = services.database.run(try_out)
    except (CampaignError, PolicyError, FormFaultError) as error:
        return _form(request, services, signed_in, form, problem=str(error), status=422)
    values = {"form": form, "wanted": wanted, "result": result, "scenario": BUILTIN[form.scenario]}
    return _page(request, signed_in, "campaign_check.html", values)


@router.post("", dependencies=[Depends(require_csrf)])
def start(request: Request, services: Services, signed_in: Controller, form: Filled) -> Response:
    """Make it. A form that is sent twice makes one campaign: its own id is the idempotency key."""
    repeatable = RepeatableRequest(
        f"staff:{signed_in.member.id}",
        form.form_id or new_id().hex,
        fingerprint_of("POST", "/campaigns", repr(form).encode()),
    )

    def make(session: Session) -> UUID:
        known = recall_answer(session, repeatable)
        if known is not None:
            return UUID(known.body["run_id"])
        now = services.clock.refresh(session)
        made = create_campaign(
            session,
            _wanted(form, services, now),
            delivery=services.settings.delivery,
            calendar=services.calendar.read(session),
            actor=signed_in.member.actor,
            now=now,
        )
        remember_answer(session, repeatable, StoredAnswer(303, {"run_id": str(made.run_id)}), now)
        return made.run_id

    try:
        run_id = services.database.run(make)
    except (CampaignError, PolicyError, FormFaultError) as error:
        return _form(request, services, signed_in, form, problem=str(error), status=422)
    return RedirectResponse(f"/runs/{run_id}", 303)


@router.post("/edit", dependencies=[Depends(require_csrf)])
def edit(request: Request, services: Services, signed_in: Controller, form: Filled) -> Response:
    """Back from the dry run to the form, with what was typed."""
    return _form(request, services, signed_in, form)


def _wanted(form: CampaignForm, services: WebServices, now: datetime) -> NewCampaign:
    zone = ZoneInfo(services.settings.time_zone)
    if form.first_count and not form.first_count.isdecimal():
        raise FormFaultError("first_count")
    title = BUILTIN[form.scenario].title if form.scenario in BUILTIN else form.scenario
    return NewCampaign(
        name=form.name.strip() or f"{title}: {form.list_name}",
        scenario=form.scenario,
        list_name=form.list_name,
        starts_at=_moment(form.starts_at, zone) if form.starts_at else now,
        ends_at=_moment(form.ends_at, zone),
        daily_from=parse_daily_time(form.daily_from),
        daily_to=parse_daily_time(form.daily_to),
        working_days_only=bool(form.working_days),
        policy_profile=form.policy or None,
        priority=form.priority,
        first_count=int(form.first_count) if form.first_count else None,
    )


def _moment(typed: str, zone: ZoneInfo) -> datetime:
    try:
        moment = datetime.fromisoformat(typed)
    except ValueError as error:
        raise FormFaultError(f"«{typed}»: 2026-11-23T08:00?") from error
    if not 2000 <= moment.year < 2100:
        raise FormFaultError(f"«{typed}»?")
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _form(
    request: Request,
    services: WebServices,
    signed_in: SignedIn,
    form: CampaignForm,
    *,
    problem: str = "",
    status: int = 200,
) -> Response:
    with services.database.transaction() as session:
        names = list_ready_names(session, limit=MOST_LISTS)
    values = {
        "form": form,
        "lists": names,
        "scenarios": list(BUILTIN.values()),
        "policies": sorted(PROFILES),
        "problem": _in_words(request, problem),
    }
    return _page(request, signed_in, "campaign_form.html", values, status)


def _in_words(request: Request, problem: str) -> str:
    renderer: Renderer = request.app.state.renderer
    return f"{renderer.text('campaign_refused', choose_language(request))} {problem}" if problem else ""


def _page(
    request: Request, signed_in: SignedIn, template: str, values: dict[str, Any], status: int = 200
) -> Response:
    person = {"member": signed_in.member, "csrf_token": signed_in.csrf_token}
    return request.app.state.renderer.page(request, template, {**person, **values}, status)  # type: ignore[no-any-return]
