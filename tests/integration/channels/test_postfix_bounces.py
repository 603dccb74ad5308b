"""A whole Postfix whose own report of a refusal bans the address, from our message to the stop list."""

import asyncio
import os
import threading
from pathlib import Path

import pytest

from channels.email.channel import EmailChannel
from channels.email.listener import BounceListener
from channels.port import ChannelKind
from channels.registry import ChannelRegistry
from dispatcher.bootstrap import build_lane_worker
from dispatcher.core.settings import MailSettings, SmtpSettings
from dispatcher.delivery.lane_tools import Lane
from dispatcher.incoming_mail import Intake
from tests.engine import Engine
from tests.factories import make_campaign, make_list, row
from tests.integration.channels.mail_peers import mail_peer
from tests.integration.channels.postfix_relay import postfix_relay, why_not

DOMAIN = "bounces.example"
GONE = "reject-550-5.1.1.anna@example.com"
FULL = "reject-552-5.2.2.boris@example.com"
HERE = "vera@example.com"
STEPS_SECONDS = 60


@pytest.fixture(autouse=True)
def _postfix_can_be_started() -> None:
    problem = why_not()
    if problem is not None:
        if os.environ.get("CI"):
            pytest.fail(problem)
        pytest.skip(problem)


class Waiting:
    """Counts what the listener has stored."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self.taken = threading.Semaphore(0)

    def take(self, raw: bytes, recipient: str) -> None:
        self._intake.take(raw, recipient)
        self.taken.release()

    async def until(self, count: int) -> None:
        for _ in range(count):
            assert await asyncio.to_thread(self.taken.acquire, timeout=STEPS_SECONDS)


class TestRealReports:
    @pytest.mark.parametrize("lmtp", [False, True], ids=["smtp", "lmtp"])
    def test_a_refusal_behind_the_relay_comes_back_and_bans_the_address(
        self, engine: Engine, lmtp: bool, tmp_path: Path
    ) -> None:
        application = engine.application
        make_list(application, [row(1, email=GONE), row(2, email=FULL), row(3, email=HERE)])
        run = engine.start(make_campaign(application).run_id)

        async def case() -> None:
            waiting = Waiting(Intake(application))
            listener = BounceListener("127.0.0.1", 0, waiting.take, domain=DOMAIN, lmtp=lmtp)
            await listener.start()
            back = f"{'lmtp:inet:127.0.0.1' if lmtp else 'smtp:[127.0.0.1]'}:{listener.port}"
            settings = {"transport_maps": f"inline:{{ {{ {DOMAIN} = {back} }} }}"}
            async with mail_peer() as peer, postfix_relay(peer.server.port, settings) as port:
                channel = EmailChannel(
                    SmtpSettings(host="127.0.0.1", port=port, security="none"),
                    MailSettings(bounce_domain=DOMAIN, message_id_domain="sender.example"),
                    application.secret_key,
                )
                registry = ChannelRegistry()
                registry.register(channel)
                worker = build_lane_worker(application, registry)
                await asyncio.to_thread(worker.work, Lane(ChannelKind.EMAIL, "bulk"), 30.0)
                await waiting.until(2)
                await asyncio.to_thread(worker.tools.bridge.run, channel.close(), 10.0)
                await asyncio.to_thread(worker.tools.bridge.close)
            await listener.stop()

        asyncio.run(case())
        assert engine.notices(run) == {
            GONE: "failed:dsn_5.1.1",
            FULL: "failed:dsn_5.2.2",
            HERE: "open",
        }
        banned = engine.sql("SELECT address, reason FROM suppression")
        assert [tuple(one) for one in banned] == [(GONE, "hard_bounce")]
        again = engine.start(make_campaign(application).run_id)
        engine.work()
        assert engine.notices(again)[GONE] == "blocked:suppressed"
