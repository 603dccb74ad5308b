"""The application over a database of the test's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from dispatcher.core.db import Database
from dispatcher.web.app import create_app
from dispatcher.web.services import WebServices
from tests.integration.web.installation import make_services, make_staff


@pytest.fixture
def services(database: Database, tmp_path: Path) -> WebServices:
    services = make_services(database, tmp_path)
    make_staff(services)
    return services


@pytest.fixture
def client(services: WebServices) -> Iterator[TestClient]:
    """A browser without scripts: asks for pages, keeps cookies, follows nothing by itself."""
    headers = {"accept": "text/html", "accept-language": "ru"}
    with TestClient(create_app(services), follow_redirects=False, headers=headers) as client:
        yield client
