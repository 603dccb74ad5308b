"""Who asks: sessions, roles and the tokens of forms.

The session cookie holds a random token; the server keeps its hash and may revoke it. Each form carries a
token bound to the session, so that no other site can post for a person who is signed in; the sign-in form,
which has no session yet, is bound to a random cookie instead (double submit, signed).
"""

import hmac
import secrets
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, Form, Request, Response

from dispatcher.core.sign_in import hash_token
from dispatcher.core.staff import StaffMember
from dispatcher.web.errors import ForgedFormError, NotPermittedError, NotSignedInError
from dispatcher.web.services import WebServices

SESSION_COOKIE: Final = "dispatcher_session"
FORM_COOKIE: Final = "dispatcher_form"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person with a valid session, and the token that this session's forms carry."""

    member: StaffMember
    session_token: str
    csrf_token: str


def services_of(request: Request) -> WebServices:
    """What the application was built from."""
    services: WebServices = request.app.state.services
    return services


Services = Annotated[WebServices, Depends(services_of)]


def require_staff(request: Request, services: Services) -> SignedIn:
    """The person who is signed in; raises `NotSignedInError`."""
    token = request.cookies.get(SESSION_COOKIE, "")
    member = services.sign_in.read_session(token) if token else None
    if member is None:
        raise NotSignedInError("sign in first")
    return SignedIn(member, token, form_token(services.secret_key, session_binding(token)))


Staff = Annotated[SignedIn, Depends(require_staff)]


def require_csrf(signed_in: Staff, services: Services, csrf_token: Annotated[str, Form()] = "") -> None:
    """Raise `ForgedFormError` unless the form was made for this very session."""
    if not is_form_token(csrf_token, services.secret_key, session_binding(signed_in.session_token)):
        raise ForgedFormError("the form was not made for this session")


def require_control(signed_in: Staff) -> SignedIn:
    """The person, if the role permits to pause, resume and stop; raises `NotPermittedError`."""
    if not signed_in.member.may_control_runs:
        raise NotPermittedError("this role may only look")
    return signed_in


Controller = Annotated[SignedIn, Depends(require_control)]


def require_rules(signed_in: Staff) -> SignedIn:
    """The person, if the role permits to change policies and the calendar; raises `NotPermittedError`."""
    if not signed_in.member.may_change_rules:
        raise NotPermittedError("this role may only look")
    return signed_in


RuleKeeper = Annotated[SignedIn, Depends(require_rules)]


def form_token(secret_key: bytes, bound_to: bytes) -> str:
    """The token of a form that only the holder of `bound_to` can have been given."""
    key = hmac.digest(secret_key, b"form.v1", "sha256")
    return hmac.digest(key, bound_to, "sha256").hex()


def is_form_token(token: str, secret_key: bytes, bound_to: bytes) -> bool:
    """Whether the token belongs to `bound_to`; compared in constant time."""
    return hmac.compare_digest(token.encode(), form_token(secret_key, bound_to).encode())


def sign_in_form_token(request: Request, services: WebServices) -> tuple[str, str]:
    """The random value of the cookie and the token of the sign-in form bound to it."""
    nonce = request.cookies.get(FORM_COOKIE) or secrets.token_urlsafe(16)
    return nonce, form_token(services.secret_key, b"sign-in:" + nonce.encode())


def is_sign_in_form(request: Request, services: WebServices, token: str) -> bool:
    """Whether the sign-in form was given to this very browser."""
    nonce = request.cookies.get(FORM_COOKIE, "")
    return bool(nonce) and is_form_token(token, services.secret_key, b"sign-in:" + nonce.encode())


def keep_cookie(response: Response, services: WebServices, name: str, value: str, seconds: int) -> None:
    """Set a cookie that no script can read and no other site's form sends along."""
    response.set_cookie(
        name,
        value,
        max_age=seconds,
        httponly=True,
        samesite="lax",
        secure=services.settings.web.secure_cookies,
    )


def session_binding(token: str) -> bytes:
    """What the form tokens of this session are bound to."""
    return b"session:" + hash_token(token)
