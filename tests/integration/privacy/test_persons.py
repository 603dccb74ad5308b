"""A person's data: exported whole, erased without what identifies, the evidence and the refusals kept."""

import io
import json
from uuid import UUID

import pytest
from sqlalchemy import text

from channels.port import AttemptReference, ChannelKind, Receipt, ReceiptKind
from consent.erased import find_erased
from consent.permission import ask_permission
from dispatcher.core.db import Base
from dispatcher.core.settings import RetentionSettings
from dispatcher.delivery.receipts import apply_stored, store_receipt
from dispatcher.delivery.withdrawal import withdraw_consent
from dispatcher.privacy.again import erase_again
from dispatcher.privacy.erasure import (
    ErasedPerson,
    begin_erasure,
    continue_erasures,
    erase_slice,
    list_erased,
)
from dispatcher.privacy.errors import ErasureRefusedError
from dispatcher.privacy.export import write_html, write_json
from dispatcher.privacy.register import ABOUT_PEOPLE
from tests.engine import Engine
from tests.factories import contact_of, make_campaign, make_list, row

EMAIL, PHONE, NAME, ACCOUNT = (
    "maria.erase@example.org",
    "+79161112233",
    "Воронцова Мария Ильинична",
    "7700123456",
)
STREET, DEBT = "Тестовая, 17", "98765.43"
#: What must be nowhere after an erasure.
SECRETS = (EMAIL, PHONE, PHONE[2:], NAME, "Воронцова", ACCOUNT, STREET, DEBT, "MK-778899")
#: Tables that hold somebody in the road below; the others have tests of their own owners.
FILLED = {
    *("person", "account", "contact_point", "consent_event", "recipient", "notice", "attempt"),
    *("attempt_content", "attempt_event", "receipt", "contact_budget", "suppression", "audit_event"),
    "recipient_list_rejected_row",
}


def maria(**changes: str) -> dict[str, str]:
    return row(
        1,
        account=ACCOUNT,
        person="MK-778899",
        name=NAME,
        address=f"Москва, {STREET}",
        email=EMAIL,
        phone=PHONE,
        debt=DEBT,
        **changes,
    )


@pytest.fixture
def person(engine: Engine) -> UUID:
    """Maria: told, bounced, banned on one channel, with a row that was not taken; and a neighbour."""
    make_list(engine.application, [maria(), row(2), {**maria(), "Сумма долга": "много"}])
    engine.start(make_campaign(engine.application).run_id)
    engine.work()
    contact = contact_of(engine.application, EMAIL)
    with engine.application.database.transaction() as session:
        attempt = session.execute(
            text("SELECT period, id FROM attempt WHERE contact_point_id = :c"), {"c": contact}
        ).one()
        raw = f"Final-Recipient: rfc822; {EMAIL}".encode()
        receipt = Receipt(AttemptReference(attempt.period, attempt.id), ReceiptKind.DELIVERED, "dsn", raw)
        store_receipt(session, ChannelKind.EMAIL, receipt, engine.now())
        apply_stored(session, engine.now())
        session.execute(
            text(
                "INSERT INTO suppression (id, channel, address, reason, source, created_at)"
                " VALUES (gen_random_uuid(), 'sms', :phone, 'staff', 'staff', :now)"
            ),
            {"phone": PHONE, "now": engine.now()},
        )
        withdraw_consent(
            session,
            contact,
            channel="email",
            purpose="debt",
            source="staff",
            recorded_by="t",
            now=engine.now(),
        )
        query = text("SELECT person_id FROM contact_point WHERE id = :c")
        person: UUID = session.execute(query, {"c": contact}).scalar_one()
        return person


def close(engine: Engine) -> None:
    engine.advance(hours=30)
    engine.work()
    with engine.application.database.transaction() as session:
        assert session.execute(text("SELECT count(*) FROM run WHERE state <> 'closed'")).scalar_one() == 0


def everything(engine: Engine) -> str:
    """Every value of every column of the database, as text; compressed content unpacked."""
    said = []
    with engine.application.database.transaction() as session:
        for table in Base.metadata.sorted_tables:
            for found in session.execute(table.select()):
                for value in found:
                    if isinstance(value, bytes):
                        said.append(unpacked(value))
                    else:
                        said.append(json.dumps(value, default=str, ensure_ascii=False))
    return "\n".join(said)


def unpacked(value: bytes) -> str:
    import zlib

    try:
        return zlib.decompress(value).decode("utf-8", "replace")
    except zlib.error:
        return value.decode("utf-8", "replace")


def erase(engine: Engine, person: UUID) -> UUID:
    database = engine.application.database
    begun = database.run(
        lambda session: begin_erasure(
            session, person, reason="заявление № 7", actor="admin", now=engine.now()
        )
    )
    while database.run(lambda session: erase_slice(session, begun.id, engine.now())):
        pass
    return begun.id


class TestExport:
    @pytest.mark.requirement(51, "the purpose stands beside every field of what is held about a person")
    def test_holds_every_table_with_this_persons_rows_alone(self, engine: Engine, person: UUID) -> None:
        file = io.StringIO()
        with engine.application.database.transaction() as session:
            rows = write_json(session, person, file, RetentionSettings(), now=engine.now())
        export = json.loads(file.getvalue())
        tables = {one["table"]: one for one in export["held"]}
        assert set(tables) == {held.table for held in ABOUT_PEOPLE}
        assert {name for name, one in tables.items() if one["rows"]} >= FILLED
        assert rows == sum(len(one["rows"]) for one in tables.values())
        for secret in (EMAIL, PHONE, NAME, ACCOUNT, STREET, DEBT):
            assert secret in file.getvalue()
        assert "person2@example.org" not in file.getvalue()
        for one in tables.values():
            for said in one["fields"]:
                assert said["personal"] is False or (said["purpose"] and said["ground"] and said["kept"])

    def test_shows_what_was_sent_as_it_was_sent(self, engine: Engine, person: UUID) -> None:
        file = io.StringIO()
        with engine.application.database.transaction() as session:
            write_json(session, person, file, RetentionSettings(), now=engine.now())
        (content,) = next(
            one["rows"] for one in json.loads(file.getvalue())["held"] if one["table"] == "attempt_content"
        )
        assert content["address"] == EMAIL
        assert len(content["content"]) > 20

    def test_can_be_read_by_a_person_without_scripts_or_links(self, engine: Engine, person: UUID) -> None:
        file = io.StringIO()
        with engine.application.database.transaction() as session:
            session.execute(
                text("UPDATE person SET full_name = '<script>alert(1)</script>' WHERE id = :p"), {"p": person}
            )
            write_html(session, person, file, RetentionSettings(), language="ru", now=engine.now())
        page = file.getvalue()
        assert "<script" not in page
        assert "&lt;script&gt;" in page
        assert "доставлять сообщения" in page
        assert EMAIL in page


class TestErasure:
    def test_is_refused_while_a_run_needs_the_person_and_says_which(
        self, engine: Engine, person: UUID
    ) -> None:
        with pytest.raises(ErasureRefusedError, match="need this person") as refused:
            erase(engine, person)
        assert "(1)" in str(refused.value)
        assert NAME in everything(engine)

    def test_needs_a_reason(self, engine: Engine, person: UUID) -> None:
        close(engine)
        with (
            pytest.raises(ErasureRefusedError, match="say why"),
            engine.application.database.transaction() as session,
        ):
            begin_erasure(session, person, reason="  ", actor="admin", now=engine.now())

    @pytest.mark.requirement(51, "personal data go when they are not needed; the evidence stays pseudonymous")
    def test_leaves_nothing_that_identifies_and_keeps_the_evidence(
        self, engine: Engine, person: UUID
    ) -> None:
        close(engine)
        before = self._evidence(engine, person)
        erase(engine, person)
        left = everything(engine)
        for secret in SECRETS:
            assert secret not in left, secret
        assert "person2@example.org" in left
        after = self._evidence(engine, person)
        assert after["events"] == before["events"]
        assert after["consents"][: len(before["consents"])] == before["consents"]
        assert after["notices"] == before["notices"]
        assert any(content_hash for _, content_hash in after["events"])

    @staticmethod
    def _evidence(engine: Engine, person: UUID) -> dict[str, list[object]]:
        of_person = {
            "events": "SELECT e.id, e.content_hash FROM attempt_event e JOIN attempt a ON a.id = e.attempt_id"
            " WHERE a.person_id = :p ORDER BY e.id",
            "consents": "SELECT e.id, e.action, e.source FROM consent_event e JOIN contact_point c"
            " ON c.id = e.contact_point_id WHERE c.person_id = :p ORDER BY e.sequence",
            "notices": "SELECT id, state, strength, reason FROM notice WHERE person_id = :p",
        }
        with engine.application.database.transaction() as session:
            return {
                name: [tuple(one) for one in session.execute(text(query), {"p": person})]
                for name, query in of_person.items()
            }

    def test_a_killed_one_is_carried_on_and_a_second_does_nothing(self, engine: Engine, person: UUID) -> None:
        close(engine)
        database = engine.application.database
        begun = database.run(
            lambda session: begin_erasure(
                session, person, reason="заявление", actor="admin", now=engine.now()
            )
        )
        assert "Воронцова" in everything(engine)
        # Whoever began it is gone; the scheduler goes on, slice by slice.
        while database.run(lambda session: continue_erasures(session, engine.now())):
            pass
        assert "Воронцова" not in everything(engine)
        with database.transaction() as session:
            again = begin_erasure(session, person, reason="", actor="admin", now=engine.now())
            assert (again.id, again.is_new, again.is_done) == (begun.id, False, True)
            counts = session.execute(text("SELECT counts FROM erasure")).scalar_one()
            told = session.execute(
                text("SELECT action, actor, after::text FROM audit_event WHERE action LIKE 'person.eras%'")
            ).all()
        assert counts["recipient"] == 1
        assert counts["attempt_content"] == 1
        assert sorted(one.action for one in told) == ["person.erased", "person.erasure_begun"]

    def test_what_an_import_under_way_still_wrote_goes_too(self, engine: Engine, person: UUID) -> None:
        close(engine)
        database = engine.application.database
        begun = database.run(
            lambda session: begin_erasure(
                session, person, reason="заявление", actor="admin", now=engine.now()
            )
        )
        with database.transaction() as session:
            session.execute(
                text(
                    "INSERT INTO contact_point (id, person_id, kind, address, created_at)"
                    " VALUES (gen_random_uuid(), :person, 'email', :address, :now)"
                ),
                {"person": person, "address": EMAIL, "now": engine.now()},
            )
        while database.run(lambda session: erase_slice(session, begun.id, engine.now())):
            pass
        assert EMAIL not in everything(engine)

    def test_after_a_restore_those_whom_a_run_needs_are_named(self, engine: Engine, person: UUID) -> None:
        wanted = [ErasedPerson(person, "заявление № 7", "admin")]
        done = erase_again(engine.application.database, wanted, engine.now)
        assert done == (0, 0, 0, (person,))

    @pytest.mark.requirement(55, "keep data: the history of consent is provable after the address is gone")
    def test_the_same_address_stays_refused_when_a_list_brings_it_again(
        self, engine: Engine, person: UUID
    ) -> None:
        old = contact_of(engine.application, EMAIL)
        close(engine)
        erase(engine, person)
        make_list(engine.application, [maria(), row(2)], name="again")
        fresh = contact_of(engine.application, EMAIL)
        assert fresh != old
        with engine.application.database.transaction() as session:

            def refusal(address: str, channel: str) -> str | None:
                contact = contact_of(engine.application, address)
                asked = ask_permission(session, [contact], channel=channel, purpose="debt", now=engine.now())
                return asked[contact].refusal

            assert refusal(EMAIL, "email") == "consent_withdrawn"
            assert refusal(PHONE, "sms") == "consent_withdrawn"  # it was banned
            assert refusal("person2@example.org", "email") is None
            (proven,) = find_erased(session, "email", EMAIL.upper())
        assert proven.contact_point_id == old
        assert {"channel": "email", "purpose": "debt"} in proven.refusals

    def test_after_a_restore_the_list_of_erased_people_is_erased_again(
        self, engine: Engine, person: UUID
    ) -> None:
        close(engine)
        erase(engine, person)
        with engine.application.database.transaction() as session:
            kept = list_erased(session)
        assert [(one.person_id, one.reason, one.requested_by) for one in kept] == [
            (person, "заявление № 7", "admin")
        ]
        stranger = ErasedPerson(UUID(int=1), "давно", "admin")
        database = engine.application.database
        assert erase_again(database, [*kept, stranger], engine.now) == (0, 1, 1, ())
        # A backup of before the erasure is restored: the person is there again.
        with database.transaction() as session:
            session.execute(text("DELETE FROM erased_address"))
            session.execute(text("DELETE FROM erasure"))
            session.execute(
                text("UPDATE person SET full_name = :name, external_id = 'customer:x' WHERE id = :p"),
                {"name": NAME, "p": person},
            )
        assert erase_again(database, kept, engine.now) == (1, 0, 0, ())
        assert "Воронцова" not in everything(engine)
