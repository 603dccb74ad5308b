"""Files as billing clerks really make them: each through the real import, with the report it must get."""

import pytest
from sqlalchemy import text

from campaigns.import_list import ImportRequest, import_list
from campaigns.list_errors import ListFileError
from campaigns.list_limits import MEGABYTE, ListLimits
from dispatcher.core.clock import Clock
from dispatcher.core.db import Database
from tests.integration.campaigns.corpus import CASES, Case
from tests.servers import clone_database, drop_database

_REASONS = text(
    """
    SELECT p.reason FROM recipient_list_problem p JOIN recipient_list l ON l.id = p.list_id
    WHERE l.name = :name ORDER BY p.number
    """
)
_STATES = text("SELECT state FROM recipient_list WHERE name = :name")


@pytest.fixture(scope="module")
def shared(servers, migrated_template):
    """One database for all files: each is a list of its own."""
    url = clone_database(servers.database_url, migrated_template)
    database = Database(url)
    yield database
    database.close()
    drop_database(servers.database_url, url)


def take(database: Database, case: Case, path):
    case.write(path)
    request = ImportRequest(
        path=path,
        name=case.name,
        encoding=case.encoding,
        sheet=case.sheet,
        limits=ListLimits(sheet_memory_bytes=1024 * MEGABYTE),
    )
    return import_list(database, Clock(), request, actor="operator")


class TestCorpus:
    def test_it_is_large_enough(self):
        assert len(CASES) >= 30
        assert len({case.name for case in CASES}) == len(CASES)

    @pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
    def test_each_file_gets_the_report_that_it_must(self, shared, tmp_path, case):
        path = tmp_path / case.name
        if isinstance(case.expected, str):
            with pytest.raises(ListFileError) as caught:
                take(shared, case, path)
            assert caught.value.code == case.expected
            with shared.transaction() as session:
                states = list(session.execute(_STATES, {"name": case.name}).scalars())
            assert states in ([], ["failed"])
            return
        result = take(shared, case, path)
        with shared.transaction() as session:
            reasons = list(session.execute(_REASONS, {"name": case.name}).scalars())
        assert (result.recipients, result.rejected, reasons) == case.expected
