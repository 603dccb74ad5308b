"""Kannel, the gateway of many operators, as a client of our SMSC."""

import asyncio
import os
from pathlib import Path

import pytest
from aiohttp import web

from channels.sandbox.smpp_server import SandboxSmppServer
from tests.integration.channels import kannel
from tests.integration.channels.channel_contract import run

LONG = "Ваш долг 1 250,40 ₽. " * 8
DELIVERED, FAILED, TAKEN = "1", "2", "8"  #: what Kannel calls them


@pytest.fixture(autouse=True)
def _kannel_can_be_started() -> None:
    problem = kannel.why_not()
    if problem is not None:
        if os.environ.get("CI"):
            pytest.fail(problem)
        pytest.skip(problem)


class TestKannel:
    def test_a_long_text_goes_in_parts_and_its_reports_come_back(self, tmp_path: Path) -> None:
        async def case() -> None:
            server = SandboxSmppServer()
            await server.start()
            reports: asyncio.Queue[tuple[str, str]] = asyncio.Queue()

            async def report(request: web.Request) -> web.Response:
                await reports.put((request.query["phone"], request.query["type"]))
                return web.Response()

            app = web.Application()
            app.router.add_get("/report", report)
            runner = web.AppRunner(app)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            url = f"http://127.0.0.1:{runner.addresses[0][1]}/report?type=%d&phone=%p"
            async with kannel.running(tmp_path, server.port) as address:
                for phone, last in (("79161234567", DELIVERED), ("79992200001", FAILED)):
                    before = len(server.messages)
                    assert (await kannel.send(address, phone, LONG, url)).startswith("0: Accepted")
                    kinds = []
                    while not kinds or kinds[-1] == TAKEN:
                        kinds.append((await reports.get())[1])
                    assert kinds[-1] == last
                    kept = [one.message for one in list(server.messages.values())[before:]]
                    text = b"".join(one.octets[6:] for one in kept).decode("utf-16-be")
                    assert (len(kept), text) == (3, LONG)
            await runner.cleanup()
            await server.stop()

        run(case())
