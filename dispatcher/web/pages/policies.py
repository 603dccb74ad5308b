"""Rules of sending: profiles with their versions, and which of them serve which purpose for whom."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from consent.errors import PolicyError
from consent.hours import DayHours
from consent.policy import Cap, CapPeriod, ChannelGroup, PolicyProfile, PurposeGroup
from consent.presets import CUSTOMER_GROUPS
from consent.profile_form import DAYS_OFF, OWN_HOURS, days_off_of, read_profile
from consent.profiles import (
    all_profiles,
    choose_profiles,
    list_versions,
    profile_named,
    purpose_table,
    save_profile,
)
from consent.purposes import Purpose
from dispatcher.core.errors import DispatcherError
from dispatcher.web.auth import RuleKeeper, Services, SignedIn, Staff, require_csrf
from dispatcher.web.errors import NotFoundError
from dispatcher.web.flash import Flash
from dispatcher.web.pages.showing import fault, go_on, one_line, show
from dispatcher.web.pages.typed import FormFaultError, read_number
from dispatcher.web.services import WebServices

router = APIRouter(prefix="/policies")

PATH: Final = "/policies"
MOST: Final = 1000
Typed = Annotated[str, Form(max_length=60)]
Names = Annotated[list[str] | None, Form(max_length=60)]


@dataclass(frozen=True, slots=True)
class CapsForm:
    """How many at most, by channels and period; empty: no cap."""

    cap_text_day: Typed = ""
    cap_text_week: Typed = ""
    cap_text_month: Typed = ""
    cap_text_quarter: Typed = ""
    cap_voice_day: Typed = ""
    cap_voice_week: Typed = ""
    cap_voice_month: Typed = ""
    cap_voice_quarter: Typed = ""
    cap_any_day: Typed = ""
    cap_any_week: Typed = ""
    cap_any_month: Typed = ""
    cap_any_quarter: Typed = ""

    def caps(self) -> list[Cap]:
        """The caps that were typed; raises `FormFaultError`."""
        found = []
        for one in fields(self):
            _, group, period = one.name.split("_")
            limit = read_number(getattr(self, one.name), 1, MOST)
            if limit is not None:
                found.append(Cap(ChannelGroup(group), limit, CapPeriod(period)))
        return found


@dataclass(frozen=True, slots=True)
class ProfileForm:
    """The fields as they were typed."""

    name: Typed = ""
    replaces: Typed = "0"
    daily_from: Typed = ""
    daily_to: Typed = ""
    days_off: Typed = ""
    off_from: Typed = ""
    off_to: Typed = ""
    follows_short_days: Typed = ""
    purpose_group: Typed = ""
    is_urgent: Typed = ""


Filled = Annotated[ProfileForm, Depends()]
Capped = Annotated[CapsForm, Depends()]


@router.get("")
def show_policies(request: Request, services: Services, signed_in: Staff) -> Response:
    """Every profile in force, and the table of purposes."""
    country = services.settings.country

    def read(session: Session) -> Mapping[str, Any]:
        return {"profiles": all_profiles(session), "purposes": purpose_table(session, country)}

    return show(request, signed_in, "policies.html", {**services.database.run(read), **_choices()})


@router.get("/new")
def show_new(request: Request, services: Services, signed_in: RuleKeeper) -> Response:
    """The empty form."""
    form = ProfileForm(daily_from="08:00", daily_to="17:00", days_off="closed")
    return _form(request, services, signed_in, form, CapsForm())


@router.get("/purposes/{purpose}")
def show_purpose(request: Request, services: Services, signed_in: RuleKeeper, purpose: str) -> Response:
    """Which profiles serve one purpose, to be changed."""
    served = services.database.run(lambda s: purpose_table(s, services.settings.country))
    return _purpose(request, services, signed_in, purpose, served[_purpose_named(purpose)])


@router.post("/purposes/{purpose}", dependencies=[Depends(require_csrf)])
def choose(
    request: Request,
    services: Services,
    signed_in: RuleKeeper,
    purpose: str,
    group_1: Names = None,
    group_2: Names = None,
    group_3: Names = None,
) -> Response:
    """Let profiles serve a purpose from the next run on."""
    wanted = {1: tuple(group_1 or ()), 2: tuple(group_2 or ()), 3: tuple(group_3 or ())}
    found = _purpose_named(purpose)

    def work(session: Session) -> None:
        now = services.clock.refresh(session)
        choose_profiles(
            session, found, wanted, country=services.settings.country, actor=signed_in.member.actor, now=now
        )

    try:
        services.database.run(work)
    except PolicyError as error:
        return _purpose(request, services, signed_in, purpose, wanted, error)
    return go_on(services, PATH, Flash("purpose_saved"))


@router.get("/{name}")
def show_policy(request: Request, services: Services, signed_in: Staff, name: str) -> Response:
    """One profile with its versions; who may change it gets the form."""
    found = services.database.run(lambda session: _known(session, name))
    return _form(request, services, signed_in, *_typed(found.profile, found.version))


@router.post("", dependencies=[Depends(require_csrf)])
def save(request: Request, services: Services, signed_in: RuleKeeper, form: Filled, caps: Capped) -> Response:
    """Save a new version; runs that exist keep the one that they were made with."""

    def work(session: Session) -> None:
        profile = read_profile(
            one_line(form.name),
            daily_from=form.daily_from,
            daily_to=form.daily_to,
            days_off=form.days_off,
            off_from=form.off_from,
            off_to=form.off_to,
            follows_short_days=bool(form.follows_short_days),
            caps=caps.caps(),
            purpose_group=form.purpose_group,
            is_urgent=bool(form.is_urgent),
        )
        save_profile(
            session,
            profile,
            replaces=read_number(form.replaces, 0, 1_000_000) or 0,
            actor=signed_in.member.actor,
            now=services.clock.refresh(session),
        )

    try:
        services.database.run(work)
    except (PolicyError, FormFaultError) as error:
        return _form(request, services, signed_in, form, caps, error)
    return go_on(services, PATH, Flash("policy_saved"))


def _form(
    request: Request,
    services: WebServices,
    signed_in: SignedIn,
    form: ProfileForm,
    caps: CapsForm,
    problem: DispatcherError | None = None,
) -> Response:
    def read(session: Session) -> Any:
        return list_versions(session, form.name) if form.name in all_profiles(session) else ()

    values = {
        "form": form,
        "caps": {one.name: getattr(caps, one.name) for one in fields(caps)},
        "versions": services.database.run(read),
        "is_new": form.replaces in ("", "0"),
        "problem": fault(request, problem) if problem else "",
        **_choices(),
    }
    return show(request, signed_in, "policy.html", values, 422 if problem else 200)


def _purpose(
    request: Request,
    services: WebServices,
    signed_in: SignedIn,
    purpose: str,
    chosen: Mapping[int, tuple[str, ...]],
    problem: DispatcherError | None = None,
) -> Response:
    values = {
        "purpose": purpose,
        "chosen": chosen,
        "profiles": services.database.run(all_profiles),
        "problem": fault(request, problem) if problem else "",
        **_choices(),
    }
    return show(request, signed_in, "policy_purpose.html", values, 422 if problem else 200)


def _choices() -> Mapping[str, Any]:
    return {
        "channel_groups": list(ChannelGroup),
        "periods": list(CapPeriod),
        "purpose_groups": list(PurposeGroup),
        "customer_groups": CUSTOMER_GROUPS,
        "days_off_choices": DAYS_OFF,
        "own_hours": OWN_HOURS,
        "days_off_of": days_off_of,
        "working_hours": _working_hours,
    }


def _working_hours(profile: PolicyProfile) -> DayHours:
    return DayHours(profile.daily_from, profile.daily_to)


def _typed(profile: PolicyProfile, version: int) -> tuple[ProfileForm, CapsForm]:
    """A profile as the form would have been filled."""
    off = profile.days_off
    form = ProfileForm(
        name=profile.name,
        replaces=str(version),
        daily_from=f"{profile.daily_from:%H:%M}",
        daily_to=f"{profile.daily_to:%H:%M}",
        days_off=days_off_of(profile),
        off_from=f"{off.opens:%H:%M}" if off else "",
        off_to=f"{off.closes:%H:%M}" if off else "",
        follows_short_days="yes" if profile.follows_short_days else "",
        purpose_group=profile.purpose_group or "",
        is_urgent="yes" if profile.is_urgent else "",
    )
    caps = {f"cap_{cap.channel_group}_{cap.period}": str(cap.limit) for cap in profile.caps}
    return form, CapsForm(**caps)


def _known(session: Session, name: str) -> Any:
    try:
        return profile_named(session, name)
    except PolicyError as error:
        raise NotFoundError("there is no such profile") from error


def _purpose_named(name: str) -> Purpose:
    if name not in set(Purpose):
        raise NotFoundError("there is no such purpose")
    return Purpose(name)
