"""Contacts of persons with the ledger of consent: found, looked at now or then, given, withdrawn, confirmed.

Addresses go by forms, never by links; each look at a person is on record. Auditors look too: masked, and they
change nothing.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from channels.port import ChannelKind
from consent.confirmations import (
    Confirmation,
    ConfirmationRequest,
    confirm_by_code,
    list_confirmations,
    request_confirmation,
)
from consent.errors import ConsentError
from consent.ledger import CHANNELS, ConsentEntry, check_purpose
from consent.person_views import PersonView, find_persons
from consent.persons import confirm_contact
from consent.purposes import Purpose
from consent.sources import STATED, Basis
from consent.standing import EVERY_PURPOSE
from dispatcher.bootstrap import require_channel
from dispatcher.core.audit import record_action
from dispatcher.core.errors import DispatcherError
from dispatcher.core.zones import zone
from dispatcher.delivery.statements import ContactLedger, give_for_contact, in_flight_of, read_ledgers
from dispatcher.delivery.withdrawal import stop_person, withdraw_consent
from dispatcher.web.auth import Controller, Services, SignedIn, Staff, require_csrf
from dispatcher.web.errors import NotFoundError
from dispatcher.web.flash import Flash
from dispatcher.web.pages.showing import fault, go_on, one_line, refusal, show
from dispatcher.web.pages.typed import FormFaultError, read_moment
from dispatcher.web.services import WebServices
from dispatcher.web.stale_contact_file import send_stale_contacts
from reports.stale_contacts import LEAST_MONTHS, MOST_MONTHS, USUAL_MONTHS, list_stale_contacts

router = APIRouter(prefix="/contacts")

PATH: Final = "/contacts"
PAGE_SIZE: Final = 50
CHANNEL_KINDS: Final = frozenset(ChannelKind)
_REFUSALS: Final = (ConsentError, FormFaultError)

Months = Annotated[int, Query(ge=LEAST_MONTHS, le=MOST_MONTHS)]
Typed = Annotated[str, Query(max_length=30)]


@dataclass(frozen=True, slots=True)
class StatementForm:
    """What a person said, as it was typed; times are on the company's wall clock."""

    channel: Annotated[str, Form(max_length=10)] = ""
    purpose: Annotated[str, Form(max_length=40)] = ""
    source: Annotated[str, Form(max_length=40)] = ""
    basis: Annotated[str, Form(max_length=40)] = Basis.CONSENT
    reference: Annotated[str, Form(max_length=200)] = ""
    text_version: Annotated[str, Form(max_length=200)] = ""
    valid_from: Annotated[str, Form(max_length=30)] = ""
    valid_until: Annotated[str, Form(max_length=30)] = ""


Said = Annotated[StatementForm, Depends()]


@router.get("")
def show_search(request: Request, signed_in: Staff) -> Response:
    """Whom to look for."""
    return show(request, signed_in, "contacts.html", {"persons": None, "wanted": ""})


@router.post("/search", dependencies=[Depends(require_csrf)])
def search(
    request: Request,
    services: Services,
    signed_in: Staff,
    wanted: Annotated[str, Form(max_length=320)] = "",
) -> Response:
    """Persons with this account, address or id, and their contacts."""

    def work(session: Session) -> list[PersonView]:
        found = find_persons(session, one_line(wanted)) if one_line(wanted) else []
        for one in found:
            _look(session, services, signed_in, "person.viewed", "person", one.id)
        return found

    found = services.database.run(work)
    return show(request, signed_in, "contacts.html", {"persons": found, "wanted": wanted})


@router.get("/stale")
def show_stale(
    request: Request,
    services: Services,
    signed_in: Staff,
    months: Months = USUAL_MONTHS,
    after: Annotated[UUID | None, Query()] = None,
) -> Response:
    """Contacts that nobody has confirmed for so many months."""
    with services.database.transaction() as session:
        now = services.clock.refresh(session)
        found = list_stale_contacts(session, months=months, now=now, limit=PAGE_SIZE + 1, after=after)
        _look(session, services, signed_in, "stale_contacts.viewed", "contact_point", "*")
    values = {
        "contacts": found[:PAGE_SIZE],
        "next": found[PAGE_SIZE - 1].id if len(found) > PAGE_SIZE else None,
        "months": months,
    }
    return show(request, signed_in, "stale_contacts.html", values)


@router.get("/stale/export")
def export_stale(services: Services, signed_in: Controller, months: Months = USUAL_MONTHS) -> Response:
    """All of them as a file."""
    return send_stale_contacts(services, months=months, actor=signed_in.member.actor)


@router.get("/{contact}")
def show_contact(
    request: Request,
    services: Services,
    signed_in: Staff,
    contact: UUID,
    at: Typed = "",
    known_at: Typed = "",
) -> Response:
    """The ledger of one contact: every entry, and what they permit now or at a moment."""
    return _page(request, services, signed_in, contact, at=at, known_at=known_at)


@router.post("/{contact}/give", dependencies=[Depends(require_csrf)])
def give(request: Request, services: Services, signed_in: Controller, contact: UUID, said: Said) -> Response:
    """Record that the person agreed."""

    def work(session: Session) -> None:
        entry = ConsentEntry(
            said.channel,
            said.purpose,
            "given",
            source=said.source,
            recorded_by=signed_in.member.actor,
            basis=said.basis,
            source_reference=one_line(said.reference) or None,
            text_version=one_line(said.text_version) or None,
            valid_from=_moment(services, said.valid_from),
            valid_until=_moment(services, said.valid_until),
        )
        give_for_contact(session, contact, entry, now=services.clock.refresh(session))

    try:
        services.database.run(work)
    except _REFUSALS as error:
        return _page(request, services, signed_in, contact, said=said, problem=error)
    return go_on(services, f"{PATH}/{contact}", Flash("consent_given"))


@router.post("/{contact}/withdraw", dependencies=[Depends(require_csrf)])
def withdraw(
    request: Request, services: Services, signed_in: Controller, contact: UUID, said: Said
) -> Response:
    """Record that the person took it back; says what was in flight."""

    def work(session: Session) -> int:
        check_purpose(said.purpose)
        return withdraw_consent(
            session,
            contact,
            channel=said.channel,
            purpose=said.purpose,
            source=said.source,
            source_reference=one_line(said.reference) or None,
            recorded_by=signed_in.member.actor,
            valid_from=_moment(services, said.valid_from),
            now=services.clock.refresh(session),
        ).in_flight

    try:
        in_flight = services.database.run(work)
    except _REFUSALS as error:
        return _page(request, services, signed_in, contact, said=said, problem=error)
    return go_on(services, f"{PATH}/{contact}", Flash("consent_withdrawn", in_flight=in_flight))


@router.post("/{contact}/stop", dependencies=[Depends(require_csrf)])
def stop(
    services: Services,
    signed_in: Controller,
    contact: UUID,
    source: Annotated[str, Form(max_length=40)] = "staff",
    reference: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Stop everything for the person: every address, every channel, every purpose."""

    def work(session: Session) -> int:
        now = services.clock.refresh(session)
        found = read_ledgers(session, [contact], at=now)
        if not found:
            raise NotFoundError("there is no such contact")
        done = stop_person(
            session,
            found[0].person_id,
            source=source,
            source_reference=one_line(reference) or None,
            recorded_by=signed_in.member.actor,
            now=now,
        )
        return in_flight_of(done)

    try:
        in_flight = services.database.run(work)
    except ConsentError as error:
        return go_on(services, f"{PATH}/{contact}", refusal(error))
    return go_on(services, f"{PATH}/{contact}", Flash("consent_stopped", in_flight=in_flight))


@router.post("/{contact}/ask", dependencies=[Depends(require_csrf)])
def ask(request: Request, services: Services, signed_in: Controller, contact: UUID, said: Said) -> Response:
    """Ask the person to prove the address by a link or a code (double opt-in)."""

    def work(session: Session) -> None:
        require_channel(services.settings, said.channel if said.channel in CHANNEL_KINDS else "email")
        wanted = ConfirmationRequest(
            contact,
            said.channel,
            [said.purpose],
            source=said.source,
            reference=one_line(said.reference),
            requested_by=signed_in.member.actor,
            basis=said.basis,
            text_version=one_line(said.text_version) or None,
        )
        request_confirmation(session, wanted, services.clock.refresh(session))

    try:
        services.database.run(work)
    except _REFUSALS as error:
        return _page(request, services, signed_in, contact, said=said, problem=error)
    return go_on(services, f"{PATH}/{contact}", Flash("confirmation_asked"))


@router.post("/{contact}/code", dependencies=[Depends(require_csrf)])
def check_code(
    services: Services,
    signed_in: Controller,
    contact: UUID,
    confirmation: Annotated[UUID, Form()],
    told: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """The person told the code of the SMS."""
    proof = services.database.run(
        lambda session: confirm_by_code(
            session,
            services.confirmation_tokens,
            confirmation,
            one_line(told),
            recorded_by=signed_in.member.actor,
            now=services.clock.refresh(session),
        )
    )
    return go_on(services, f"{PATH}/{contact}", Flash(f"proof_{proof}"))


@router.post("/{contact}/confirm", dependencies=[Depends(require_csrf)])
def confirm(services: Services, signed_in: Controller, contact: UUID) -> Response:
    """The person confirmed this contact to staff (requirement 53)."""
    services.database.run(
        lambda session: confirm_contact(
            session, contact, actor=signed_in.member.actor, now=services.clock.refresh(session)
        )
    )
    return go_on(services, f"{PATH}/{contact}", Flash("contact_confirmed"))


def _moment(services: WebServices, typed: str) -> datetime | None:
    return read_moment(typed, zone(services.settings.time_zone)) if typed.strip() else None


def _look(
    session: Session, services: WebServices, signed_in: SignedIn, action: str, kind: str, subject: object
) -> None:
    record_action(
        session,
        at=services.clock.refresh(session),
        actor=signed_in.member.actor,
        action=action,
        subject_type=kind,
        subject_id=subject,
    )


def _page(
    request: Request,
    services: WebServices,
    signed_in: SignedIn,
    contact: UUID,
    *,
    at: str = "",
    known_at: str = "",
    said: StatementForm | None = None,
    problem: DispatcherError | None = None,
) -> Response:
    def read(session: Session) -> tuple[ContactLedger, PersonView, list[Confirmation]]:
        now = services.clock.refresh(session)
        moments = (_moment(services, at) or now, _moment(services, known_at))
        found = read_ledgers(session, [contact], at=moments[0], known_at=moments[1])
        if not found:
            raise NotFoundError("there is no such contact")
        [person] = find_persons(session, str(found[0].person_id))
        _look(session, services, signed_in, "contact.viewed", "contact_point", contact)
        return found[0], person, list_confirmations(session, contact)

    try:
        ledger, person, confirmations = services.database.run(read)
    except FormFaultError as error:
        return _page(request, services, signed_in, contact, problem=error)
    values = {
        "ledger": ledger,
        "person": person,
        "contact": next(one for one in person.contacts if one.id == contact),
        "channels": CHANNELS[ledger.kind],
        "standings": {(one.channel, one.purpose): one for one in ledger.standings},
        "purposes": list(Purpose),
        "every": EVERY_PURPOSE,
        "sources": STATED,
        "bases": list(Basis),
        "at": at,
        "known_at": known_at,
        "said": said or StatementForm(),
        "confirmations": confirmations,
        "problem": fault(request, problem) if problem else "",
    }
    return show(request, signed_in, "contact.html", values, 422 if problem else 200)
