"""Asking the provider what became of an attempt (promise P3): in doubt at once, after a long silence too."""

from decimal import Decimal
from uuid import UUID

import pytest

from channels.port import ChannelKind, OutcomeKind, Price, Receipt, ReceiptKind
from dispatcher.delivery.progress import read_progress
from dispatcher.delivery.step_plan import OnUnknown, Success
from tests.engine import Engine
from tests.factories import make_list, make_run, make_step, rows

PHONE = "+79000000001"


def start(engine: Engine, people: int = 1, **changes: object) -> UUID:
    imported = make_list(engine.application, rows(people))
    step = make_step(engine.application, ChannelKind.SMS, success=Success.DELIVERED, settle_seconds=90_000.0)
    run = make_run(engine.application, [step], imported=imported, **changes)  # type: ignore[arg-type]
    engine.start(run)
    return run


def ask(engine: Engine) -> int:
    return engine.worker.ask(ChannelKind.SMS)


def knows(engine: Engine, run: UUID, kind: ReceiptKind, price: Price | None = None) -> None:
    reference = engine.reference(run, PHONE)
    engine.sms.known[reference] = Receipt(reference, kind, f"asked_{kind}", raw=b"answer", price=price)


class TestInDoubt:
    def test_the_provider_is_asked_and_what_it_has_is_no_longer_in_doubt(self, engine: Engine) -> None:
        engine.sms.answer(PHONE, OutcomeKind.UNKNOWN, provider_id="one/n1")
        run = start(engine)
        engine.work(ChannelKind.SMS)
        assert engine.states(run) == {"unknown": 1}
        knows(engine, run, ReceiptKind.DELAYED)
        engine.advance(seconds=6)
        assert ask(engine) == 1
        assert engine.states(run) == {"accepted": 1}
        (question,) = engine.sms.asked
        assert (question.address, question.provider_id) == (PHONE, "one/n1")
        assert len(engine.sms.sent) == 1
        engine.check_counters(run)

    @pytest.mark.parametrize(
        ("kind", "state"),
        [(ReceiptKind.DELIVERED, "notified:delivered"), (ReceiptKind.FAILED, "failed:asked_failed")],
    )
    def test_a_final_answer_decides(self, engine: Engine, kind: ReceiptKind, state: str) -> None:
        engine.sms.answer(PHONE, OutcomeKind.UNKNOWN)
        run = start(engine)
        engine.work(ChannelKind.SMS)
        knows(engine, run, kind)
        engine.advance(seconds=6)
        ask(engine)
        assert list(engine.notices(run).values()) == [state]
        assert engine.sql("SELECT 1 FROM provider_question") == []

    def test_silence_decides_nothing_and_is_asked_again_ever_more_slowly(self, engine: Engine) -> None:
        engine.sms.answer(PHONE, OutcomeKind.UNKNOWN)
        run = start(engine, unknown_query_seconds=600.0)
        engine.work(ChannelKind.SMS)
        times = []
        for _ in range(40):
            engine.advance(seconds=10)
            before = len(engine.sms.asked)
            ask(engine)
            times.append(len(engine.sms.asked) - before)
        assert 4 <= sum(times) <= 7
        assert engine.states(run) == {"unknown": 1}

    def test_a_worker_that_vanished_leaves_a_question_and_never_a_second_message(
        self, engine: Engine
    ) -> None:
        run = start(engine)
        engine.sms.gate.clear()
        engine.sql("UPDATE attempt SET state = 'planned'")
        claimed = engine.sql("SELECT id FROM attempt")
        engine.sql(
            "UPDATE attempt SET state = 'sending', claim_token = gen_random_uuid(),"
            " lease_until = clock_timestamp() - interval '1 second'"
        )
        engine.sms.gate.set()
        engine.round()
        assert engine.states(run) == {"unknown": 1}
        knows(engine, run, ReceiptKind.DELIVERED)
        engine.advance(seconds=6)
        ask(engine)
        assert list(engine.notices(run).values()) == ["notified:delivered"]
        assert engine.sms.sent == []
        assert len(claimed) == 1

    def test_a_late_answer_amends_what_was_closed_as_unknown(self, engine: Engine) -> None:
        engine.sms.answer(PHONE, OutcomeKind.UNKNOWN)
        run = start(engine, unknown_query_seconds=10.0, on_unknown=OnUnknown.LEAVE)
        engine.work(ChannelKind.SMS)
        engine.advance(seconds=20)
        assert list(engine.notices(run).values()) == ["unknown:scripted_unknown"]
        knows(engine, run, ReceiptKind.DELIVERED)
        engine.advance(seconds=60)
        ask(engine)
        assert list(engine.notices(run).values()) == ["notified:delivered"]


class TestSilence:
    def test_an_accepted_message_without_a_report_is_asked_about_after_half_an_hour(
        self, engine: Engine
    ) -> None:
        run = start(engine)
        engine.work(ChannelKind.SMS)
        knows(engine, run, ReceiptKind.DELIVERED, Price(2, Decimal("7.00")))
        engine.advance(minutes=29)
        assert ask(engine) == 0
        engine.advance(minutes=2)
        assert ask(engine) == 1
        assert list(engine.notices(run).values()) == ["notified:delivered"]

    def test_a_report_that_came_leaves_nothing_to_ask(self, engine: Engine) -> None:
        run = start(engine)
        engine.work(ChannelKind.SMS)
        engine.receipt(engine.reference(run, PHONE), ReceiptKind.DELIVERED)
        engine.advance(minutes=31)
        ask(engine)
        assert engine.sms.asked == []
        assert engine.sql("SELECT 1 FROM provider_question") == []

    def test_of_which_no_report_ever_comes_is_told_apart_from_what_was_delivered(
        self, engine: Engine
    ) -> None:
        run = start(engine, people=3)
        engine.work(ChannelKind.SMS)
        engine.receipt(engine.reference(run, PHONE), ReceiptKind.DELIVERED)
        nobody_knows = engine.reference(run, "+79000000002")
        engine.receipt(nobody_knows, ReceiptKind.UNKNOWN, reason="smsc_20_245")
        engine.advance(hours=26)
        assert sorted(engine.notices(run).values()) == [
            "notified:accepted",
            "notified:accepted",
            "notified:delivered",
        ]
        with engine.application.database.transaction() as session:
            told = {one.reason: one.count for one in read_progress(session, run) if one.state == "notified"}
        assert told == {"accepted": 2, "delivered": 1}
        engine.receipt(nobody_knows, ReceiptKind.DELIVERED)
        assert sorted(engine.notices(run).values()).count("notified:delivered") == 2

    def test_email_is_never_asked_about(self, engine: Engine) -> None:
        imported = make_list(engine.application, rows(1))
        run = make_run(engine.application, [make_step(engine.application)], imported=imported)
        engine.start(run)
        engine.work()
        assert engine.sql("SELECT 1 FROM provider_question") == []


class TestPrices:
    def test_what_the_provider_named_is_kept_and_a_later_report_corrects_the_amount(
        self, engine: Engine
    ) -> None:
        engine.sms.answer(PHONE, OutcomeKind.ACCEPTED, price=Price(2, Decimal("7.00")))
        run = start(engine)
        engine.work(ChannelKind.SMS)
        assert [tuple(row) for row in engine.sql("SELECT parts, amount FROM attempt_price")] == [
            (2, Decimal("7.0000"))
        ]
        knows(engine, run, ReceiptKind.DELIVERED, Price(1, Decimal("6.40")))
        engine.advance(minutes=31)
        ask(engine)
        assert [tuple(row) for row in engine.sql("SELECT parts, amount FROM attempt_price")] == [
            (2, Decimal("6.4000"))
        ]
        # What the run cost is counted beside it, each correction by its difference (P12).
        counted = engine.sql(
            "SELECT channel, sum(attempts), sum(parts), sum(amount) FROM run_cost GROUP BY 1"
        )
        assert [tuple(row) for row in counted] == [("sms", 1, 2, Decimal("6.4000"))]
