"""Uploading a list by the page, for tests."""

from tests.integration.web.browsing import csrf
from tests.integration.web.serving import wait_until


def send_file(client, file: bytes, *, file_name: str = "долги.csv", **fields: str):
    """The answer to the form; `name` and other fields change it."""
    return client.post(
        "/lists/upload",
        data={"csrf_token": csrf(client), "name": "ноябрь", **fields},
        files={"file": (file_name, file, "text/csv")},
    )


def finished(client, import_path: str) -> str:
    """The page of the list that an import has become."""
    wait_until(lambda: client.get(import_path).status_code == 303)
    return client.get(import_path).headers["location"]


def upload_list(client, file: bytes, **fields: str) -> str:
    """The page of the list."""
    return finished(client, send_file(client, file, **fields).headers["location"])


def failed(client, import_path: str) -> str:
    """The import's page once the file was refused."""
    wait_until(lambda: 'role="alert"' in client.get(import_path).text)
    return client.get(import_path).text
