"""The answer to an action, shown once on the next page.

A signed cookie of one minute: it needs no table, cannot be made up by a link, and holds counts only.
"""

from dataclasses import asdict, dataclass
from typing import Final
from uuid import UUID

from fastapi import Request, Response
from itsdangerous import BadSignature, URLSafeTimedSerializer

SECONDS: Final = 60
_COOKIE: Final = "dispatcher_answer"
_SALT: Final = "flash.v1"


@dataclass(frozen=True, slots=True)
class Flash:
    """What came of an action: `answer` is paused, resumed, stopped or refused."""

    answer: str
    left: int = 0
    in_flight: int = 0
    waiting: int = 0


def keep_flash(
    response: Response, secret_key: bytes, run: UUID, flash: Flash, *, is_secure: bool = False
) -> None:
    """Show it on the run's next page."""
    value = URLSafeTimedSerializer(secret_key, salt=_SALT).dumps({"run": run.hex, **asdict(flash)})
    response.set_cookie(
        _COOKIE,
        str(value),
        max_age=SECONDS,
        path=_path(run),
        httponly=True,
        samesite="strict",
        secure=is_secure,
    )


def read_flash(request: Request, secret_key: bytes, run: UUID) -> Flash | None:
    """The answer kept for this run, if there is one and we made it."""
    try:
        values = URLSafeTimedSerializer(secret_key, salt=_SALT).loads(
            request.cookies.get(_COOKIE, ""), max_age=SECONDS
        )
    except BadSignature:
        return None
    return Flash(**values) if values.pop("run") == run.hex else None


def forget_flash(request: Request, response: Response, run: UUID) -> None:
    """Show it no second time."""
    if _COOKIE in request.cookies:
        response.delete_cookie(_COOKIE, path=_path(run))


def _path(run: UUID) -> str:
    return f"/runs/{run}"
