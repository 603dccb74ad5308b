"""Every route needs a sign-in or is on the list of public ones; every change needs the form's token.

Forgetting either on a new route is easy to do and hard to see: this test sees it.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import APIRouter, Depends, FastAPI
from fastapi.routing import APIRoute
from pydantic import SecretStr

from consent.unsubscribe import UnsubscribeTokens
from dispatcher.core.clock import Clock
from dispatcher.core.db import Database
from dispatcher.core.settings import Settings
from dispatcher.web.api.app import PUBLIC_PATHS as API_PUBLIC_PATHS
from dispatcher.web.api.app import scopes_asked
from dispatcher.web.api.calls import Reads
from dispatcher.web.app import PUBLIC_PATHS, create_app
from dispatcher.web.auth import require_csrf, require_staff
from dispatcher.web.services import WebServices

#: Changes that carry their own authority instead of a session's form token.
WITHOUT_FORM_TOKEN = {
    "/sign-in": "has a token of its own, bound to a cookie",
    "/lists/upload": "a stream: looks at the token itself, before the file",
    "/contacts/import": "a stream: looks at the token itself, before the file",
    "/prompts": "a stream: looks at the token itself, before the file",
    "/stop-list/import": "a stream: looks at the token itself, before the file",
    "/callbacks/smsc/{provider}/{token}": "the path that nobody can guess and the provider's checksum",
    "/c/{token}": "the signed token is the authority",
    "/u/{token}": "the signed token is the authority (RFC 8058)",
    "/u/{token}/all": "the form is bound to the signed token",
    "/u/{token}/again": "the form is bound to the signed token",
    "/u/{token}/wishes": "the form is bound to the signed token",
}


def application() -> FastAPI:
    settings = Settings.model_construct(secret_key=SecretStr("x"))
    database = Database("postgresql://nowhere.invalid/none")
    return create_app(WebServices(database, Clock(), settings, UnsubscribeTokens(b"x"), b"x"))


def routes_of(container: Any) -> Iterator[Any]:
    """All routes, however deep FastAPI has put included routers."""
    for route in container.routes:
        inner = getattr(route, "original_router", None)
        if inner is None:
            yield route
        else:
            yield from routes_of(inner)


def dependencies_of(dependant: Any) -> Iterator[Any]:
    for dependency in dependant.dependencies:
        yield dependency.call
        yield from dependencies_of(dependency)


def unguarded(container: Any) -> list[str]:
    """Paths of routes that answer strangers without being listed."""
    return [
        route.path
        for route in routes_of(container)
        if route.path not in PUBLIC_PATHS
        and not (isinstance(route, APIRoute) and require_staff in dependencies_of(route.dependant))
    ]


def forgeable(container: Any) -> list[str]:
    """Paths of changes that another site could have a browser send."""
    return [
        route.path
        for route in routes_of(container)
        if isinstance(route, APIRoute)
        and route.methods - {"GET", "HEAD", "OPTIONS"}
        and route.path not in WITHOUT_FORM_TOKEN
        and require_csrf not in dependencies_of(route.dependant)
    ]


def api() -> FastAPI:
    """The API as it is mounted."""
    mounted = next(route for route in application().routes if getattr(route, "name", "") == "api")
    found: FastAPI = mounted.app
    return found


def scopeless(container: Any) -> list[str]:
    """Paths of the API that answer without asking for one scope, and are not listed."""
    return [
        route.path
        for route in routes_of(container)
        if route.path not in API_PUBLIC_PATHS
        and not (isinstance(route, APIRoute) and len(scopes_asked(route)) == 1)
    ]


class TestApi:
    def test_each_route_names_one_scope_or_is_public_on_purpose(self):
        assert scopeless(api()) == []

    def test_the_list_of_public_ones_names_only_what_exists(self):
        assert {route.path for route in routes_of(api())} >= API_PUBLIC_PATHS

    def test_a_scope_to_look_is_never_enough_to_change(self):
        for route in routes_of(api()):
            if isinstance(route, APIRoute) and any(scope.endswith(":read") for scope in scopes_asked(route)):
                assert any(isinstance(one.call, Reads) for one in route.dependant.dependencies), route.path

    def test_a_forgotten_one_is_found(self):
        built = api()
        built.get("/forgotten")(lambda: None)
        assert scopeless(built) == ["/forgotten"]

    def test_its_description_names_the_scope_and_an_example_of_every_answer(self):
        document = api().openapi()
        for path, operations in document["paths"].items():
            for method, operation in operations.items():
                if path not in API_PUBLIC_PATHS:
                    assert "Scope: `" in operation["description"], (method, path)
                    assert operation["security"] == [{"ApiKey": []}]
                    for status in ("400", "401", "403", "422", "503"):
                        [(kind, problem)] = operation["responses"][status]["content"].items()
                        assert kind == "application/problem+json", (method, path, status)
                        assert problem["schema"]["$ref"].endswith("/ProblemDocument"), (method, path, status)
                assert operation["tags"]
                bodies = [answer.get("content", {}) for answer in operation["responses"].values()]
                for content in [*bodies, operation.get("requestBody", {}).get("content", {})]:
                    for kind, body in content.items():
                        assert _has_example(body, document), (path, kind)


def _has_example(body: dict[str, Any], document: dict[str, Any]) -> bool:
    if "example" in body or body["schema"].get("format") == "binary":
        return True
    name = body["schema"]["$ref"].rsplit("/", 1)[-1]
    return "example" in document["components"]["schemas"][name]


class TestRoutes:
    def test_each_needs_a_sign_in_or_is_public_on_purpose(self):
        assert unguarded(application()) == []

    def test_each_change_needs_the_token_of_its_form(self):
        assert forgeable(application()) == []

    def test_the_list_of_public_ones_names_only_what_exists(self):
        assert {route.path for route in routes_of(application())} >= PUBLIC_PATHS

    @pytest.mark.parametrize("method", ["get", "post"])
    def test_a_forgotten_one_is_found(self, method):
        router = APIRouter()
        getattr(router, method)("/forgotten")(lambda: None)
        app = application()
        app.include_router(router)
        assert unguarded(app) == ["/forgotten"]
        assert forgeable(app) == (["/forgotten"] if method == "post" else [])

    def test_a_guarded_one_is_not(self):
        router = APIRouter()
        router.post("/guarded", dependencies=[Depends(require_staff), Depends(require_csrf)])(lambda: None)
        app = application()
        app.include_router(router)
        assert unguarded(app) == []
        assert forgeable(app) == []
