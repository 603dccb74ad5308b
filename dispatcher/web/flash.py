"""The answer to an action, shown once on the next page.

A signed cookie of one minute: it needs no table, cannot be made up by a link, and holds counts and codes
only.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from fastapi import Request, Response
from itsdangerous import BadSignature, URLSafeTimedSerializer

SECONDS: Final = 60
REFUSED: Final = "refused"
_COOKIE: Final = "dispatcher_answer"
_SALT: Final = "flash.v2"


@dataclass(frozen=True, slots=True)
class Flash:
    """What came of an action: `answer` names a text; `code` and `facts` say why it was refused."""

    answer: str
    left: int = 0
    in_flight: int = 0
    waiting: int = 0
    code: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


def keep_flash(
    response: Response, secret_key: bytes, path: str, flash: Flash, *, is_secure: bool = False
) -> None:
    """Show it on the next page at this path."""
    value = URLSafeTimedSerializer(secret_key, salt=_SALT).dumps({"path": path, **asdict(flash)})
    response.set_cookie(
        _COOKIE,
        str(value),
        max_age=SECONDS,
        path=path,
        httponly=True,
        samesite="strict",
        secure=is_secure,
    )


def read_flash(request: Request, secret_key: bytes, path: str) -> Flash | None:
    """The answer kept for this path, if there is one and we made it."""
    try:
        values = URLSafeTimedSerializer(secret_key, salt=_SALT).loads(
            request.cookies.get(_COOKIE, ""), max_age=SECONDS
        )
    except BadSignature:
        return None
    return Flash(**values) if values.pop("path") == path else None


def forget_flash(request: Request, response: Response, path: str) -> None:
    """Show it no second time."""
    if _COOKIE in request.cookies:
        response.delete_cookie(_COOKIE, path=path)
