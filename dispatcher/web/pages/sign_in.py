"""Signing in and out."""

import math
from typing import Annotated, Final

import anyio
from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from dispatcher.core.sign_in import Guess, TooManyGuessesError, WrongPasswordError
from dispatcher.web.auth import (
    FORM_COOKIE,
    SESSION_COOKIE,
    Services,
    Staff,
    is_sign_in_form,
    keep_cookie,
    require_csrf,
    sign_in_form_token,
)
from dispatcher.web.languages import choose_language
from dispatcher.web.rendering import Renderer
from dispatcher.web.services import WebServices

router = APIRouter()

FORM_SECONDS: Final = 3600
#: Each password takes 64 MB and a tenth of a second: more at once would take the server down.
_hashing: Final = anyio.CapacityLimiter(2)


@router.get("/sign-in")
def show_form(request: Request, services: Services) -> Response:
    """The sign-in form."""
    return _form(request, services)


@router.post("/sign-in")
async def sign_in(
    request: Request,
    services: Services,
    login: Annotated[str, Form(max_length=200)] = "",
    password: Annotated[str, Form(max_length=2000)] = "",
    form_token: Annotated[str, Form()] = "",
) -> Response:
    """Open a session. The answer is the same for an unknown login and for a wrong password."""
    if not is_sign_in_form(request, services, form_token):
        return _form(request, services, problem="stale_form", status=403)
    address = request.client.host if request.client else ""
    guess = Guess(login, password, address)
    try:
        token = await anyio.to_thread.run_sync(services.sign_in.sign_in, guess, limiter=_hashing)
    except WrongPasswordError:
        return _form(request, services, problem="wrong_password", status=401)
    except TooManyGuessesError as error:
        minutes = math.ceil(error.wait.total_seconds() / 60)
        return _form(request, services, problem="too_many_guesses", minutes=minutes, status=429)
    response = RedirectResponse("/runs", 303)
    keep_cookie(response, services, SESSION_COOKIE, token, services.settings.web.session_hours * 3600)
    response.delete_cookie(FORM_COOKIE)
    return response


@router.post("/sign-out", dependencies=[Depends(require_csrf)])
def sign_out(services: Services, signed_in: Staff) -> Response:
    """End the session on the server, not only in the browser."""
    services.sign_in.sign_out(signed_in.session_token, signed_in.member)
    response = RedirectResponse("/sign-in", 303)
    response.delete_cookie(SESSION_COOKIE)
    return response


def _form(
    request: Request, services: WebServices, *, problem: str = "", minutes: int = 0, status: int = 200
) -> Response:
    renderer: Renderer = request.app.state.renderer
    nonce, token = sign_in_form_token(request, services)
    language = choose_language(request)
    text = renderer.text(problem, language, minutes=minutes) if problem else ""
    response = renderer.page(request, "sign_in.html", {"form_token": token, "problem": text}, status)
    keep_cookie(response, services, FORM_COOKIE, nonce, FORM_SECONDS)
    return response
