"""The web application: built from its services, with every route named in one place."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

from fastapi import FastAPI, Request, Response
from starlette.middleware import Middleware
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from dispatcher.web.api.app import PREFIX as API_PREFIX
from dispatcher.web.api.app import create_api
from dispatcher.web.api.problems import status_answer
from dispatcher.web.callbacks import smsc
from dispatcher.web.errors import add_error_handlers, error_answer
from dispatcher.web.guards import MAX_BODY_BYTES, Guards
from dispatcher.web.live.hub import LiveHub
from dispatcher.web.pages import (
    actions,
    calendar,
    campaigns,
    contact_imports,
    contacts,
    decisions,
    followers,
    imports,
    incoming,
    letters,
    lists,
    manual_tasks,
    persons,
    policies,
    prompts,
    repeats,
    reports,
    returns,
    run_calls,
    runs,
    scenarios,
    seeds,
    sign_in,
    uploading,
)
from dispatcher.web.public import confirmation, health, unsubscribe
from dispatcher.web.public.link_limits import LinkLimits
from dispatcher.web.rendering import STATIC, Renderer
from dispatcher.web.services import WebServices

MEGABYTE: Final = 1 << 20
ROUTERS: Final = (
    sign_in.router,
    runs.router,
    run_calls.router,
    actions.router,
    decisions.router,
    followers.router,
    uploading.router,
    imports.router,
    lists.router,
    campaigns.router,
    repeats.router,
    reports.router,
    scenarios.router,
    letters.router,
    prompts.router,
    seeds.router,
    persons.router,
    returns.router,
    incoming.router,
    manual_tasks.router,
    contact_imports.router,
    contacts.router,
    policies.router,
    calendar.router,
    unsubscribe.router,
    confirmation.router,
    smsc.router,
    health.router,
)
#: Everything that answers without a sign-in; a test fails for any other route that does. The API asks for
#: keys instead, and has a test of its own.
PUBLIC_PATHS: Final = frozenset(
    {
        *("/sign-in", "/health", "/static", smsc.PATH, API_PREFIX),
        *("/u/{token}", "/c/{token}", "/u/{token}/all", "/u/{token}/again", "/u/{token}/wishes"),
    }
)


class _StaticFiles(StaticFiles):
    """Our own files carry their version in the link, so a browser may keep them for good."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers.setdefault("Cache-Control", "public, max-age=31536000, immutable")
        return response


def create_app(services: WebServices) -> FastAPI:
    """Build the application; it opens no connection before the first request."""
    renderer = Renderer(
        company_name=services.settings.company_name,
        company_phone=services.settings.company_phone,
        time_zone=services.settings.time_zone,
    )
    app = FastAPI(
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,  # it would build the target from the Host header
        lifespan=_lifespan,
        middleware=[
            Middleware(
                Guards,
                answer=partial(_answer, renderer),
                upload_bytes=services.settings.web.upload_megabytes * MEGABYTE + MAX_BODY_BYTES,
            )
        ],
    )
    app.state.services = services
    app.state.renderer = renderer
    app.state.readiness = health.Readiness(services.database)
    app.state.link_limits = LinkLimits()
    app.state.live = LiveHub(services.database, services.clock)
    add_error_handlers(app, renderer)
    for router in ROUTERS:
        app.include_router(router)
    app.mount(API_PREFIX, create_api(services), name="api")
    app.mount("/static", _StaticFiles(directory=str(STATIC)), name="static")
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    services: WebServices = app.state.services
    services.imports.start()
    yield
    live: LiveHub = app.state.live
    live.close()
    services.imports.stop()


def _answer(renderer: Renderer, request: Request, status: int) -> Response:
    if request.url.path.startswith(f"{API_PREFIX}/"):
        return status_answer(status)
    return error_answer(request, renderer, status)
