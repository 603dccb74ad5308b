"""Receipts late, twice, reordered, unknown: stored always, and they change nothing they must not (P7)."""

from datetime import date
from itertools import permutations
from uuid import uuid4

import pytest

from channels.port import AttemptReference, ChannelKind, OutcomeKind, Receipt, ReceiptKind
from dispatcher.delivery.receipts import store_receipt
from dispatcher.delivery.step_plan import Combination, Success
from tests.engine import Engine
from tests.factories import make_campaign, make_list, make_run, make_step, rows

FIRST = "person1@example.org"
DELIVERED, FAILED, DELAYED = ReceiptKind.DELIVERED, ReceiptKind.FAILED, ReceiptKind.DELAYED


def effects(engine: Engine) -> list[str | None]:
    return [one.effect for one in engine.sql("SELECT effect FROM receipt ORDER BY id")]


class TestReceipts:
    def test_a_bounce_before_the_settle_time_is_a_failure_with_its_reason(self, engine: Engine) -> None:
        make_list(engine.application, rows(2))
        run = engine.start(make_campaign(engine.application).run_id)
        engine.work()
        engine.receipt(engine.reference(run, FIRST), FAILED, reason="5.1.1")
        assert engine.finish(run) == {"failed": 1, "notified": 1}
        assert engine.notices(run)[FIRST] == "failed:5.1.1"

    def test_a_confirmation_makes_the_notice_as_strong_as_delivered(self, engine: Engine) -> None:
        make_list(engine.application, rows(1))
        run = engine.start(make_campaign(engine.application).run_id)
        engine.work()
        engine.receipt(engine.reference(run, FIRST), DELIVERED)
        assert engine.notices(run) == {FIRST: "notified:delivered"}

    def test_a_late_bounce_amends_a_closed_notice(self, engine: Engine) -> None:
        make_list(engine.application, rows(1))
        run = engine.start(make_campaign(engine.application).run_id)
        engine.finish(run)
        engine.receipt(engine.reference(run, FIRST), FAILED, reason="5.1.1")
        assert engine.notices(run) == {FIRST: "failed:5.1.1"}
        assert engine.run(run).state == "closed"
        (notice,) = engine.sql("SELECT closed_at, amended_at FROM notice")
        assert notice.closed_at < notice.amended_at
        engine.check_counters(run)

    def test_the_same_receipt_twice_counts_once_and_amends_nothing(self, engine: Engine) -> None:
        make_list(engine.application, rows(1))
        run = engine.start(make_campaign(engine.application).run_id)
        engine.work()
        for _ in range(3):
            engine.receipt(engine.reference(run, FIRST), DELIVERED)
        assert effects(engine) == ["applied", "no_change", "no_change"]
        assert engine.sql("SELECT amended_at FROM notice")[0].amended_at is None
        engine.check_counters(run)

    @pytest.mark.parametrize("order", sorted(permutations([DELIVERED, FAILED, DELAYED])))
    @pytest.mark.parametrize("is_late", [False, True])
    def test_in_any_order_the_end_is_the_same(
        self, engine: Engine, order: tuple[ReceiptKind, ...], is_late: bool
    ) -> None:
        make_list(engine.application, rows(1))
        run = engine.start(make_campaign(engine.application).run_id)
        engine.work()
        if is_late:
            engine.finish(run)
        for kind in order:
            engine.receipt(engine.reference(run, FIRST), kind)
        assert engine.finish(run) == {"failed": 1}
        assert engine.notices(run) == {FIRST: "failed:failed"}

    def test_a_receipt_that_overtakes_the_answer_is_kept_and_the_answers_content_too(
        self, engine: Engine
    ) -> None:
        make_list(engine.application, rows(1))
        run = engine.start(make_campaign(engine.application).run_id)
        engine.email.before_send = lambda batch: engine.receipt(batch[0].attempt, DELIVERED)
        engine.work()
        assert engine.states(run) == {"delivered": 1}
        assert len(engine.sql("SELECT 1 FROM attempt_content WHERE content IS NOT NULL")) == 1
        assert engine.finish(run) == {"notified": 1}

    def test_a_bounce_that_overtakes_the_answer_stays_a_failure_with_its_reason(self, engine: Engine) -> None:
        make_list(engine.application, rows(1))
        run = engine.start(make_campaign(engine.application).run_id)
        engine.email.before_send = lambda batch: engine.receipt(batch[0].attempt, FAILED, reason="5.1.1")
        engine.work()
        assert [(one.state, one.reason) for one in engine.attempts(run)] == [("failed", "5.1.1")]
        assert engine.finish(run) == {"failed": 1}

    def test_a_receipt_resolves_an_unknown_attempt(self, engine: Engine) -> None:
        make_list(engine.application, rows(2))
        for number in (1, 2):
            engine.email.answer(f"person{number}@example.org", OutcomeKind.UNKNOWN)
        run = engine.start(make_campaign(engine.application).run_id)
        engine.work()
        engine.receipt(engine.reference(run, FIRST), DELIVERED)
        engine.receipt(engine.reference(run, "person2@example.org"), FAILED, reason="5.1.1")
        assert engine.finish(run) == {"notified": 1, "failed": 1}

    def test_a_receipt_about_somebody_never_written_to_changes_nothing(self, engine: Engine) -> None:
        make_list(engine.application, rows(1))
        run = engine.start(make_campaign(engine.application).run_id)
        engine.receipt(engine.reference(run, FIRST), DELIVERED)
        assert effects(engine) == ["no_change"]
        assert engine.states(run) == {"planned": 1}

    @pytest.mark.parametrize(
        "period", [date(2026, 3, 1), date(1999, 1, 1), date(2026, 3, 17), date(9999, 12, 1)]
    )
    def test_one_about_an_attempt_we_do_not_know_is_kept(self, engine: Engine, period: date) -> None:
        engine.round()
        engine.receipt(AttemptReference(period, uuid4()), FAILED, raw=b"whatever")
        engine.receipt(None, ReceiptKind.UNKNOWN, raw=b"something else")
        assert effects(engine) == ["unknown_attempt", "unknown_attempt"]
        assert [bytes(one.raw) for one in engine.sql("SELECT raw FROM receipt ORDER BY id")] == [
            b"whatever",
            b"something else",
        ]

    def test_one_that_was_only_stored_is_applied_by_the_sweep(self, engine: Engine) -> None:
        make_list(engine.application, rows(1))
        run = engine.start(make_campaign(engine.application).run_id)
        engine.work()
        report = Receipt(engine.reference(run, FIRST), DELIVERED)
        engine.application.database.run(lambda s: store_receipt(s, ChannelKind.EMAIL, report, engine.now()))
        assert effects(engine) == [None]
        engine.round()
        assert engine.states(run) == {"delivered": 1}

    def test_a_bounce_goes_on_to_the_next_channel(self, engine: Engine) -> None:
        imported = make_list(engine.application, rows(1))
        steps = [make_step(engine.application), make_step(engine.application, ChannelKind.SMS)]
        run = engine.start(make_run(engine.application, steps, imported=imported))
        engine.work()
        engine.receipt(engine.reference(run, FIRST), FAILED)
        assert engine.finish(run) == {"notified": 1}
        assert engine.sms.addresses() == ["+79000000001"]

    def test_a_late_delivery_calls_off_the_next_channel(self, engine: Engine) -> None:
        imported = make_list(engine.application, rows(1))
        steps = [
            make_step(engine.application, settle_seconds=10.0, success=Success.DELIVERED),
            make_step(engine.application, ChannelKind.SMS, wait_seconds=600.0),
        ]
        run = engine.start(make_run(engine.application, steps, imported=imported))
        engine.work()
        engine.advance(seconds=11)
        assert engine.states(run) == {"accepted": 1, "planned": 1}
        engine.receipt(engine.reference(run, FIRST), DELIVERED)
        assert engine.states(run) == {"delivered": 1, "cancelled": 1}
        assert engine.finish(run) == {"notified": 1}
        assert engine.sms.sent == []

    def test_two_required_channels_are_both_used_and_half_is_said_to_be_half(self, engine: Engine) -> None:
        imported = make_list(engine.application, rows(3))
        engine.sms.answer("+79000000002", OutcomeKind.PERMANENT)
        steps = [make_step(engine.application), make_step(engine.application, ChannelKind.SMS)]
        run = make_run(engine.application, steps, imported=imported, combination=Combination.ALL)
        engine.start(run)
        assert engine.finish(run) == {"notified": 2, "partly_notified": 1}
        assert len(engine.email.sent) == len(engine.sms.sent) == 3
        engine.receipt(engine.reference(run, FIRST), FAILED, reason="5.1.1")
        assert engine.notices(run)[FIRST] == "partly_notified:5.1.1"
        engine.check_counters(run)
