"""Calls through SMSC by a real worker: what they end as, what they cost, and never a second request."""

from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import text

from campaigns.errors import CampaignError
from campaigns.scenarios import current_version
from channels.port import ChannelKind, Receipt, ReceiptKind
from channels.registry import ChannelRegistry
from channels.sandbox.smsc_server import SandboxSmscServer
from channels.voice.smsc_calls import SmscCalls
from dispatcher.bootstrap import build_lane_worker
from dispatcher.core.settings import DeliverySettings
from dispatcher.core.voice_settings import SmscCallSettings
from dispatcher.delivery.bridge import Bridge
from dispatcher.delivery.calls.desk import CallingChannel
from dispatcher.delivery.lane_tools import Lane
from dispatcher.delivery.receipts import apply_stored, store_receipt
from dispatcher.delivery.retry_rules import RetryRule
from dispatcher.delivery.step_plan import Success
from tests.engine import Engine
from tests.factories import make_list, make_run, make_step, row
from tests.integration.channels.channel_contract import SILENCE_SECONDS
from tests.integration.channels.test_sms_channel import account_at

VOICE = Lane(ChannelKind.VOICE, "bulk")
#: Somebody takes the call; busy; the answer to our request is lost though it was taken; nothing was taken.
ANSWERED, BUSY, LOST, NEVER_TAKEN = "+79990000001", "+79996400001", "+79993030001", "+79993020001"
CALL = """
[приветствие]
Вам звонит {{ company_name }}.
Это автоматическое сообщение.

[сведения]
Завтра света не будет.

[вопрос]
9 = больше не звонить
Чтобы мы больше не звонили об этом, нажмите 9.
"""
#: Taken, and never reported.
SILENT = "+79993050001"


@pytest.fixture
def desk(engine: Engine) -> Iterator[Any]:
    """A worker whose calls go to the sandbox's SMSC."""
    bridge, server = Bridge(), SandboxSmscServer()
    bridge.run(server.start())
    quick = SmscCallSettings(account="smsc", poll_seconds=0.05, talk_seconds=0.5)
    # Less ringing than people are given, for one that is never reported is waited for.
    account = account_at(server, timeout_seconds=SILENCE_SECONDS)
    channel = SmscCalls(account, quick.model_copy(update={"ring_seconds": 1}))
    registry = ChannelRegistry()
    registry.register(channel)
    worker = build_lane_worker(engine.application, registry)
    assert isinstance(channel, CallingChannel)

    def work() -> None:
        for _ in range(2):
            worker.work(VOICE, 60.0)
            assert worker._desk(VOICE, channel).wait_until_idle(60)

    yield SimpleNamespace(work=work, worker=worker, server=server)
    worker.stop()
    worker.end_calls(60)
    worker.tools.bridge.run(channel.close())
    worker.tools.bridge.close()
    bridge.run(server.stop())
    bridge.close()


def start(engine: Engine, *phones: str) -> Any:
    people = [row(number, phone=phone) for number, phone in enumerate(phones, start=1)]
    step = make_step(
        engine.application,
        ChannelKind.VOICE,
        call=CALL,
        success=Success.DELIVERED,
        settle_seconds=90_000.0,
        retry_rules={"busy": RetryRule((720.0,))},
        most_attempts=5,
    )
    imported = make_list(engine.application, people)
    return engine.start(make_run(engine.application, [step], imported=imported))


class TestCallsThroughSmsc:
    @pytest.mark.requirement(11, "autodial")
    def test_who_took_the_call_was_told_and_who_was_busy_is_called_again(self, engine: Engine, desk: Any):
        run = start(engine, ANSWERED, BUSY)
        desk.work()
        assert engine.states(run) == {"delivered": 1, "failed": 1, "planned": 1}
        assert "notified:answered" in engine.notices(run).values()
        assert len(desk.server.account.messages) == 2
        assert all(one.call for one in desk.server.account.messages.values())
        prices = engine.sql("SELECT amount FROM attempt_price")
        assert len(prices) == 2
        assert all(price.amount is not None for price in prices)
        kept = engine.sql("SELECT trunk, reached, reason FROM attempt_call ORDER BY reached NULLS LAST")
        assert [(one.trunk, one.reached) for one in kept] == [("smsc", "answered"), ("smsc", None)]
        engine.check_counters(run)

    def test_a_lost_answer_is_found_by_our_id_and_nothing_is_asked_for_twice(self, engine: Engine, desk: Any):
        run = start(engine, LOST, NEVER_TAKEN)
        desk.work()
        assert engine.states(run) == {"delivered": 1, "unknown": 1}
        assert len(desk.server.account.messages) == 1
        engine.set_time(engine.now() + timedelta(seconds=6))
        assert (
            desk.worker.ask(ChannelKind.VOICE) == 0
        )  # the provider does not know it: nobody is called again
        desk.work()
        assert engine.states(run) == {"delivered": 1, "unknown": 1}
        assert len(desk.server.account.messages) == 1

    def test_a_late_report_says_answered_and_one_during_the_call_is_left_to_its_caller(
        self, engine: Engine, desk: Any
    ):
        run = start(engine, SILENT)
        desk.work()
        assert engine.states(run) == {"accepted": 1}
        reference = engine.reference(run, SILENT)
        for state in ("sending", "accepted"):
            engine.application.database.run(lambda session, to=state: _put(session, run, to))
            receipt = Receipt(reference, ReceiptKind.DELIVERED, "smsc_1", raw=b"{}")
            engine.application.database.run(
                lambda session, said=receipt: store_receipt(session, ChannelKind.SMS, said, engine.now())
            )
            engine.application.database.run(lambda session: apply_stored(session, engine.now()))
            if state == "sending":
                assert engine.states(run) == {"sending": 1}
        assert list(engine.notices(run).values()) == ["notified:answered"]
        assert {one.channel for one in engine.sql("SELECT channel FROM receipt")} == {"voice"}


class TestMakingACampaign:
    @pytest.mark.parametrize("name", ["debt_reminder", "restriction_warning", "meter_readings"])
    def test_a_call_that_needs_keys_is_refused_in_words(self, engine: Engine, name: str):
        with pytest.raises(CampaignError, match="cannot be made through SMSC") as refused:
            made(engine, name)
        assert refused.value.code == "call_needs_keys"

    @pytest.mark.parametrize("name", ["planned_outage", "emergency_outage", "tariff_change"])
    def test_a_call_that_names_nobody_is_taken(self, engine: Engine, name: str):
        assert made(engine, name).are_calls_read_out


def made(engine: Engine, name: str) -> Any:
    delivery = DeliverySettings.model_validate({"calls": {"are_read_out": True}})
    return engine.application.database.run(
        lambda session: current_version(
            session, name, channels=[ChannelKind.VOICE], delivery=delivery, actor="a", now=engine.now()
        )
    )


def _put(session: Any, run: Any, state: str) -> None:
    session.execute(
        text("UPDATE attempt SET state = :state WHERE run_id = :run"), {"state": state, "run": run}
    )
