"""Who refuses short messages by one is answered once, by a message that is claimed and recorded."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from channels.port import AttemptReference, ChannelKind, IncomingText, OutcomeKind, Price, ReceiptKind
from dispatcher.delivery.refusal_answers import RefusalAnswerWriter
from dispatcher.delivery.returns.sms_replies import SmsReply, take_reply
from tests.engine import Engine
from tests.factories import give_consent, make_list, make_run, make_step, rows, suppress

PHONE = "+79000000001"


@pytest.fixture
def engine(engine: Engine) -> Engine:
    """A person who was told of a debt."""
    imported = make_list(engine.application, rows(1))
    run = make_run(engine.application, [make_step(engine.application, ChannelKind.SMS)], imported=imported)
    engine.start(run)
    engine.work(ChannelKind.SMS)
    engine.sms.sent.clear()
    return engine


def writes(engine: Engine, words: str, *, phone: str = PHONE, **changes: Any) -> None:
    number = len(engine.sql("SELECT 1 FROM incoming_letter"))
    reply = SmsReply("smsc", f"id{number}", phone, words, **changes)
    engine.application.database.run(lambda session: take_reply(session, reply, engine.now()))


def answers(engine: Engine) -> list[tuple[str, str | None]]:
    return [tuple(row) for row in engine.sql("SELECT state, reason FROM refusal_answer ORDER BY id")]


def reference(engine: Engine) -> AttemptReference:
    (row,) = engine.sql("SELECT id, requested_at FROM refusal_answer")
    return AttemptReference(row.requested_at.date().replace(day=1), UUID(str(row.id)))


class TestOnce:
    def test_a_refusal_is_answered_once_though_consent_is_withdrawn_by_then(self, engine: Engine) -> None:
        engine.sms.answer(PHONE, OutcomeKind.ACCEPTED, provider_id="smsc/n1", price=Price(1, Decimal("3.50")))
        writes(engine, "СТОП")
        assert engine.worker.answer_refusals() == 1
        assert engine.worker.answer_refusals() == 0
        (sent,) = engine.sms.sent
        assert sent.address == PHONE
        assert "больше не пришлём" in sent.text
        (row,) = engine.sql("SELECT * FROM refusal_answer")
        assert (row.state, row.text, row.parts, row.amount) == ("sent", sent.text, 1, Decimal("3.5000"))

    @pytest.mark.parametrize("words", ["СТОП", "стоп пожалуйста"])
    def test_who_refuses_again_what_is_refused_already_is_not_answered_again(
        self, engine: Engine, words: str
    ) -> None:
        for said in ("СТОП", words):
            writes(engine, said)
            engine.worker.answer_refusals()
        assert len(engine.sms.sent) == 1

    def test_who_agreed_again_and_refuses_again_is_answered_again(self, engine: Engine) -> None:
        writes(engine, "СТОП")
        engine.worker.answer_refusals()
        engine.advance(seconds=5)
        give_consent(engine.application, PHONE, channel="sms")
        writes(engine, "СТОП")
        engine.worker.answer_refusals()
        assert len(engine.sms.sent) == 2

    def test_a_number_of_several_people_gets_one_answer(self, engine: Engine) -> None:
        make_list(engine.application, rows(2, phone="+7 900 000-00-01"), name="shared")
        assert len(engine.sql("SELECT 1 FROM contact_point WHERE address = :phone", phone=PHONE)) > 1
        writes(engine, "СТОП")
        engine.worker.answer_refusals()
        assert len(engine.sms.sent) == 1

    def test_words_for_staff_are_not_answered(self, engine: Engine) -> None:
        writes(engine, "Почему?")
        writes(engine, "СТОП", phone="+79995550000")  # nobody gave it
        assert answers(engine) == []

    def test_everything_refused_says_so_in_the_persons_language(self, engine: Engine) -> None:
        engine.sql("UPDATE person SET language = 'uk'")
        writes(engine, "СТОП ВСЕ")
        engine.worker.answer_refusals()
        (sent,) = engine.sms.sent
        assert "більше нічого не надсилатимемо" in sent.text


class TestRoad:
    """Claim, commit, send, record; what is in doubt is never sent again."""

    def test_it_is_committed_as_being_sent_before_the_provider_is_called(self, engine: Engine) -> None:
        states = []
        engine.sms.before_send = lambda _: states.extend(answers(engine))
        writes(engine, "СТОП")
        engine.worker.answer_refusals()
        assert states == [("sending", None)]

    def test_what_is_in_doubt_is_not_sent_again_and_a_late_report_settles_it(self, engine: Engine) -> None:
        engine.sms.answer(PHONE, OutcomeKind.UNKNOWN)
        writes(engine, "СТОП")
        engine.worker.answer_refusals()
        engine.advance(minutes=5)
        assert engine.worker.answer_refusals() == 0
        assert answers(engine) == [("unknown", "scripted_unknown")]
        engine.receipt(reference(engine), ReceiptKind.DELIVERED)
        (row,) = engine.sql("SELECT state, report FROM refusal_answer")
        assert tuple(row) == ("sent", "delivered")
        assert [one.effect for one in engine.sql("SELECT effect FROM receipt")] == ["applied"]

    def test_a_worker_that_vanished_leaves_it_unknown(self, engine: Engine) -> None:
        writes(engine, "СТОП")
        engine.sql(
            "UPDATE refusal_answer SET state = 'sending', sends = 1,"
            " lease_until = clock_timestamp() - interval '1 second'"
        )
        assert engine.worker.answer_refusals() == 0
        assert answers(engine) == [("unknown", "worker_vanished")]
        assert engine.sms.sent == []

    def test_what_has_not_left_is_tried_again_within_the_hour_only(self, engine: Engine) -> None:
        engine.sms.answer(PHONE, OutcomeKind.NOT_SENT, OutcomeKind.ACCEPTED)
        writes(engine, "СТОП")
        engine.worker.answer_refusals()
        assert answers(engine)[0][0] == "waiting"
        engine.advance(minutes=1)
        assert engine.worker.answer_refusals() == 1
        assert answers(engine) == [("sent", "scripted_accepted")]

    def test_two_workers_send_one(self, engine: Engine) -> None:
        writes(engine, "СТОП")
        another = engine.another_worker()
        engine.sms.before_send = lambda _: another.answer_refusals()
        try:
            engine.worker.answer_refusals()
        finally:
            another.tools.bridge.close()
        assert len(engine.sms.sent) == 1


class TestNotAnswered:
    def test_what_would_come_an_hour_late_is_no_answer_any_more(self, engine: Engine) -> None:
        writes(engine, "СТОП")
        engine.advance(hours=2)
        engine.worker.answer_refusals()
        assert answers(engine) == [("failed", "window_ended")]
        assert engine.sms.sent == []

    def test_a_consent_that_came_in_between_makes_the_words_false(self, engine: Engine) -> None:
        writes(engine, "СТОП")
        engine.set_time(engine.now().replace(second=59))
        give_consent(engine.application, PHONE, channel="sms")
        engine.worker.answer_refusals()
        assert answers(engine) == [("failed", "consent_given_again")]

    def test_a_suppressed_number_gets_nothing_at_all(self, engine: Engine) -> None:
        suppress(engine.application, PHONE, channel="sms")
        writes(engine, "СТОП")
        engine.worker.answer_refusals()
        assert answers(engine) == [("failed", "suppressed")]
        assert engine.sms.sent == []

    def test_it_can_be_switched_off(self, engine: Engine) -> None:
        tools = engine.worker.tools
        object.__setattr__(tools, "refusal_answers", RefusalAnswerWriter("Энергосбыт", "", is_on=False))
        writes(engine, "СТОП")
        engine.worker.answer_refusals()
        assert answers(engine) == [("failed", "switched_off")]
        assert engine.sms.sent == []

    def test_a_refusal_found_in_the_account_long_after_is_obeyed_and_not_answered(
        self, engine: Engine
    ) -> None:
        engine.sms.inbox_seconds = {"smsc": 60.0}
        engine.sms.inbox.append(IncomingText("smsc", PHONE[1:], "СТОП", "7"))
        assert engine.worker.collect(ChannelKind.SMS) == 1
        assert engine.sql("SELECT 1 FROM consent_event WHERE action = 'withdrawn'") != []
        assert answers(engine) == []

    def test_one_found_a_minute_after_is_answered(self, engine: Engine) -> None:
        engine.sms.inbox_seconds = {"smsc": 60.0}
        engine.worker.collect(ChannelKind.SMS)
        engine.advance(seconds=61)
        engine.sms.inbox.append(IncomingText("smsc", PHONE[1:], "СТОП", "7"))
        engine.worker.collect(ChannelKind.SMS)
        assert engine.worker.answer_refusals() == 1
