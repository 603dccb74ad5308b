"""The API under `/api/v1`: an application of its own, so that its errors and its description are its own.

Its description is public, as it holds nobody's data; everything else needs a key with the scope that the
route names. There is no page that tries it out: such pages load scripts from elsewhere.
"""

from typing import Any, Final

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel

from dispatcher.web.api import (
    approvals,
    calendar,
    campaigns,
    confirmations,
    consent_imports,
    consents,
    contacts,
    dry_runs,
    imports,
    incoming_letters,
    linked_runs,
    list_differences,
    lists,
    manual_tasks,
    mappings,
    payment_links,
    persons,
    policies,
    prompts,
    recurrences,
    reports,
    returns,
    run_actions,
    run_calls,
    runs,
    scenarios,
    seeds,
    template_trials,
    templates,
)
from dispatcher.web.api.calls import REPLAYED_HEADER, Requires
from dispatcher.web.api.problems import KNOWN, TYPES, ProblemDocument, add_problem_handlers, answers
from dispatcher.web.api.values import example
from dispatcher.web.errors import NotFoundError
from dispatcher.web.services import WebServices

PREFIX: Final = "/api/v1"
ROUTERS: Final = (
    imports.router,
    lists.router,
    list_differences.router,
    mappings.router,
    templates.router,
    template_trials.router,
    prompts.router,
    scenarios.router,
    dry_runs.router,
    campaigns.router,
    recurrences.router,
    runs.router,
    run_actions.router,
    run_calls.router,
    linked_runs.router,
    approvals.router,
    manual_tasks.router,
    seeds.router,
    consents.router,
    confirmations.router,
    persons.router,
    consent_imports.router,
    contacts.router,
    policies.router,
    calendar.router,
    returns.router,
    incoming_letters.router,
    reports.router,
    payment_links.router,
)
#: What answers without a key; a test fails for any other route that does.
PUBLIC_PATHS: Final = frozenset({"/openapi.json", "/problems/{code}"})

_DESCRIPTION: Final = f"""
Lists, templates, campaigns, runs and consent for other systems.

- **Keys**: `dispatcher api-key create NAME --scope …`; send it as `Authorization: Bearer ndk_…`.
- **Repeating is safe**: a request with an `Idempotency-Key` is done once; the same again gets the stored
  answer with `{REPLAYED_HEADER}: true`. Answers are kept for 7 days; refusals are not kept.
- **Errors** are problem documents (RFC 9457) whose `type` is stable and can be opened.
- **Pages**: pass `next` as `cursor` until it is null.
- Times are RFC 3339 with an offset; times of day are in the recipient's own zone.
"""
_TAGS: Final = [
    {"name": "imports", "description": "Uploads of lists, and what comes of them."},
    {"name": "lists", "description": "Versions of lists, row-level reports, rejected rows, differences."},
    {"name": "mappings", "description": "Which column of a billing system's files is which field."},
    {"name": "templates", "description": "Texts of notices: versions, checks, previews."},
    {"name": "dry runs", "description": "What would happen, before anything is sent."},
    {"name": "campaigns", "description": "A scenario, a list and a window."},
    {"name": "recurrences", "description": "Campaigns that go again by a schedule."},
    {"name": "runs", "description": "What a campaign does: figures, pause, resume, stop, extend, resend."},
    {"name": "approval", "description": "The second pair of eyes."},
    {"name": "manual tasks", "description": "Notices that are told by hand, and the record of it."},
    {"name": "seeds", "description": "Colleagues who receive every campaign's text."},
    {"name": "consents", "description": "Permission of an address, by channel and purpose."},
    {"name": "persons", "description": "Everything held about a person: handed out, erased."},
    {"name": "contacts", "description": "Contact points: which were not confirmed for long."},
    {"name": "policies", "description": "Hours and caps by purpose and customer group, and the calendar."},
    {"name": "returns", "description": "Addresses, domains and letters that came back."},
    {"name": "reports", "description": "Figures over a period for managers; they name nobody."},
    {"name": "payments", "description": "What a payment link stands for."},
    {"name": "problems", "description": "The types of problem documents."},
]

public = APIRouter(tags=["problems"])


class ProblemTypeOut(BaseModel):
    """What a type of problem means."""

    model_config = example(
        {
            "type": f"{TYPES}run-state",
            "title": "The state of the run does not allow this",
            "status": 409,
        }
    )
    type: str
    title: str
    status: int


@public.get("/problems/{code}", responses=answers(404))
def show_problem(code: str) -> ProblemTypeOut:
    """What a type of problem means."""
    if code not in KNOWN:
        raise NotFoundError("there is no such type of problem")
    known = KNOWN[code]
    return ProblemTypeOut(type=TYPES + known.code, title=known.title, status=known.status)


def create_api(services: WebServices) -> FastAPI:
    """Build the API; it opens no connection before the first request."""
    api = FastAPI(
        title="Notification dispatcher",
        version="1",
        description=_DESCRIPTION,
        openapi_tags=_TAGS,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # it would build the target from the Host header
    )
    api.state.services = services
    add_problem_handlers(api)
    for router in (*ROUTERS, public):
        api.include_router(router)
    api.openapi = lambda: _describe(api)  # type: ignore[method-assign]
    return api


def _describe(api: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, made once: with the problem documents, and each operation's scope in words."""
    if api.openapi_schema is None:
        document = get_openapi(
            title=api.title,
            version=api.version,
            description=api.description,
            routes=api.routes,
            tags=api.openapi_tags,
            servers=[{"url": PREFIX}],
        )
        schema = ProblemDocument.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas = document["components"]["schemas"]
        schemas.update(schema.pop("$defs", {}))
        schemas["ProblemDocument"] = schema
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        for path, scopes in scopes_of(api).items():
            for method, scope in scopes.items():
                operation = document["paths"][path][method.lower()]
                operation["description"] = f"{operation.get('description', '')}\n\nScope: `{scope}`.".strip()
        api.openapi_schema = document
    return api.openapi_schema


def scopes_of(container: Any) -> dict[str, dict[str, str]]:
    """Path → method → the scope that its route asks for."""
    found: dict[str, dict[str, str]] = {}
    for route in container.routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            for path, scopes in scopes_of(inner).items():
                found.setdefault(path, {}).update(scopes)
        elif isinstance(route, APIRoute):
            for scope in scopes_asked(route):
                found.setdefault(route.path, {}).update(dict.fromkeys(route.methods or (), scope))
    return found


def scopes_asked(route: APIRoute) -> list[str]:
    """The scopes that a route's dependencies name."""
    needed: list[object] = [one.call for one in route.dependant.dependencies]
    return [str(one.scope) for one in needed if isinstance(one, Requires)]
