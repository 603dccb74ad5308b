"""What every signed-in page shares: showing a template to the person, words in the person's language."""

from collections.abc import Mapping
from typing import Any, Final

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from dispatcher.core.errors import DispatcherError
from dispatcher.web.auth import SignedIn
from dispatcher.web.faults import fault_code, fault_in_words, worded
from dispatcher.web.flash import REFUSED, Flash, forget_flash, keep_flash, read_flash
from dispatcher.web.guards import STRICT_POLICY
from dispatcher.web.languages import choose_language
from dispatcher.web.rendering import Renderer
from dispatcher.web.services import WebServices
from reports.returns import read_alarms

#: For pages that show letters in frames: a letter's styles stand in its tags. The frame itself is
#: sandboxed without any right, so what the letter holds can neither run nor load anything.
LETTER_POLICY: Final = {"Content-Security-Policy": f"{STRICT_POLICY}; style-src-attr 'unsafe-inline'"}

#: The same beside a player whose sound stands in the page itself: it was made for one look only.
SOUND_POLICY: Final = {name: f"{policy}; media-src data:" for name, policy in LETTER_POLICY.items()}


def show(
    request: Request,
    signed_in: SignedIn,
    template: str,
    values: Mapping[str, Any],
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A page for the person who is signed in, with the answer to what the person did just before."""
    renderer: Renderer = request.app.state.renderer
    services: WebServices = request.app.state.services
    path = request.url.path
    flash = read_flash(request, services.secret_key, path)
    shown = {
        "alarms": services.database.run(read_alarms) if status == 200 else None,
        "member": signed_in.member,
        "csrf_token": signed_in.csrf_token,
        "flash": flash,
        "flash_words": _answer(request, flash) if flash else "",
    }
    response = renderer.page(request, template, {**shown, **values}, status, headers)
    forget_flash(request, response, path)
    return response


def go_on(services: WebServices, path: str, flash: Flash) -> Response:
    """After a change: to a page that shows what came of it."""
    response = RedirectResponse(path, 303)
    is_secure = services.settings.web.secure_cookies
    keep_flash(response, services.secret_key, path, flash, is_secure=is_secure)
    return response


def refusal(error: DispatcherError) -> Flash:
    """The answer to what was refused."""
    # Words in all languages stay together, for the page to choose from.
    facts = {
        name: list(value) if isinstance(value, tuple) else str(value) for name, value in error.facts.items()
    }
    return Flash(REFUSED, code=fault_code(error), facts=facts)


def _answer(request: Request, flash: Flash) -> str:
    if flash.code:
        return worded(flash.code, flash.facts, choose_language(request))
    return say(request, f"answer_{flash.answer}")


def say(request: Request, key: str, **values: object) -> str:
    """One text of the catalogue in the reader's language."""
    renderer: Renderer = request.app.state.renderer
    return renderer.text(key, choose_language(request), **values)


def fault(request: Request, error: DispatcherError) -> str:
    """An error in the reader's language."""
    return fault_in_words(error, choose_language(request))


def one_line(typed: str) -> str:
    """What was typed, as one line: signs that no line has become spaces (PostgreSQL keeps no NUL)."""
    return "".join(sign if sign.isprintable() else " " for sign in typed).strip()
