"""The pages behind the link of a message: no sign-in, no cookie, the token is the authority (RFC 8058).

A GET changes nothing, since scanners and previews follow links. A POST to the link itself withdraws what it
names, whether a mail program sent it in one click or a person pressed the button; the body only tells which.
Everything else that the page offers carries the token of the form, which only the page itself can have given.
No page shows whose wishes they are: links get forwarded (requirements 51 and 52).
"""

from collections.abc import Callable
from typing import Final
from urllib.parse import urlencode

import structlog
from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from consent.errors import UnknownContactError
from consent.sources import Source
from consent.unsubscribe import BadLinkError, UnsubscribeLink
from consent.wishes import Wish, read_contacts, read_wishes
from dispatcher.delivery.wishes import WishKey, apply_wishes, stop_everything, stop_kind
from dispatcher.web.auth import Services, form_token, is_form_token
from dispatcher.web.languages import choose_language
from dispatcher.web.public.link_limits import WINDOW_SECONDS
from dispatcher.web.services import WebServices

router = APIRouter()
log = structlog.get_logger(__name__)

#: Names the words by which a person agrees on the page (`wishes_agree`): a new wording, a new name.
TEXT_VERSION: Final = "wishes-page.1"
MAX_FIELDS: Final = 200
ALL: Final = "all"
KIND: Final = "kind"
WISHES: Final = "wishes"
SAME: Final = "same"
AGAIN: Final = "again"
STALE: Final = "stale"
SAID: Final = frozenset({ALL, KIND, WISHES, SAME, AGAIN, STALE})


@router.get("/u/{token}")
def show(request: Request, services: Services, token: str) -> Response:
    """What can be switched off and on. Changes nothing."""
    try:
        link = services.unsubscribe_tokens.read(token)
    except BadLinkError:
        return _bad_link(request)
    said = request.query_params.get("said", "")
    return _wishes_page(request, services, token, link, said if said in SAID else "")


@router.post("/u/{token}")
async def withdraw(request: Request, services: Services, token: str) -> Response:
    """Withdraw what the link names: one click of a mail program, or the first button of the page."""
    # However the program sent it (form, multipart, no type at all), these words stand in the body.
    is_one_click = b"One-Click" in await request.body()
    source = Source.ONE_CLICK if is_one_click else Source.UNSUBSCRIBE_PAGE

    def work(session: Session, link: UnsubscribeLink) -> str:
        now = services.clock.refresh(session)
        return KIND if stop_kind(session, link, source=source, now=now) else SAME

    return await _change(request, services, token, work)


@router.post("/u/{token}/all")
async def withdraw_everything(request: Request, services: Services, token: str) -> Response:
    """Withdraw everything, over every channel and every address of the person."""

    def work(session: Session, link: UnsubscribeLink) -> str:
        return ALL if stop_everything(session, link, now=services.clock.refresh(session)) else SAME

    return await _change(request, services, token, work, needs_form=True)


@router.post("/u/{token}/again")
async def give_again(request: Request, services: Services, token: str) -> Response:
    """The person agrees to what the link names, here and now: the way back from a slip."""

    def work(session: Session, link: UnsubscribeLink) -> str:
        wanted = {(link.channel, link.purpose): True}
        return AGAIN if _apply(request, services, session, link, wanted) else SAME

    return await _change(request, services, token, work, needs_form=True)


@router.post("/u/{token}/wishes")
async def save_wishes(request: Request, services: Services, token: str) -> Response:
    """Make every wish that the page showed as it is ticked now."""
    form = await request.form(max_fields=MAX_FIELDS, max_files=0)
    shown = [str(one) for one in form.getlist("shown")]
    ticked = {str(one) for one in form.getlist("wish")}
    wanted = {key: one in ticked for one in shown if (key := _wish_key(one)) is not None}

    def work(session: Session, link: UnsubscribeLink) -> str:
        return WISHES if _apply(request, services, session, link, wanted) else SAME

    return await _change(request, services, token, work, needs_form=True)


def _apply(
    request: Request,
    services: WebServices,
    session: Session,
    link: UnsubscribeLink,
    wanted: dict[WishKey, bool],
) -> int:
    contacts = read_contacts(session, link.contact_point_id)
    now = services.clock.refresh(session)
    if contacts is None:
        raise UnknownContactError("there is no such contact point: it may have been removed")
    # Only what the page offers: nobody writes purposes of their own into the ledger.
    offered = {(wish.channel, wish.purpose) for wish in read_wishes(session, link, contacts, now)}
    kept = {key: is_wanted for key, is_wanted in wanted.items() if key in offered}
    version = f"{TEXT_VERSION}.{choose_language(request)}"
    return apply_wishes(session, link, kept, text_version=version, now=now)


async def _change(
    request: Request,
    services: WebServices,
    token: str,
    work: Callable[[Session, UnsubscribeLink], str],
    *,
    needs_form: bool = False,
) -> Response:
    try:
        link = services.unsubscribe_tokens.read(token)
    except BadLinkError:
        return _bad_link(request)
    if not request.app.state.link_limits.may_press(token):
        headers = {"Retry-After": str(int(WINDOW_SECONDS))}
        return _page(request, {"is_bad": False, "is_busy": True, "said": ""}, 429, headers)
    if needs_form and not await _is_our_form(request, services, token):
        return _back_to(request, token, STALE)
    try:
        said = await run_in_threadpool(lambda: services.database.run(lambda session: work(session, link)))
    except UnknownContactError:
        # Signed by us, but the address is gone: nothing is sent to it any more.
        said = SAME
    log.info("web.wishes_changed", contact_point_id=str(link.contact_point_id), said=said)
    if needs_form:
        return _back_to(request, token, said)
    # RFC 8058 3.2: no redirect for the one click.
    return await run_in_threadpool(_wishes_page, request, services, token, link, said)


async def _is_our_form(request: Request, services: WebServices, token: str) -> bool:
    form = await request.form(max_fields=MAX_FIELDS, max_files=0)
    return is_form_token(str(form.get("form", "")), services.secret_key, _binding(token))


def _binding(token: str) -> bytes:
    return b"wishes:" + token.encode()


def _wish_key(said: str) -> WishKey | None:
    channel, _, purpose = said[:100].partition(":")
    return (channel, purpose) if channel and purpose else None


def _back_to(request: Request, token: str, said: str) -> Response:
    query = {"said": said}
    if "lang" in request.query_params:
        query["lang"] = choose_language(request)
    return RedirectResponse(f"/u/{token}?{urlencode(query)}", 303)


def _wishes_page(
    request: Request, services: WebServices, token: str, link: UnsubscribeLink, said: str
) -> Response:
    wishes = services.database.run(lambda session: _wishes(services, session, link))
    own = next((one for one in wishes if (one.channel, one.purpose) == (link.channel, link.purpose)), None)
    values = {
        "is_bad": False,
        "is_busy": False,
        "link": link,
        "path": f"/u/{token}",
        "form": form_token(services.secret_key, _binding(token)),
        "said": said,
        "own": own,
        "purposes": list(dict.fromkeys(wish.purpose for wish in wishes)),
        "wishes": wishes,
        "is_anything_on": any(wish.is_on for wish in wishes),
        "is_all_mine": all(wish.may_be_given for wish in wishes),
    }
    return _page(request, values)


def _wishes(services: WebServices, session: Session, link: UnsubscribeLink) -> list[Wish]:
    contacts = read_contacts(session, link.contact_point_id)
    if contacts is None:
        return []
    return read_wishes(session, link, contacts, services.clock.refresh(session))


def _page(
    request: Request, values: dict[str, object], status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    return request.app.state.renderer.page(  # type: ignore[no-any-return]
        request, "unsubscribe.html", values, status, headers, remembers_language=False
    )


def _bad_link(request: Request) -> Response:
    return _page(request, {"is_bad": True, "is_busy": False, "said": ""}, 404)
