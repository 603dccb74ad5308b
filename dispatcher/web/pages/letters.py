"""Texts of notices: their versions, what a version says, a preview with any recipient, a check of a list."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, Path, Query, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from campaigns.catalogue import BUILTIN
from campaigns.errors import CampaignError
from campaigns.preview import (
    Preview,
    PreviewRequest,
    check_list,
    preview_template,
)
from channels.port import Envelope
from channels.voice.errors import SpeechError
from channels.voice.speech.wav import write_wav
from dispatcher.core.errors import DispatcherError
from dispatcher.web.auth import Controller, Services, SignedIn, Staff, require_csrf
from dispatcher.web.errors import NotFoundError
from dispatcher.web.pages.campaign_fields import common_fields_of, typed_common_fields
from dispatcher.web.pages.showing import LETTER_POLICY, SOUND_POLICY, fault, one_line, show
from dispatcher.web.pages.typed import FormFaultError, read_number
from dispatcher.web.services import WebServices
from reports.lists import list_ready_names
from reports.words import LANGUAGES
from templates.bundled import builtin_template, channel_of, is_bundled, scenario_of, text_name
from templates.errors import TemplateError, UnknownBuiltinError, UnknownTemplateError
from templates.field_check import FieldReport
from templates.rendering import TemplateText
from templates.repository import TemplateVersionView, list_versions
from templates.service import compare_versions, read_version

router = APIRouter(prefix="/templates")

MOST_LISTS: Final = 200
MOST_POSITION: Final = 1_000_000
_REFUSALS: Final = (TemplateError, CampaignError, FormFaultError)

Name = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Version = Annotated[int | None, Query(ge=1, le=2**31 - 1)]


@dataclass(frozen=True, slots=True)
class PlainTrial:
    """With whom a text is tried, as it was typed."""

    list_name: Annotated[str, Form(max_length=100)] = ""
    account: Annotated[str, Form(max_length=100)] = ""
    position: Annotated[str, Form(max_length=9)] = ""
    language: Annotated[str, Form(max_length=2)] = ""
    version: Annotated[str, Form(max_length=9)] = ""


@dataclass(frozen=True, slots=True)
class TrialForm(PlainTrial):
    """The same with what a campaign would give to all recipients."""

    common: Mapping[str, str] = field(default_factory=dict)


def filled(
    plain: Annotated[PlainTrial, Depends()],
    common: Annotated[dict[str, str], Depends(typed_common_fields)],
) -> TrialForm:
    """The form as it was sent."""
    return TrialForm(**{one.name: getattr(plain, one.name) for one in fields(plain)}, common=common)


Trial = Annotated[TrialForm, Depends(filled)]


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a trial: a letter, or a report about a list."""

    preview: Preview | None = None
    html: str | None = None
    sound: str | None = None  #: as a `data:` address; it goes out with the page, so nothing personal stays
    report: FieldReport | None = None


@router.get("")
def show_templates(request: Request, services: Services, signed_in: Staff) -> Response:
    """Every text by name and language: its newest version, or the built-in text."""
    found = services.database.run(list_versions)
    newest: dict[tuple[str, str], TemplateVersionView] = {}
    for one in found:
        newest.setdefault((one.name, one.language), one)
    own = {text_name(name, channel) for name in BUILTIN for channel in ("sms", "voice")}
    names = sorted({name for name, _ in newest} | set(BUILTIN) | set(filter(is_bundled, own)))
    rows = [
        {"name": name, "languages": [(language, newest.get((name, language))) for language in LANGUAGES]}
        for name in names
    ]
    return show(request, signed_in, "letters.html", {"rows": rows})


@router.get("/{name}")
def show_template(
    request: Request,
    services: Services,
    signed_in: Staff,
    name: Name,
    language: Annotated[str, Query(pattern="^(ru|uk|en)$")] = "ru",
    version: Version = None,
    other: Version = None,
) -> Response:
    """One text with its versions; with `other` also what differs from that version."""
    return _page(request, services, signed_in, name, language, version, other=other)


@router.post("/{name}/preview", dependencies=[Depends(require_csrf)])
def preview(
    request: Request, services: Services, signed_in: Controller, name: Name, trial: Trial
) -> Response:
    """The letter that a recipient would get. Nothing is sent; the look is on record."""
    try:
        found = _preview(services, signed_in, name, trial)
    except _REFUSALS as error:
        return _page(request, services, signed_in, name, trial=trial, problem=error)
    tried = Tried(preview=found, html=with_pictures(found.envelope))
    return _page(request, services, signed_in, name, found.language, found.version, trial=trial, tried=tried)


@router.post("/{name}/sound", dependencies=[Depends(require_csrf)])
def listen(request: Request, services: Services, signed_in: Controller, name: Name, trial: Trial) -> Response:
    """The call that a recipient would get, as sound. Nobody is called; the look is on record."""
    try:
        found = _preview(services, signed_in, name, trial)
        if found.envelope.call is None:
            raise CampaignError("only a call can be heard", code="no_call")
        sound = services.script_reader.read(found.envelope.call)
    except (*_REFUSALS, SpeechError) as error:
        return _page(request, services, signed_in, name, trial=trial, problem=error)
    tried = Tried(preview=found, sound=_data_address(write_wav(sound), "audio/wav"))
    return _page(request, services, signed_in, name, found.language, found.version, trial=trial, tried=tried)


def _preview(services: WebServices, signed_in: SignedIn, name: str, trial: TrialForm) -> Preview:
    """Raises what `preview_template` does."""

    def work(session: Session) -> Preview:
        position = read_number(trial.position, 1, MOST_POSITION)
        account = one_line(trial.account) or None
        wanted = PreviewRequest(
            name,
            one_line(trial.list_name),
            account,
            None if account else position,
            _language(trial),
            read_number(trial.version, 1, 2**31 - 1),
            common_fields=trial.common,
            links_work=False,
        )
        renderer = services.dry_run_tools(session).renderer
        now = services.clock.refresh(session)
        return preview_template(session, renderer, wanted, actor=signed_in.member.actor, now=now)

    return services.database.run(work)


@router.post("/{name}/check", dependencies=[Depends(require_csrf)])
def check(request: Request, services: Services, signed_in: Controller, name: Name, trial: Trial) -> Response:
    """Which fields a list lacks for the text, and for how many recipients one is empty."""
    try:
        language = _language(trial) or "ru"
        report = services.database.run(
            lambda session: check_list(
                session, name, one_line(trial.list_name), language=language, common_fields=trial.common
            )
        )
    except _REFUSALS as error:
        return _page(request, services, signed_in, name, trial=trial, problem=error)
    return _page(request, services, signed_in, name, language, trial=trial, tried=Tried(report=report))


def with_pictures(envelope: Envelope) -> str | None:
    """The HTML for a browser, which cannot look into the letter for `cid:…`."""
    page = envelope.html
    for one in envelope.attachments if page is not None else ():
        if one.content_id is not None and page is not None:
            page = page.replace(f"cid:{one.content_id}", _data_address(one.content, one.content_type))
    return page


def _data_address(content: bytes, content_type: str) -> str:
    return f"data:{content_type};base64,{base64.b64encode(content).decode('ascii')}"


def _language(trial: TrialForm) -> str | None:
    if trial.language and trial.language not in LANGUAGES:
        raise FormFaultError("no such language", code="choice")
    return trial.language or None


def _page(
    request: Request,
    services: WebServices,
    signed_in: SignedIn,
    name: str,
    language: str = "ru",
    version: int | None = None,
    *,
    other: int | None = None,
    trial: TrialForm | None = None,
    tried: Tried | None = None,
    problem: DispatcherError | None = None,
) -> Response:
    def read(session: Session) -> dict[str, Any]:
        view, texts = _texts(session, name, language, version)
        return {
            "view": view,
            "texts": texts,
            "versions": list_versions(session, name, language),
            "difference": _difference(session, name, language, other, view),
            "lists": list_ready_names(session, limit=MOST_LISTS),
        }

    values = {
        **services.database.run(read),
        "name": name,
        "channel": channel_of(name),
        "text_language": language,
        "text_languages": LANGUAGES,
        "other": other,
        "trial": trial or TrialForm(),
        "common_fields": common_fields_of(scenario_of(name)),
        "tried": tried,
        "problem": fault(request, problem) if problem else "",
    }
    policy = SOUND_POLICY if tried and tried.sound else LETTER_POLICY
    return show(request, signed_in, "letter.html", values, 422 if problem else 200, policy)


def _texts(
    session: Session, name: str, language: str, version: int | None
) -> tuple[TemplateVersionView | None, TemplateText]:
    """A version, else the built-in text that no campaign has used yet; raises `NotFoundError`."""
    try:
        view = read_version(session, name, language, version)
    except UnknownTemplateError as unknown:
        if version is not None:
            raise NotFoundError("there is no such version") from unknown
        try:
            return None, builtin_template(name, language)
        except UnknownBuiltinError as error:
            raise NotFoundError("there is no such template") from error
    return view, view.texts


def _difference(
    session: Session, name: str, language: str, other: int | None, view: TemplateVersionView | None
) -> str | None:
    if other is None or view is None:
        return None
    try:
        return compare_versions(session, name, language, min(other, view.version), max(other, view.version))
    except UnknownTemplateError as error:
        raise NotFoundError("there is no such version") from error
