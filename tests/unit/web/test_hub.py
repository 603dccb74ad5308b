"""Pollers and their viewers, over readings that the test makes up."""

import asyncio
from uuid import UUID

import pytest
import structlog.testing

from dispatcher.core.clock import Clock
from dispatcher.core.db import Database
from dispatcher.web.live import hub as hub_module
from dispatcher.web.live.hub import LiveHub, Snapshot, _Reading
from tests.unit.reports.test_live import view

RUN = UUID(int=7)


class ScriptedHub(LiveHub):
    """Reads what the test put there; counts how often it was asked."""

    def __init__(self) -> None:
        super().__init__(Database("postgresql://nowhere.invalid/none"), Clock(), poll_seconds=0.01)
        self.reading: _Reading | Exception = _Reading(view(), is_connected=True)
        self.asked = 0

    def _read(self, run, pace):
        self.asked += 1
        if isinstance(self.reading, Exception):
            raise self.reading
        return self.reading


async def next_of(watching) -> Snapshot | None:
    async with asyncio.timeout(60):
        return await anext(watching)


class TestWatching:
    def test_many_viewers_share_one_poller(self):
        async def scenario():
            hub = ScriptedHub()
            watching = [hub.watch(RUN) for _ in range(50)]
            await asyncio.gather(*(next_of(one) for one in watching))
            assert hub.poller_count == 1
            assert hub.asked < 50
            for one in watching:
                await one.aclose()
            assert hub.poller_count == 0
            asked = hub.asked
            await asyncio.sleep(0.05)
            assert hub.asked <= asked + 1

        asyncio.run(scenario())

    def test_the_loss_of_the_database_is_told_once_and_keeps_the_figures(self):
        async def scenario():
            hub = ScriptedHub()
            watching = hub.watch(RUN)
            await next_of(watching)
            hub.reading = _Reading(None, is_connected=False)
            snapshot = await next_of(watching)
            while snapshot.is_connected:
                snapshot = await next_of(watching)
            assert snapshot.live is not None
            hub.reading = _Reading(view(), is_connected=True)
            assert (await next_of(watching)).is_connected
            await watching.aclose()

        asyncio.run(scenario())

    def test_a_bug_in_reading_does_not_end_the_stream(self):
        async def scenario():
            hub = ScriptedHub()
            hub.reading = ValueError("a bug")
            watching = hub.watch(RUN)
            assert not (await next_of(watching)).is_connected
            hub.reading = _Reading(view(), is_connected=True)
            assert (await next_of(watching)).is_connected
            await watching.aclose()

        with structlog.testing.capture_logs() as logged:
            asyncio.run(scenario())
        assert "web.poll_failed" in [one["event"] for one in logged]

    def test_quiet_times_have_heartbeats(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(hub_module, "HEARTBEAT_SECONDS", 0.01)

        async def scenario():
            hub = ScriptedHub()
            hub.reading = _Reading(None, is_connected=False)
            watching = hub.watch(RUN)
            first = await next_of(watching)
            while first is None:
                first = await next_of(watching)
            assert await next_of(watching) is None
            await watching.aclose()

        asyncio.run(scenario())

    def test_closing_ends_every_stream_at_once(self):
        async def scenario():
            hub = ScriptedHub()
            hub.reading = _Reading(None, is_connected=False)
            watching = hub.watch(RUN)
            await next_of(watching)
            waiting = asyncio.ensure_future(anext(watching, "over"))
            await asyncio.sleep(0.02)
            hub.close()
            async with asyncio.timeout(60):
                assert await waiting == "over"

        asyncio.run(scenario())

    def test_ends_when_the_run_is_gone(self):
        async def scenario():
            hub = ScriptedHub()
            hub.reading = _Reading(None, is_connected=True)
            async with asyncio.timeout(60):
                assert [snapshot async for snapshot in hub.watch(RUN)] == []

        asyncio.run(scenario())


class TestSnapshot:
    def test_renders_once_for_all(self):
        made = []
        snapshot = Snapshot(view(), is_connected=True)
        for _ in range(3):
            snapshot.rendered("live.html", "ru", lambda: made.append(1) or "html")
        snapshot.rendered("live.html", "en", lambda: made.append(1) or "html")
        assert len(made) == 2
