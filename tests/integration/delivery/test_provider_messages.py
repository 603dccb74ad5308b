"""Receipts that name a message by the provider's own id alone, as SMPP does: before its record or after."""

import asyncio
from uuid import UUID

import pytest

from channels.port import ChannelKind, IncomingText, OutcomeKind, Receipt, ReceiptKind
from channels.sandbox.smpp_server import SandboxSmppServer
from channels.sms.channel import SmsChannel
from channels.sms.smpp.provider import SmppProvider
from dispatcher.core.settings import SmppSettings, SmsSettings
from dispatcher.delivery.bridge import Bridge
from dispatcher.delivery.receipt_keeper import ReceiptKeeper
from dispatcher.delivery.receipts import store_receipt
from dispatcher.delivery.step_plan import Success
from tests.engine import Engine
from tests.factories import make_list, make_run, make_step, rows
from tests.integration.channels.channel_contract import make_envelope, send_one

PHONE = "+79000000001"


def start(engine: Engine, *names: str, kind: OutcomeKind = OutcomeKind.ACCEPTED) -> UUID:
    engine.sms.answer(PHONE, kind, provider_id="smpp/x", provider_messages=names)
    imported = make_list(engine.application, rows(1))
    step = make_step(engine.application, ChannelKind.SMS, success=Success.DELIVERED, settle_seconds=90_000.0)
    return engine.start(make_run(engine.application, [step], imported=imported))


def report(engine: Engine, name: str, kind: ReceiptKind) -> None:
    receipt = Receipt(None, kind, f"smpp_{kind}", raw=b"raw", provider_message=name)
    with engine.application.database.transaction() as session:
        store_receipt(session, ChannelKind.SMS, receipt, engine.now())


def notice(engine: Engine, run: UUID) -> str:
    (state,) = engine.notices(run).values()
    return state


class TestOneMessage:
    @pytest.mark.parametrize(
        ("kind", "state"),
        [(ReceiptKind.DELIVERED, "notified:delivered"), (ReceiptKind.FAILED, "failed:smpp_failed")],
    )
    def test_its_receipt_finds_it(self, engine: Engine, kind: ReceiptKind, state: str) -> None:
        run = start(engine, "smpp/1")
        engine.work(ChannelKind.SMS)
        report(engine, "smpp/1", kind)
        engine.round()
        assert notice(engine, run) == state
        engine.check_counters(run)

    def test_a_receipt_that_comes_before_its_record_waits_for_it(self, engine: Engine) -> None:
        run = start(engine, "smpp/1")
        report(engine, "smpp/1", ReceiptKind.DELIVERED)
        engine.round()
        assert [tuple(row) for row in engine.sql("SELECT effect, attempt_id FROM receipt")] == [(None, None)]
        engine.work(ChannelKind.SMS)
        engine.round()
        assert notice(engine, run) == "notified:delivered"
        ((effect, attempt),) = engine.sql("SELECT effect, attempt_id FROM receipt")
        assert effect == "applied"
        assert attempt == engine.reference(run, PHONE).attempt_id

    def test_receipts_of_messages_that_nobody_knows_hold_nothing_up_and_are_given_up(
        self, engine: Engine
    ) -> None:
        run = start(engine, "smpp/1")
        engine.work(ChannelKind.SMS)
        for number in range(250):
            report(engine, f"smpp/strange{number}", ReceiptKind.DELIVERED)
        report(engine, "smpp/1", ReceiptKind.DELIVERED)
        engine.round()
        assert notice(engine, run) == "notified:delivered"
        engine.advance(hours=2)
        engine.round()
        found = engine.sql("SELECT effect, count(*) FROM receipt GROUP BY effect")
        assert {row[0]: row[1] for row in found} == {"applied": 1, "unknown_attempt": 250}

    def test_of_two_messages_with_the_same_id_the_later_one_is_meant(self, engine: Engine) -> None:
        first = start(engine, "smpp/1")
        engine.work(ChannelKind.SMS)
        engine.advance(hours=1)
        second = start(engine, "smpp/1")
        engine.work(ChannelKind.SMS)
        report(engine, "smpp/1", ReceiptKind.DELIVERED)
        engine.round()
        assert (notice(engine, first), notice(engine, second)) == ("open", "notified:delivered")


class TestLongText:
    def test_it_is_delivered_when_all_its_parts_are(self, engine: Engine) -> None:
        run = start(engine, "smpp/1", "smpp/2", "smpp/3")
        engine.work(ChannelKind.SMS)
        for name in ("smpp/2", "smpp/1", "smpp/1"):
            report(engine, name, ReceiptKind.DELIVERED)
        engine.round()
        assert notice(engine, run) == "open"
        report(engine, "smpp/3", ReceiptKind.DELIVERED)
        report(engine, "smpp/3", ReceiptKind.DELAYED)
        engine.round()
        assert notice(engine, run) == "notified:delivered"

    def test_it_has_failed_when_one_part_has(self, engine: Engine) -> None:
        run = start(engine, "smpp/1", "smpp/2")
        engine.work(ChannelKind.SMS)
        report(engine, "smpp/1", ReceiptKind.DELIVERED)
        report(engine, "smpp/2", ReceiptKind.FAILED)
        engine.round()
        assert notice(engine, run) == "failed:smpp_failed"


class TestBrokenChain:
    """A long text of which a part never left stays in doubt, whatever the other parts report."""

    def test_reports_of_its_parts_are_kept_with_it_and_never_make_it_whole(self, engine: Engine) -> None:
        run = start(engine, "smpp/1", "smpp/2", "", kind=OutcomeKind.UNKNOWN)
        engine.work(ChannelKind.SMS)
        for kind in (ReceiptKind.DELAYED, ReceiptKind.DELIVERED):
            for name in ("smpp/1", "smpp/2"):
                report(engine, name, kind)
        engine.round()
        assert engine.states(run) == {"unknown": 1}
        attempt = engine.reference(run, PHONE).attempt_id
        found = engine.sql("SELECT attempt_id, kind, effect FROM receipt")
        assert [tuple(row) for row in found] == [(attempt, "unknown", "no_change")] * 4
        parts = engine.sql("SELECT part, name, kind FROM provider_message ORDER BY part")
        assert [tuple(row) for row in parts] == [
            (1, "smpp/1", "delivered"),
            (2, "smpp/2", "delivered"),
            (3, "", None),
        ]

    def test_a_part_that_failed_fails_it(self, engine: Engine) -> None:
        run = start(engine, "smpp/1", "", kind=OutcomeKind.UNKNOWN)
        engine.work(ChannelKind.SMS)
        report(engine, "smpp/1", ReceiptKind.FAILED)
        engine.round()
        assert notice(engine, run) == "failed:smpp_failed"


class TestOverTheBind:
    def test_a_refusal_by_answer_withdraws_consent(self, engine: Engine) -> None:
        start(engine, "smpp/1")
        engine.work(ChannelKind.SMS)
        keeper = ReceiptKeeper(engine.application.database, engine.application.clock, ChannelKind.SMS)
        for _ in range(2):
            asyncio.run(keeper.keep_text(IncomingText("smpp", PHONE.lstrip("+"), "СТОП")))
        ((handling,),) = engine.sql("SELECT handling FROM incoming_letter")
        assert "согласие отозвано" in handling

    def test_a_receipt_from_the_sandbox_tells_that_the_person_was_told(self, engine: Engine) -> None:
        bridge, server = Bridge(), SandboxSmppServer()
        bridge.run(server.start())
        account = SmppSettings(hosts=[server.address], system_id="sandbox", password="sandbox")  # type: ignore[arg-type]
        channel = SmsChannel(SmsSettings(smpp=[account]), [SmppProvider(account)])
        keeper = ReceiptKeeper(engine.application.database, engine.application.clock, ChannelKind.SMS)
        try:
            bridge.run(channel.listen(keeper.keep))
            names = _send(bridge, channel)
            run = start(engine, *names)
            for _ in range(1000):
                if engine.sql("SELECT 1 FROM receipt"):
                    break
                bridge.run(asyncio.sleep(0.05))
            engine.work(ChannelKind.SMS)
            engine.round()
            assert notice(engine, run) == "notified:delivered"
        finally:
            bridge.run(channel.close())
            bridge.run(server.stop())
            bridge.close()


def _send(bridge: Bridge, channel: SmsChannel) -> tuple[str, ...]:
    outcome = bridge.run(send_one(channel, make_envelope(PHONE, text="Dolg 100")))
    return outcome.provider_messages
