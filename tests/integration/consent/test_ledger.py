"""The consent ledger: append-only, the latest entry for the purpose or for every purpose counts."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from consent.errors import UnknownContactError
from consent.ledger import ConsentEntry, find_contacts, list_history, record_consent
from consent.models import ContactPoint, Person
from consent.permission import ask_permission
from dispatcher.core.db import Database
from dispatcher.core.ids import new_id
from tests.factories import NOON


@pytest.fixture
def contact(database: Database) -> UUID:
    person, contact = new_id(), new_id()
    with database.transaction() as session:
        session.add(
            Person(
                id=person, external_id="x", full_name="П", customer_group=1, created_at=NOON, updated_at=NOON
            )
        )
        session.flush()
        session.add(
            ContactPoint(id=contact, person_id=person, kind="email", address="a@b.example", created_at=NOON)
        )
    return contact


def entry(action: str = "given", purpose: str = "debt", **changes: object) -> ConsentEntry:
    fields = {"channel": "email", "source": "staff", "recorded_by": "operator"}
    return ConsentEntry(purpose=purpose, action=action, **(fields | changes))  # type: ignore[arg-type]


def write(database: Database, contact: UUID, *entries: ConsentEntry) -> None:
    for one in entries:
        with database.transaction() as session:
            record_consent(session, contact, one, NOON)


def refusal(database: Database, contact: UUID, **changes: object) -> str | None:
    asked = {"channel": "email", "purpose": "debt", "now": NOON} | changes
    with database.transaction() as session:
        return ask_permission(session, [contact], **asked)[contact].refusal  # type: ignore[arg-type]


class TestAskPermission:
    @pytest.mark.parametrize(
        ("entries", "expected"),
        [
            ([], "no_consent"),
            ([entry()], None),
            ([entry("confirmed")], None),
            ([entry("expired")], "no_consent"),
            ([entry("refused")], "no_consent"),
            ([entry(purpose="*")], None),
            ([entry(purpose="survey")], "no_consent"),
            ([entry(channel="sms")], "no_consent"),
            ([entry(), entry("withdrawn")], "consent_withdrawn"),
            ([entry(), entry("withdrawn", purpose="*")], "consent_withdrawn"),
            ([entry("withdrawn", purpose="*"), entry()], None),
            ([entry(), entry("withdrawn", purpose="survey")], None),
            ([entry(), entry("withdrawn", channel="sms")], None),
            ([entry(valid_until=NOON - timedelta(seconds=1))], "no_consent"),
            ([entry(valid_until=NOON + timedelta(seconds=1))], None),
        ],
    )
    def test_the_latest_entry_that_speaks_about_it_counts(
        self, database: Database, contact: UUID, entries: Sequence[ConsentEntry], expected: str | None
    ) -> None:
        write(database, contact, *entries)
        assert refusal(database, contact) == expected


class TestRecordConsent:
    def test_every_entry_stays_in_its_order(self, database: Database, contact: UUID) -> None:
        write(database, contact, entry(), entry("withdrawn", purpose="*", source="unsubscribe_link"))
        with database.transaction() as session:
            history = list_history(session, contact)
        assert [(one[1], one[2], one[4]) for one in history] == [
            ("debt", "given", "staff"),
            ("*", "withdrawn", "unsubscribe_link"),
        ]

    def test_an_unknown_contact_is_refused(self, database: Database) -> None:
        with pytest.raises(UnknownContactError), database.transaction() as session:
            record_consent(session, uuid4(), entry(), NOON)


class TestFindContacts:
    def test_an_address_is_found_with_its_kind(self, database: Database, contact: UUID) -> None:
        with database.transaction() as session:
            assert find_contacts(session, kind="email", address="a@b.example") == [contact]
            assert find_contacts(session, kind="phone", address="a@b.example") == []
