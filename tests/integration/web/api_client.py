"""Another system that calls the API, for tests."""

import time
from collections.abc import Collection, Mapping
from typing import Any, Final

from starlette.testclient import TestClient

from dispatcher.core.api_keys import Scope, create_api_key
from dispatcher.core.ids import new_id
from dispatcher.core.staff import get_staff
from dispatcher.web.services import WebServices
from tests.factories import HEADER, row

V1 = "/api/v1"


#: Everything but approving, which takes a person and excludes making.
MAKING: Final = frozenset(Scope) - {Scope.CAMPAIGNS_APPROVE}


def make_key(
    services: WebServices,
    name: str = "billing",
    scopes: Collection[Scope] = MAKING,
    approver: str | None = None,
) -> str:
    """A key that holds for good; `approver` is the login of the person who approves by it."""
    with services.database.transaction() as session:
        found = None if approver is None else get_staff(session, approver)
        return create_api_key(
            session,
            name=name,
            scopes=scopes,
            expires_at=None,
            actor="test",
            approver=None if found is None else found[0],
            now=services.clock.refresh(session),
        )


class ApiClient:
    """Calls with a key; every POST gets an `Idempotency-Key` of its own unless the test gives one."""

    def __init__(self, client: TestClient, token: str) -> None:
        self._client = client
        self._authority = {"authorization": f"Bearer {token}", "accept": "application/json"}

    def in_language(self, language: str) -> "ApiClient":
        """The same client, asking for answers in a language."""
        other = ApiClient(self._client, "")
        other._authority = {**self._authority, "accept-language": language}
        return other

    def get(self, path: str, **query: Any):
        return self._client.get(V1 + path, params=query, headers=self._authority)

    def post(self, path: str, body: Any = None, *, key: str | None = None, **options: Any):
        headers = {**self._authority, "idempotency-key": key or new_id().hex}
        return self._client.post(V1 + path, json=body, headers=headers, **options)

    def send(self, method: str, path: str, body: Any = None, *, key: str | None = None):
        """PUT, PATCH, DELETE; with a key only where the test gives one."""
        headers = {**self._authority, **({} if key is None else {"idempotency-key": key})}
        return self._client.request(method, V1 + path, json=body, headers=headers)

    def upload(self, name: str, file: bytes, *, key: str | None = None, kind: str = "text/csv", **query: Any):
        headers = {**self._authority, "idempotency-key": key or new_id().hex, "content-type": kind}
        return self._client.post(f"{V1}/lists/{name}/versions", content=file, params=query, headers=headers)

    def finished(self, import_id: str) -> Mapping[str, Any]:
        """The import when it is over."""
        for _ in range(5000):
            found = self.get(f"/imports/{import_id}").json()
            if found["state"] in {"done", "failed"}:
                return found
            time.sleep(0.02)
        raise AssertionError(f"the import is still {found['state']}")

    def imported(self, name: str, file: bytes) -> Mapping[str, Any]:
        """A list that was uploaded and taken."""
        return self.finished(self.upload(name, file).json()["id"])


def code_of(answer: Any) -> str:
    """The code of a problem, having checked the form of the document."""
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert document["status"] == answer.status_code
    assert document["type"].startswith(f"{V1}/problems/")
    return str(document["type"].rsplit("/", 1)[-1])


def list_file(*rows: Mapping[str, str]) -> bytes:
    """A CSV file as billing systems write it."""
    lines = [";".join(HEADER)] + [";".join(one[title] for title in HEADER) for one in rows or (row(),)]
    return ("\ufeff" + "\r\n".join(lines) + "\r\n").encode()
