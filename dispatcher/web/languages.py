"""Which language a person reads: `?lang=`, then the cookie of an earlier choice, then the browser's wish."""

from typing import Final

from fastapi import Request, Response

from reports.words import LANGUAGES, Language

COOKIE: Final = "lang"
DEFAULT: Final[Language] = "ru"
_COOKIE_SECONDS: Final = 365 * 24 * 3600


def choose_language(request: Request) -> Language:
    """The language of the answer."""
    for named in (request.query_params.get("lang"), request.cookies.get(COOKIE)):
        known = _known(named)
        if known is not None:
            return known
    return _wished(request.headers.get("accept-language", ""))


def remember_language(request: Request, response: Response) -> None:
    """Keep what `?lang=` said for the next pages."""
    named = _known(request.query_params.get("lang"))
    if named is not None and request.cookies.get(COOKIE) != named:
        response.set_cookie(COOKIE, named, max_age=_COOKIE_SECONDS, httponly=True, samesite="lax")


def _wished(accept_language: str) -> Language:
    """The best of the header that we speak (RFC 9110, 12.5.4)."""
    wishes: list[tuple[float, Language]] = []
    for part in accept_language[:200].split(","):
        tag, _, quality = part.partition(";")
        known = _known(tag.strip().lower().split("-")[0])
        weight = _weight(quality)
        if known is not None and weight > 0:
            wishes.append((weight, known))
    return max(wishes, key=lambda wish: wish[0])[1] if wishes else DEFAULT


def _weight(quality: str) -> float:
    name, _, value = quality.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


def _known(named: str | None) -> Language | None:
    return next((language for language in LANGUAGES if language == named), None)
