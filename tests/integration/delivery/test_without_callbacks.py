"""A provider whose callbacks never come: what became of messages, and what customers answer, is fetched."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from pydantic import SecretStr

from channels.port import ChannelKind
from channels.registry import ChannelRegistry
from channels.sandbox.smsc_server import SandboxSmscServer
from channels.sms.channel import SmsChannel
from channels.sms.smsc.provider import SmscProvider
from dispatcher.bootstrap import build_lane_worker
from dispatcher.core.settings import SmscSettings, SmsSettings
from dispatcher.delivery.bridge import Bridge
from dispatcher.delivery.lane import LaneWorker
from dispatcher.delivery.lane_tools import Lane
from dispatcher.delivery.step_plan import Success
from tests.engine import Engine
from tests.factories import make_list, make_run, make_step, row

#: Its callback is lost; undeliverable; answers СТОП; asks something.
NUMBERS = ("+79993060001", "+79992200002", "+79993160003", "+79993170004")


@pytest.fixture
def worker(engine: Engine) -> Iterator[LaneWorker]:
    """A worker whose SMS go to the sandbox's SMSC, which calls nobody back."""
    bridge, server = Bridge(), SandboxSmscServer()
    bridge.run(server.start())
    account = SmscSettings(hosts=[server.url], login="sandbox", password=SecretStr("sandbox"))
    registry = ChannelRegistry()
    registry.register(
        SmsChannel(SmsSettings(smsc=[account]), [SmscProvider(account)], now=engine.application.clock.now)
    )
    worker = build_lane_worker(engine.application, registry)
    try:
        yield worker
    finally:
        for channel in worker.tools.registry.all():
            worker.tools.bridge.run(channel.close())
        worker.tools.bridge.close()
        bridge.run(server.stop())
        bridge.close()


def started(engine: Engine) -> UUID:
    people = [row(number, phone=phone) for number, phone in enumerate(NUMBERS, start=1)]
    imported = make_list(engine.application, people)
    step = make_step(engine.application, ChannelKind.SMS, success=Success.DELIVERED, settle_seconds=90_000.0)
    return engine.start(make_run(engine.application, [step], imported=imported))


class TestNoCallbackEverComes:
    def test_statuses_and_answers_are_fetched_and_a_refusal_is_answered(
        self, engine: Engine, worker: LaneWorker
    ) -> None:
        run = started(engine)
        assert worker.collect(ChannelKind.SMS) == 0  # the account has been looked into before
        worker.work(Lane(ChannelKind.SMS, "bulk"), 10.0)
        assert engine.states(run) == {"accepted": len(NUMBERS)}
        worker.tools.bridge.run(_pause())

        engine.set_time(engine.now() + timedelta(seconds=61))
        assert worker.collect(ChannelKind.SMS) == 2
        assert worker.answer_refusals() == 1
        letters = engine.sql("SELECT text, handled_by FROM incoming_letter ORDER BY id")
        assert sorted((one.text, one.handled_by) for one in letters) == [
            ("Почему такой большой долг?", None),
            ("СТОП", "recipient"),
        ]
        (answer,) = engine.sql("SELECT state, amount FROM refusal_answer")
        assert answer.state == "sent"
        assert answer.amount is not None

        engine.set_time(engine.now() + timedelta(minutes=31))
        worker.ask(ChannelKind.SMS)
        assert sorted(engine.notices(run).values()) == ["failed:smsc_20", *["notified:delivered"] * 3]
        engine.check_counters(run)


async def _pause() -> None:
    """Until the sandbox has decided about its messages and the customers have written."""
    await asyncio.sleep(1.0)
