"""A database of the test's own."""

from collections.abc import Iterator

import pytest

from dispatcher.core.db import Database
from tests.integration.web.installation import Template, migrated_template


@pytest.fixture(scope="session")
def template() -> Iterator[Template]:
    with migrated_template() as template:
        yield template


@pytest.fixture
def database(template: Template) -> Iterator[Database]:
    with template.clone() as database:
        yield database
