"""Notices by contract or law: who cannot be told otherwise is told by hand, and nobody vanishes (P1, P7)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from campaigns.import_list import ImportResult
from channels.port import ChannelKind, OutcomeKind, ReceiptKind
from consent.sources import Basis
from dispatcher.bootstrap import build_renderer
from dispatcher.delivery.errors import ManualTaskError, UnknownManualTaskError
from dispatcher.delivery.manual_tasks import HandRecord, HandWay, give_up, record_told
from dispatcher.delivery.runs import stop_run
from reports.manual_tasks import ManualTask, count_manual_tasks, list_manual_tasks
from tests.engine import Engine
from tests.factories import (
    NOON,
    contact_of,
    give_consent,
    make_campaign,
    make_list,
    make_run,
    make_step,
    row,
    rows,
)
from tests.integration.delivery.test_permission import withdraw

SIGNED = HandRecord(HandWay.SIGNATURE, NOON, told_by="Сидоров", taken_by="Петров", reference="расписка 17")


def mandatory_run(engine: Engine, imported: ImportResult, **changes: Any) -> UUID:
    """A run by e-mail that rests on law."""
    steps = [make_step(engine.application)]
    return make_run(engine.application, steps, imported=imported, basis=Basis.LEGAL_DUTY, **changes)


def tasks(engine: Engine, **wanted: object) -> list[ManualTask]:
    built = engine.application
    with built.database.transaction() as session:
        return list_manual_tasks(
            session,
            limit=100,
            renderer=build_renderer(built),
            now=engine.now(),
            **wanted,  # type: ignore[arg-type]
        )


def tell(engine: Engine, task: UUID, record: HandRecord = SIGNED) -> None:
    with engine.application.database.transaction() as session:
        record_told(session, task, record, actor="staff:olga", now=engine.now())


class TestOpening:
    @pytest.mark.requirement(12, "no legal basis permits an address that was withdrawn")
    @pytest.mark.requirement(46, "what may not be sent is told against a signature or by telephone message")
    @pytest.mark.requirement(48, "the manual task is the last fallback, with name, address, sum and text")
    def test_who_withdrew_is_told_by_the_next_permitted_channel_else_by_hand(self, engine: Engine) -> None:
        application = engine.application
        imported = make_list(
            application, [row(1), row(2), row(3, consent="email"), row(4, email="", phone="")]
        )
        steps = [make_step(application), make_step(application, ChannelKind.SMS)]
        run = make_run(application, steps, imported=imported, basis=Basis.CONTRACT)
        engine.start(run)
        withdraw(application, contact_of(application, "person2@example.org"))
        withdraw(application, contact_of(application, "person3@example.org"))
        states = engine.finish(run)
        assert engine.email.addresses() == ["person1@example.org"]
        assert engine.sms.addresses() == ["+79000000002"]
        assert states == {"notified": 2, "blocked": 2}
        found = sorted(tasks(engine, run=run), key=lambda one: one.account_number)
        assert [(one.account_number, one.reason) for one in found] == [
            ("0000000003", "no_consent"),
            ("0000000004", "no_address"),
        ]
        assert (found[0].full_name, found[0].address, found[0].debt) == (
            "Петров Пётр 3",
            "г. Москва, ул. Тихая, д. 1",
            "1250.40",
        )
        assert "1\xa0250,40" in (found[0].text or "")
        assert "127.0.0.1" not in (found[0].text or "")

    def test_a_run_that_rests_on_consent_makes_no_tasks(self, engine: Engine) -> None:
        make_list(engine.application, rows(2, consent="нет"))
        run = engine.start(make_campaign(engine.application).run_id)
        assert engine.finish(run) == {"blocked": 2}
        assert tasks(engine, run=run) == []

    def test_every_end_but_a_stop_leaves_a_task_for_who_was_not_told(self, engine: Engine) -> None:
        imported = make_list(engine.application, rows(2))
        late = mandatory_run(engine, imported, lasts=timedelta(hours=1))
        engine.start(late)
        engine.advance(hours=2)
        assert engine.finish(late) == {"expired": 2}
        assert [one.reason for one in tasks(engine, run=late)] == ["window_ended"] * 2
        stopped = mandatory_run(engine, imported)
        engine.start(stopped)
        with engine.application.database.transaction() as session:
            stop_run(session, stopped, actor="staff:olga", reason="staff", now=engine.now())
        assert engine.finish(stopped) == {"stopped": 2}
        assert tasks(engine, run=stopped) == []

    def test_a_late_bounce_opens_one_and_a_late_delivery_calls_one_off(self, engine: Engine) -> None:
        engine.email.answer("person2@example.org", OutcomeKind.UNKNOWN)
        run = mandatory_run(engine, make_list(engine.application, rows(2)))
        engine.start(run)
        assert engine.finish(run) == {"notified": 1, "unknown": 1}
        assert [one.notice_state for one in tasks(engine, run=run)] == ["unknown"]
        engine.receipt(engine.reference(run, "person2@example.org"), ReceiptKind.DELIVERED)
        assert tasks(engine, run=run) == []
        assert [one.state for one in tasks(engine, run=run, state=None)] == ["not_needed"]
        engine.receipt(engine.reference(run, "person1@example.org"), ReceiptKind.FAILED, reason="dsn_5.1.1")
        [task] = tasks(engine, run=run)
        assert (task.notice_state, task.reason) == ("failed", "dsn_5.1.1")
        # What was called off is needed again once the delivery proves to have been none.
        engine.receipt(engine.reference(run, "person2@example.org"), ReceiptKind.FAILED, reason="dsn_5.2.2")
        assert len(tasks(engine, run=run)) == 2
        engine.check_counters(run)


class TestClosing:
    @pytest.fixture
    def run(self, engine: Engine) -> UUID:
        """A closed run with two people who were not told."""
        make_list(engine.application, rows(2, consent="нет"))
        run = make_campaign(engine.application, basis=Basis.CONTRACT).run_id
        engine.start(run)
        assert engine.finish(run) == {"blocked": 2}
        return run

    @pytest.mark.requirement(
        46, "вручено под роспись and телефонограмма count as told, with their own strength"
    )
    def test_who_was_told_by_hand_counts_as_notified(self, engine: Engine, run: UUID) -> None:
        first, second = tasks(engine, run=run)
        tell(engine, first.id)
        assert sorted(engine.notices(run).values()) == ["blocked:no_consent", "notified:hand_signature"]
        engine.check_counters(run)
        taken = HandRecord(HandWay.PHONE_MESSAGE, engine.now(), told_by="Сидоров", taken_by="Петрова")
        tell(engine, second.id, taken)
        assert set(engine.notices(run).values()) == {"notified:hand_signature", "notified:hand_phone_message"}
        engine.check_counters(run)
        assert all(one.amended_at for one in engine.sql("SELECT amended_at FROM notice"))
        with engine.application.database.transaction() as session:
            assert count_manual_tasks(session, run) == {"done": 2}
        [kept] = [one for one in tasks(engine, state="done") if one.id == first.id]
        assert (kept.taken_by, kept.reference, kept.recorded_by) == ("Петров", "расписка 17", "staff:olga")
        audit = engine.sql("SELECT before, after FROM audit_event WHERE action = 'manual_task.done'")
        assert len(audit) == 2
        assert "Петров" not in str(audit)

    def test_what_was_told_by_hand_no_receipt_takes_back(self, engine: Engine) -> None:
        engine.email.answer("person1@example.org", OutcomeKind.UNKNOWN)
        run = mandatory_run(engine, make_list(engine.application, rows(1)))
        engine.start(run)
        engine.finish(run)
        [task] = tasks(engine, run=run)
        tell(engine, task.id)
        letter = engine.reference(run, "person1@example.org")
        for kind in (ReceiptKind.DELIVERED, ReceiptKind.FAILED):
            engine.receipt(letter, kind, reason="dsn_5.1.1")
            assert engine.notices(run) == {"person1@example.org": "notified:hand_signature"}
        engine.check_counters(run)

    @pytest.mark.parametrize(
        ("record", "words"),
        [
            (replace(SIGNED, reference=" "), "needs: taken_by, reference"),
            (replace(SIGNED, way=HandWay.PHONE_MESSAGE, taken_by=""), "needs: taken_by, told_by"),
            (replace(SIGNED, way=HandWay.LETTER, reference=""), "needs: reference"),
            (replace(SIGNED, told_at=NOON + timedelta(days=30)), "in the future"),
        ],
    )
    def test_a_record_that_proves_nothing_is_refused(
        self, engine: Engine, run: UUID, record: HandRecord, words: str
    ) -> None:
        first = tasks(engine, run=run)[0]
        with pytest.raises(ManualTaskError, match=words):
            tell(engine, first.id, record)
        assert len(tasks(engine, run=run)) == 2

    def test_a_task_is_closed_once_and_giving_up_needs_a_reason(self, engine: Engine, run: UUID) -> None:
        first = tasks(engine, run=run)[0]
        database = engine.application.database
        with pytest.raises(ManualTaskError), database.transaction() as session:
            give_up(session, first.id, " ", actor="staff:olga", now=engine.now())
        with database.transaction() as session:
            give_up(session, first.id, "адресат выбыл", actor="staff:olga", now=engine.now())
        with pytest.raises(ManualTaskError, match="closed already"):
            tell(engine, first.id)
        with pytest.raises(UnknownManualTaskError):
            tell(engine, run)
        assert set(engine.notices(run).values()) == {"blocked:no_consent"}
        engine.check_counters(run)

    def test_whom_a_resend_told_is_marked(self, engine: Engine) -> None:
        make_list(engine.application, rows(1, consent=""))
        run = make_campaign(engine.application, basis=Basis.CONTRACT).run_id
        engine.start(run)
        engine.finish(run)
        assert [one.is_told_since for one in tasks(engine, run=run)] == [False]
        give_consent(engine.application, "person1@example.org")
        again = make_campaign(engine.application, name="Повтор").run_id
        engine.sql("UPDATE run SET kind = 'resend', parent_run_id = :p WHERE id = :r", p=run, r=again)
        engine.start(again)
        engine.finish(again)
        assert [one.is_told_since for one in tasks(engine, run=run)] == [True]
