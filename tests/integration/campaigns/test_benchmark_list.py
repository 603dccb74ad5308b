"""The list that measurements write straight into the database is what an import would have made of it."""

import csv
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from campaigns.import_list import ImportRequest, import_list
from campaigns.sample import HEADER
from dispatcher.core.clock import Clock
from dispatcher.core.db import Database
from tests.benchmarks.recipients import LIST_NAME, load_list
from tests.servers import clone_database, drop_database, plain_url

RECIPIENTS = 40
TABLES = {
    "person": "external_id, full_name, customer_group, language, is_vulnerable, preferred_channel",
    "account": "number, address, time_zone, is_zone_known, has_contract",
    "contact_point": "kind, address, confirmed_at",
    "consent_event": "channel, purpose, action, basis, source, source_reference IS NULL",
    "recipient": "position, line, full_name, customer_group, address, time_zone, language, fields::text,"
    " email_contact_id IS NULL, phone_contact_id IS NULL",
    "recipient_list": "name, version, state, recipient_count, problem_count, rejected_count",
}
ROWS = """
SELECT o.number, replace(p.external_id, 'customer:', ''), r.full_name, r.address, e.address, t.address,
       r.fields->>'debt', '25.12.2026', 'да', r.time_zone, r.customer_group::text, 'да'
FROM recipient r JOIN account o ON o.id = r.account_id JOIN person p ON p.id = r.person_id
JOIN contact_point e ON e.id = r.email_contact_id JOIN contact_point t ON t.id = r.phone_contact_id
ORDER BY r.position
"""


@contextmanager
def own_database(servers, template: str) -> Iterator[str]:
    url = clone_database(servers.database_url, template)
    try:
        yield url
    finally:
        drop_database(servers.database_url, url)


def connected(url: str):
    return psycopg.connect(plain_url(url), autocommit=True)


def content_of(connection) -> dict[str, list[tuple[object, ...]]]:
    return {
        table: sorted(connection.execute(f"SELECT {columns} FROM {table}").fetchall(), key=repr)
        for table, columns in TABLES.items()
    }


class TestLoadList:
    def test_it_writes_what_the_import_of_the_same_people_writes(self, servers, migrated_template, tmp_path):
        path = tmp_path / "list.csv"
        with own_database(servers, migrated_template) as url, connected(url) as connection:
            load_list(connection, RECIPIENTS)
            written = content_of(connection)
            rows = connection.execute(ROWS).fetchall()
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, delimiter=";")
            writer.writerow(HEADER)
            writer.writerows(rows)
        with own_database(servers, migrated_template) as url:
            database = Database(url)
            import_list(database, Clock(), ImportRequest(path=path, name=LIST_NAME), actor="operator")
            database.close()
            with connected(url) as connection:
                imported = content_of(connection)
        assert written == imported
        assert len(written["recipient"]) == RECIPIENTS

    def test_a_second_list_is_of_other_people(self, servers, migrated_template):
        with own_database(servers, migrated_template) as url, connected(url) as connection:
            load_list(connection, 3)
            load_list(connection, 1, name="urgent", first_person=4)
            lists = "SELECT l.name, count(*), max(r.position) FROM recipient r"
            found = connection.execute(
                f"{lists} JOIN recipient_list l ON l.id = r.list_id GROUP BY 1 ORDER BY 1"
            ).fetchall()
            persons = connection.execute("SELECT count(DISTINCT person_id) FROM recipient").fetchall()
        assert found == [(LIST_NAME, 3, 3), ("urgent", 1, 1)]
        assert persons == [(4,)]
