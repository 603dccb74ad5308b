"""The SIP sandbox against a telephone that we did not write: SIPp."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

from channels.sandbox.journal import Journal, read_journal
from channels.sandbox.sip_server import SandboxSipServer, SipSandboxOptions
from tests.integration.channels.channel_contract import run
from tests.peers import need

CALL_SECONDS = 30


async def call(server: SandboxSipServer, number: str, *more: str, milliseconds: int = 300) -> tuple[int, str]:
    """One call of SIPp's own caller, which hangs up after a while; its exit code and complaints."""
    program = ("sipp", "-sn", "uac", server.address, "-s", number, "-m", "1", "-i", "127.0.0.1", "-p", "0")
    process = await asyncio.create_subprocess_exec(
        *program,
        *("-nostdin", "-timeout", "20s", "-d", str(milliseconds)),
        *more,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, words = await asyncio.wait_for(process.communicate(), CALL_SECONDS)
    return process.returncode or 0, words.decode()


def with_server(
    options: SipSandboxOptions,
    work: Callable[[SandboxSipServer], Awaitable[None]],
    journal: Journal | None = None,
) -> None:
    need(shutil.which("sipp") is not None, "SIPp (package sip-tester)")

    async def case() -> None:
        server = SandboxSipServer(options, journal=journal)
        await server.start()
        try:
            await work(server)
        finally:
            await server.stop()

    run(case())


class TestSipp:
    def test_it_is_answered_over_udp_and_tcp_and_each_answer_is_in_the_journal(self, tmp_path: Path) -> None:
        journal = Journal(tmp_path / "journal")

        async def work(server: SandboxSipServer) -> None:
            assert await asyncio.gather(call(server, "79161234567"), call(server, "79161234567", "-t", "t1"))
            assert server.open_calls == 0
            assert [one.wire.name for one in server.calls] in (["UDP", "TCP"], ["TCP", "UDP"])

        with_server(SipSandboxOptions(), work, journal)
        assert [entry.attempt for entry in read_journal(journal.path)] == [None, None]

    def test_a_number_chooses_the_status_and_the_cause(self) -> None:
        async def work(server: SandboxSipServer) -> None:
            for number, status, cause in (
                ("79994860001", "486 Busy Here", "cause=17"),
                ("79994040001", "404 Not Found", "cause=1"),
                ("79996030001", "603 Decline", "cause=21"),
                ("79992150001", "503 Service Unavailable", ""),
            ):
                code, words = await call(server, number)
                assert code == 1
                assert status in words
                assert cause in words
            assert (await call(server, "79992150001"))[0] == 0  # the second time it is answered
            assert server.open_calls == 0

        with_server(SipSandboxOptions(), work)

    def test_one_hangs_up_early_and_one_too_many_is_congestion(self) -> None:
        async def work(server: SandboxSipServer) -> None:
            code, words = await call(server, "79992030001", milliseconds=5000)
            assert code == 1
            assert "unexpected BYE" in words
            answers = await asyncio.gather(
                *(call(server, "79161234567", milliseconds=1500) for _ in range(3))
            )
            assert sorted(code for code, _ in answers) == [0, 0, 1]

        with_server(SipSandboxOptions(lines=2), work)

    def test_without_the_password_nobody_calls(self) -> None:
        async def work(server: SandboxSipServer) -> None:
            code, words = await call(server, "79161234567")
            assert code == 1
            assert "401 Unauthorized" in words
            assert not server.calls

        with_server(SipSandboxOptions(user="notify", password="secret"), work)
