"""Server-sent events of a run's page: fragments of HTML, each sent only when it has changed.

The format is that of the HTML standard, section 9.2: `event:` and one `data:` line per line of text.
"""

import hashlib
from collections.abc import AsyncIterator, Mapping
from typing import Final
from uuid import UUID

import anyio
from sqlalchemy.exc import SQLAlchemyError

from dispatcher.web.auth import SignedIn
from dispatcher.web.live.hub import LiveHub, Snapshot
from dispatcher.web.rendering import Renderer
from dispatcher.web.services import WebServices
from reports.words import Language

RETRY_MS: Final = 2000  #: after which a browser connects again
#: event → template; the controls hold the viewer's own form token, so they are not shared
SHARED: Final[Mapping[str, str]] = {
    "link": "fragments/link.html",
    "head": "fragments/head.html",
    "live": "fragments/live.html",
}
CONTROLS: Final = "fragments/controls.html"
HEARTBEAT: Final = ": still here\n\n"


class RunStream:
    """What one viewer of one run hears."""

    def __init__(
        self, services: WebServices, renderer: Renderer, signed_in: SignedIn, language: Language
    ) -> None:
        self._services = services
        self._renderer = renderer
        self._signed_in = signed_in
        self._language = language
        self._sent: dict[str, str] = {}

    async def events(self, hub: LiveHub, run: UUID) -> AsyncIterator[str]:
        """The stream; ends when the session has ended, at the latest one heartbeat later."""
        yield f"retry: {RETRY_MS}\n\n"
        watching = hub.watch(run)
        try:
            async for snapshot in watching:
                if snapshot is not None:
                    for event, html in self._fragments(snapshot):
                        yield format_event(event, html)
                elif await self._is_still_signed_in():
                    yield HEARTBEAT
                else:
                    return
        finally:
            await watching.aclose()

    def _fragments(self, snapshot: Snapshot) -> list[tuple[str, str]]:
        fragments = render_fragments(self._renderer, self._language, self._signed_in, snapshot)
        changed = [(event, html) for event, html in fragments.items() if self._sent.get(event) != html]
        self._sent.update(changed)
        return changed

    async def _is_still_signed_in(self) -> bool:
        token = self._signed_in.session_token
        try:
            member = await anyio.to_thread.run_sync(self._services.sign_in.read_session, token)
        except SQLAlchemyError:
            return True  # nobody is sent away because the database is
        return member is not None


def render_fragments(
    renderer: Renderer, language: Language, signed_in: SignedIn, snapshot: Snapshot
) -> dict[str, str]:
    """The parts of a run's page by event; without a first reading only the word that there is none."""
    values = {
        "live": snapshot.live,
        "is_connected": snapshot.is_connected,
        "member": signed_in.member,
        "csrf_token": signed_in.csrf_token,
    }

    def render(template: str) -> str:
        return mark_version(renderer.fragment(template, language, values))

    fragments = {
        event: snapshot.rendered(template, language, lambda: render(template))  # noqa: B023 (called at once)
        for event, template in SHARED.items()
        if snapshot.live is not None or event == "link"
    }
    if snapshot.live is not None:
        fragments["controls"] = render(CONTROLS)
    return fragments


def mark_version(html: str) -> str:
    """The fragment in an element that names its content.

    Our script leaves alone what a page shows already: to replace a button under somebody's finger, or the
    focus of a keyboard, by the very same button would lose the press.
    """
    version = hashlib.sha256(html.encode()).hexdigest()[:16]
    return f'<div data-version="{version}">{html}</div>'


def format_event(event: str, data: str) -> str:
    """One event; every kind of line end starts a new `data:` line."""
    lines = "".join(f"data: {line}\n" for line in data.splitlines() or [""])
    return f"event: {event}\n{lines}\n"
