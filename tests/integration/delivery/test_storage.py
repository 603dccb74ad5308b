"""What the database itself refuses, whatever the code above it does (P2, P11)."""

import hashlib
import zlib

import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError

from channels.port import OutcomeKind
from tests.engine import Engine
from tests.factories import make_campaign, make_list, rows


class TestUniqueKeys:
    def test_a_second_notice_for_the_same_recipient_is_refused(self, engine: Engine) -> None:
        make_list(engine.application, rows(1))
        engine.start(make_campaign(engine.application).run_id)
        with pytest.raises(IntegrityError, match="duplicate key"):
            engine.sql(
                "INSERT INTO notice (period, id, run_id, recipient_id, person_id, state, created_at)"
                " SELECT period, gen_random_uuid(), run_id, recipient_id, person_id, 'open', now()"
                " FROM notice"
            )

    def test_a_second_attempt_of_the_same_step_and_number_is_refused(self, engine: Engine) -> None:
        make_list(engine.application, rows(1))
        engine.start(make_campaign(engine.application).run_id)
        with pytest.raises(IntegrityError, match="duplicate key"):
            engine.sql(
                "INSERT INTO attempt (period, id, notice_id, run_id, person_id, channel, step, number, state,"
                " due_at, created_at)"
                " SELECT period, gen_random_uuid(), notice_id, run_id, person_id, channel, step, number,"
                " 'planned', now(), now() FROM attempt"
            )


class TestWhatBelongsTogether:
    """What no foreign key checks for every message (decision 0031)."""

    def test_every_event_content_and_reservation_has_its_attempt(self, engine: Engine) -> None:
        make_list(engine.application, rows(5))
        engine.email.answer("person1@example.org", OutcomeKind.TRANSIENT, OutcomeKind.ACCEPTED)
        engine.email.answer("person2@example.org", OutcomeKind.PERMANENT)
        engine.email.answer("person3@example.org", OutcomeKind.NOT_SENT, OutcomeKind.ACCEPTED)
        run = engine.start(make_campaign(engine.application).run_id)
        engine.finish(run)
        for table, columns in (
            ("attempt_event", "a.period = t.period AND a.id = t.attempt_id"),
            ("attempt_content", "a.period = t.period AND a.id = t.attempt_id"),
            (
                "contact_budget",
                "a.id = t.attempt_id AND a.person_id = t.person_id"
                " AND a.contact_point_id = t.contact_point_id",
            ),
        ):
            counted = engine.sql(
                f"SELECT count(*) AS all_rows, count(a.id) AS with_attempt"
                f" FROM {table} t LEFT JOIN attempt a ON {columns}"
            )
            assert counted[0].all_rows == counted[0].with_attempt > 0, table

    def test_no_attempt_with_its_record_can_be_deleted(self, engine: Engine) -> None:
        make_list(engine.application, rows(1))
        engine.start(make_campaign(engine.application).run_id)
        with pytest.raises(DBAPIError, match="append-only"):
            engine.sql("DELETE FROM attempt")

    @pytest.mark.parametrize("table", ["person", "contact_point"])
    def test_nobody_who_was_counted_can_be_deleted(self, engine: Engine, table: str) -> None:
        make_list(engine.application, rows(1))
        engine.start(make_campaign(engine.application).run_id)
        engine.work()
        with pytest.raises(IntegrityError, match="foreign key"):
            engine.sql(f"DELETE FROM {table}")


class TestAppendOnly:
    @pytest.mark.requirement(6, "Store notification results: append-only")
    @pytest.mark.parametrize("table", ["attempt_event", "consent_event", "audit_event"])
    @pytest.mark.parametrize(
        "statement", ["UPDATE {} SET id = gen_random_uuid()", "DELETE FROM {}"], ids=["update", "delete"]
    )
    def test_the_record_can_be_neither_changed_nor_deleted(
        self, engine: Engine, table: str, statement: str
    ) -> None:
        make_list(engine.application, rows(1))
        run = engine.start(make_campaign(engine.application).run_id)
        engine.finish(run)
        before = engine.sql(f"SELECT * FROM {table} ORDER BY id")
        assert before
        with pytest.raises(DBAPIError, match="append-only"):
            engine.sql(statement.format(table))
        assert engine.sql(f"SELECT * FROM {table} ORDER BY id") == before

    @pytest.mark.requirement(6, "Store notification results")
    def test_every_step_of_an_attempt_is_on_record_with_the_hash_of_what_was_sent(
        self, engine: Engine
    ) -> None:
        make_list(engine.application, rows(1))
        run = engine.start(make_campaign(engine.application).run_id)
        engine.finish(run)
        events = engine.sql(
            "SELECT trigger, from_state, to_state, content_hash FROM attempt_event ORDER BY id"
        )
        assert [(one.trigger, one.from_state, one.to_state) for one in events] == [
            ("claim", "planned", "sending"),
            ("accept", "sending", "accepted"),
            ("settle", "accepted", "accepted"),
        ]
        assert [one.content_hash is not None for one in events] == [False, True, False]

    @pytest.mark.requirement(6, "Store notification results: the exact text sent")
    def test_the_exact_text_sent_to_each_is_kept_and_matches_its_hash(self, engine: Engine) -> None:
        make_list(engine.application, rows(2))
        engine.start(make_campaign(engine.application).run_id)
        engine.work()
        sent = {envelope.address: envelope.text.encode() for envelope in engine.email.sent}
        kept = engine.sql(
            "SELECT c.*, e.content_hash FROM attempt_content c JOIN attempt_event e"
            " ON e.attempt_id = c.attempt_id AND e.trigger = 'accept'"
        )
        assert {one.address: zlib.decompress(one.content) for one in kept} == sent
        for one in kept:
            digest = hashlib.sha256(one.salt)
            for part in (one.address.encode(), one.reply.encode(), sent[one.address]):
                digest.update(len(part).to_bytes(8, "big") + part)
            assert digest.digest() == one.content_hash


class TestPersonalDataStaysInside:
    @pytest.mark.requirement(51, "Personal data protected: none in logs, counters, events or queue messages")
    def test_no_address_phone_or_name_is_in_events_counters_outbox_or_audit(self, engine: Engine) -> None:
        make_list(engine.application, rows(2, name="Тайный Абонент"))
        run = engine.start(make_campaign(engine.application).run_id)
        engine.finish(run)
        for table in ("attempt_event", "progress", "outbox", "audit_event", "run", "attempt", "notice"):
            everything = repr(engine.sql(f"SELECT t::text FROM {table} t"))
            for secret in ("person1@", "+7900", "Тайный", "1250"):
                assert secret not in everything, table
