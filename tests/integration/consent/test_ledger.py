"""The consent ledger: append-only, the latest entry for the purpose or for every purpose counts."""

import random
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from consent.errors import BadConsentError, UnknownContactError
from consent.expiry import record_expired
from consent.ledger import ConsentEntry, check_stated, find_contacts, list_history, record_consent
from consent.models import ContactPoint, Person
from consent.permission import ask_permission
from consent.sources import STATED, Action, Source
from consent.standing import standing
from dispatcher.core.db import Database
from dispatcher.core.ids import new_id
from tests.factories import NOON

SECOND = timedelta(seconds=1)
YESTERDAY = NOON - timedelta(days=1)


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
            ([entry(valid_from=YESTERDAY, valid_until=NOON - SECOND)], "consent_expired"),
            ([entry("pending")], "no_consent"),
            ([entry(), entry("pending")], None),
            # a general yes, a narrow no, a narrow yes; and a general no with a narrow exception
            ([entry(purpose="*"), entry("withdrawn")], "consent_withdrawn"),
            ([entry(purpose="*"), entry("withdrawn"), entry(purpose="outage")], "consent_withdrawn"),
            ([entry("withdrawn", purpose="*"), entry(purpose="outage")], "consent_withdrawn"),
            ([entry("withdrawn"), entry(purpose="*")], None),
            # a paper found late undoes no withdrawal; what is meant for later does not hold yet
            ([entry("withdrawn"), entry(valid_from=YESTERDAY)], "consent_withdrawn"),
            ([entry(), entry("withdrawn", valid_from=YESTERDAY)], "consent_withdrawn"),
            ([entry(), entry("withdrawn", valid_from=NOON + SECOND)], None),
            ([entry(valid_from=NOON + SECOND)], "no_consent"),
            ([entry(), entry(valid_from=NOON + SECOND)], None),
            # a newer permission with an end takes the place of an older one without
            ([entry(valid_from=YESTERDAY), entry(valid_until=NOON + SECOND)], None),
            ([entry(), entry(valid_from=YESTERDAY, valid_until=NOON - SECOND)], None),
            ([entry(valid_until=NOON + timedelta(seconds=1))], None),
        ],
    )
    def test_the_latest_entry_that_speaks_about_it_counts(
        self, database: Database, contact: UUID, entries: Sequence[ConsentEntry], expected: str | None
    ) -> None:
        write(database, contact, *entries)
        assert refusal(database, contact) == expected
        with database.transaction() as session:
            assert standing(list_history(session, contact), "email", "debt", at=NOON).reason == expected


class TestRecordConsent:
    def test_every_entry_stays_in_its_order(self, database: Database, contact: UUID) -> None:
        write(database, contact, entry(), entry("withdrawn", purpose="*", source="unsubscribe_link"))
        with database.transaction() as session:
            history = list_history(session, contact)
        assert [(one.purpose, one.action, one.source) for one in history] == [
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


class TestStanding:
    def test_the_pure_rule_and_the_claims_statement_say_the_same(
        self, database: Database, contact: UUID
    ) -> None:
        chance = random.Random(20260310)
        purposes, channels = ("debt", "outage", "*"), ("email", "sms")
        for _ in range(25):
            moments = [NOON + timedelta(days=chance.randint(-3, 1)) for _ in range(3)]
            action = chance.choice(list(Action))
            may_end = action in {Action.GIVEN, Action.CONFIRMED}
            one = entry(
                action,
                chance.choice(purposes),
                channel=chance.choice(channels),
                valid_from=moments[0],
                valid_until=moments[0] + timedelta(days=chance.randint(1, 3)) if may_end else None,
            )
            write(database, contact, one)
            with database.transaction() as session:
                history = list_history(session, contact)
            for channel in channels:
                for purpose in purposes[:2]:
                    said = standing(history, channel, purpose, at=NOON).reason
                    assert said == refusal(database, contact, channel=channel, purpose=purpose), history

    @pytest.mark.requirement(55, "what was known at any past moment can still be asked")
    def test_any_past_moment_can_be_asked_as_it_was_known_then(
        self, database: Database, contact: UUID
    ) -> None:
        days = [NOON + timedelta(days=number) for number in range(6)]
        with database.transaction() as session:
            record_consent(session, contact, entry(), days[0])
        # On day 4 a letter of day 2 is found, by which the person had withdrawn.
        with database.transaction() as session:
            record_consent(session, contact, entry("withdrawn", valid_from=days[2]), days[4])
            history = list_history(session, contact)

        def reason(at: int, known: int) -> str | None:
            return standing(history, "email", "debt", at=days[at], known_at=days[known]).reason

        assert reason(1, 5) is None  # not withdrawn yet, whatever is known today
        assert reason(3, 3) is None  # and nobody knew then
        assert reason(3, 5) == "consent_withdrawn"  # but it had been, as is known today
        assert reason(5, 3) is None
        assert standing(history, "email", "debt", at=NOON - SECOND).reason == "no_consent"


class TestCheckEntry:
    @pytest.mark.parametrize(
        ("wrong", "words"),
        [
            (entry("agreed"), "no such action"),
            (entry(basis="habit"), "no such legal basis"),
            (entry(source="rumour"), "no such source"),
            (entry("withdrawn", valid_until=NOON + SECOND), "only a permission has an end"),
            (entry(valid_until=NOON), "end before it begins"),
        ],
    )
    def test_an_entry_that_says_nothing_clear_is_refused(
        self, database: Database, contact: UUID, wrong: ConsentEntry, words: str
    ) -> None:
        with pytest.raises(BadConsentError, match=words):
            write(database, contact, wrong)

    @pytest.mark.parametrize("source", list(STATED))
    def test_staff_and_other_systems_name_the_document_of_each_yes(self, source: Source) -> None:
        check_stated(entry(source=source, source_reference="scan 17"))
        with pytest.raises(BadConsentError):
            check_stated(entry(source=source, source_reference=" "))
        check_stated(entry("withdrawn", source=source))

    def test_nobody_states_what_only_the_product_can_know(self) -> None:
        with pytest.raises(BadConsentError):
            check_stated(entry(source="email_link", source_reference="x"))
        with pytest.raises(BadConsentError):
            check_stated(entry(purpose="debts", source_reference="x"))


class TestExpiry:
    def test_the_end_of_a_permission_goes_on_record_once_and_a_renewed_one_does_not(
        self, database: Database, contact: UUID
    ) -> None:
        ended = entry(valid_until=NOON + SECOND)
        renewed = entry(purpose="outage", valid_until=NOON + SECOND)
        write(database, contact, ended, renewed, entry(purpose="outage"))
        later = NOON + timedelta(hours=1)
        counts = []
        for _ in range(2):
            with database.transaction() as session:
                counts.append(record_expired(session, later))
        assert counts == [1, 0]
        with database.transaction() as session:
            last = list_history(session, contact)[-1]
        assert (last.action, last.purpose, last.source, last.valid_from) == (
            "expired",
            "debt",
            "system",
            NOON + SECOND,
        )
        # A paper signed before the end, entered after it, permits: the record of the end forbids nothing.
        assert refusal(database, contact, now=later) == "consent_expired"
        with database.transaction() as session:
            record_consent(session, contact, entry(valid_from=NOON), later)
        assert refusal(database, contact, now=later) is None
