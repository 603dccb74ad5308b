"""One person's data for staff: shown with purposes, written to a file, erased.

The search of contacts leads here; the page is named by our own id, so no address in a history says who it is
about. Every look is on record (requirement 55).
"""

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from dispatcher.core.audit import record_action
from dispatcher.delivery.calls.recordings import find_recording, list_recordings
from dispatcher.privacy.again import erase_person
from dispatcher.privacy.errors import ErasureRefusedError
from dispatcher.privacy.export import field_rules, read_rows
from dispatcher.privacy.kinds import in_words
from dispatcher.privacy.register import BY_TABLE
from dispatcher.privacy.subject import find_subject
from dispatcher.web.auth import Controller, Services, SignedIn, Staff, require_csrf
from dispatcher.web.errors import NotFoundError, NotPermittedError
from dispatcher.web.flash import Flash
from dispatcher.web.languages import choose_language
from dispatcher.web.pages.showing import go_on, one_line, refusal, show
from dispatcher.web.person_file import FORMATS, send_person
from reports.words import (
    CHANNELS,
    CONSENT_ACTIONS,
    CONSENT_BASES,
    CONSENT_SOURCES,
    CONTACT_KINDS,
    PURPOSES,
    Language,
    word_for,
)

router = APIRouter(prefix="/persons")

#: What the page shows; the rest is in the export.
SHOWN: Final = ("person", "account", "contact_point", "consent_event")
_CODED: Final = {
    "kind": CONTACT_KINDS,
    "channel": CHANNELS,
    "preferred_channel": CHANNELS,
    "purpose": PURPOSES,
    "action": CONSENT_ACTIONS,
    "basis": CONSENT_BASES,
    "source": CONSENT_SOURCES,
}
_MOMENTS: Final = frozenset({"confirmed_at", "valid_from", "valid_until", "recorded_at"})


def require_administrator(signed_in: Staff) -> SignedIn:
    """The person, if the role may hand out and erase personal data; raises `NotPermittedError`."""
    if not signed_in.member.may_handle_personal_data:
        raise NotPermittedError("only administrators hand out and erase personal data")
    return signed_in


Administrator = Annotated[SignedIn, Depends(require_administrator)]


@router.get("/{person}")
def show_person(request: Request, services: Services, signed_in: Controller, person: UUID) -> Response:
    """What is held about a person, with the purpose beside every field; the look is on record."""
    language, zone = choose_language(request), ZoneInfo(services.settings.time_zone)

    def work(session: Session) -> dict[str, object]:
        subject = find_subject(session, person)
        _record(session, signed_in, person, "person.viewed", services.clock.refresh(session))
        parts = []
        for table in SHOWN:
            held = BY_TABLE[table]
            rules = [rule for rule in field_rules(held, services.settings.retention, language) if rule.kind]
            rows = [_in_words(row, language, zone) for row in read_rows(session, held, subject)]
            parts.append({"table": table, "rules": rules, "rows": rows})
        erased = list(read_rows(session, BY_TABLE["erasure"], subject))
        return {
            "person": person,
            "parts": parts,
            "erased": erased[0] if erased else None,
            "recordings": [
                (one, one.recorded_at.astimezone(zone)) for one in list_recordings(session, person)
            ],
        }

    return show(request, signed_in, "person.html", services.database.run(work))


@router.get("/{person}/recordings/{attempt}")
def hear_recording(services: Services, signed_in: Administrator, person: UUID, attempt: UUID) -> Response:
    """What the person said in a call, as a WAV file; on record."""

    def work(session: Session) -> bytes:
        kept = next((one for one in list_recordings(session, person) if one.attempt_id == attempt), None)
        sealed = find_recording(session, kept.run_id, attempt) if kept else None
        if sealed is None:
            raise NotFoundError("no recording of this call is kept")
        sound = services.recording_seal.open(attempt, sealed)
        record_action(
            session,
            at=services.clock.refresh(session),
            actor=signed_in.member.actor,
            action="recording.heard",
            subject_type="attempt",
            subject_id=attempt,
            after={"person": person},
        )
        return sound

    return Response(
        services.database.run(work),
        media_type="audio/wav",
        headers={
            "Content-Disposition": f'attachment; filename="call-{attempt}.wav"',
            "Cache-Control": "no-store",
        },
    )


@router.post("/{person}/export", dependencies=[Depends(require_csrf)])
def export(
    request: Request,
    services: Services,
    signed_in: Administrator,
    person: UUID,
    form: Annotated[str, Form(max_length=10)] = "json",
) -> Response:
    """Everything held, as a file; on record. The file is removed once it is sent."""
    return send_person(
        services,
        person,
        kind=form if form in FORMATS else "json",
        language=choose_language(request),
        actor=signed_in.member.actor,
    )


@router.get("/{person}/erase")
def confirm_erasure(request: Request, services: Services, signed_in: Administrator, person: UUID) -> Response:
    """Ask first: this cannot be undone."""
    services.database.run(lambda session: find_subject(session, person))
    return show(request, signed_in, "erase.html", {"person": person})


@router.post("/{person}/erase", dependencies=[Depends(require_csrf)])
def erase(
    services: Services,
    signed_in: Administrator,
    person: UUID,
    reason: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Erase the person; says why not when a run still needs the data."""
    path = f"/persons/{person}"
    try:
        done = erase_person(
            services.database,
            person,
            reason=one_line(reason),
            actor=signed_in.member.actor,
            now=services.clock.now,
        )
    except ErasureRefusedError as error:
        return go_on(services, f"{path}/erase", refusal(error))
    return go_on(services, path, Flash("person_erased" if done.is_new else "person_was_erased"))


def _in_words(row: dict[str, Any], language: Language, zone: ZoneInfo) -> dict[str, str]:
    """Values for reading: yes and no, channels and purposes by their words, times to the minute in `zone`."""
    shown = {}
    for name, value in row.items():
        if value is None or value == "":
            shown[name] = "—"
        elif isinstance(value, bool):
            shown[name] = in_words(("да", "так", "yes") if value else ("нет", "ні", "no"), language)
        elif name in _CODED:
            shown[name] = word_for(_CODED[name], str(value), language)
        elif name in _MOMENTS:
            shown[name] = f"{datetime.fromisoformat(value).astimezone(zone):%d.%m.%Y %H:%M}"
        else:
            shown[name] = str(value)
    return shown


def _record(
    session: Session,
    signed_in: SignedIn,
    person: UUID,
    action: str,
    now: datetime,
    after: dict[str, object] | None = None,
) -> None:
    record_action(
        session,
        at=now,
        actor=signed_in.member.actor,
        action=action,
        subject_type="person",
        subject_id=person,
        after=after,
    )
