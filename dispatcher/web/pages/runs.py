"""The list of runs, the page of one run and its stream of live figures."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse
from markupsafe import Markup

from dispatcher.web.auth import Services, Staff
from dispatcher.web.languages import choose_language
from dispatcher.web.live.hub import Snapshot
from dispatcher.web.live.stream import RunStream, render_fragments
from dispatcher.web.pages.showing import show
from dispatcher.web.rendering import Renderer
from dispatcher.web.services import load_run
from reports.live import list_runs

router = APIRouter()

PAGE_SIZE: Final = 20


@router.get("/")
def start(_signed_in: Staff) -> Response:
    """The start page is the list of runs."""
    return RedirectResponse("/runs", 303)


@router.get("/runs")
def show_runs(
    request: Request, services: Services, signed_in: Staff, before: Annotated[UUID | None, Query()] = None
) -> Response:
    """The newest runs first, by keyset."""
    with services.database.transaction() as session:
        found = list_runs(session, limit=PAGE_SIZE + 1, before=before)
    runs = found[:PAGE_SIZE]
    values = {
        "runs": runs,
        "older": runs[-1].id if len(found) > PAGE_SIZE else None,
        "is_first": before is None,
    }
    return show(request, signed_in, "runs.html", values)


@router.get("/runs/{run}")
def show_run(request: Request, services: Services, signed_in: Staff, run: UUID) -> Response:
    """One run. Readable as it is; with scripts it keeps itself up to date."""
    renderer: Renderer = request.app.state.renderer
    live = load_run(services, run)
    snapshot = Snapshot(live, is_connected=True)
    fragments = render_fragments(renderer, choose_language(request), signed_in, snapshot)
    values = {
        "facts": live.facts,
        "fragments": {event: Markup(html) for event, html in fragments.items()},  # noqa: S704 (our templates)
    }
    return show(request, signed_in, "run.html", values)


@router.get("/runs/{run}/events")
def stream_run(request: Request, services: Services, signed_in: Staff, run: UUID) -> Response:
    """The live figures by server-sent events; raises `UnknownRunError`."""
    load_run(services, run)
    state = request.app.state
    stream = RunStream(services, state.renderer, signed_in, choose_language(request))
    return StreamingResponse(
        stream.events(state.live, run),
        media_type="text/event-stream",
        headers={"X-Accel-Buffering": "no"},
    )
