"""The sandbox as a process."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from channels.port import OutcomeKind
from channels.sandbox import JournalVerdict, read_journal, run_sandbox
from channels.sandbox.errors import SandboxError
from tests.integration.channels.channel_contract import make_envelope, run, send_all
from tests.integration.channels.mail_peers import make_channel

PROGRAM = """
import sys
from pathlib import Path
from channels.sandbox import run_sandbox
run_sandbox("127.0.0.1", 0, Path(sys.argv[1]), "127.0.0.1", None, fsync=True)
"""


@contextmanager
def sandbox_process(journal: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(journal)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        match = re.fullmatch(r"sandbox listening on 127\.0\.0\.1:(\d+)\n", process.stdout.readline())
        assert match
        yield process, int(match[1])
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


class TestRunSandbox:
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_it_ends_by_itself_when_told(self, tmp_path: Path, number: signal.Signals) -> None:
        with sandbox_process(tmp_path / "journal") as (process, _port):
            process.send_signal(number)
            assert process.wait(timeout=100) == 0

    def test_what_it_answered_is_in_the_journal_after_a_kill(self, tmp_path: Path) -> None:
        journal = tmp_path / "journal"
        with sandbox_process(journal) as (process, port):

            async def case() -> None:
                channel = make_channel(port)
                accepted, seen = set(), 0
                async for outcome in channel.send([make_envelope("a@example.com") for _ in range(300)]):
                    seen += 1
                    if outcome.kind is OutcomeKind.ACCEPTED:
                        accepted.add(outcome.attempt)
                    if seen == 100:
                        os.kill(process.pid, signal.SIGKILL)
                await channel.close()
                assert seen == 300
                entries = read_journal(journal)
                assert accepted <= {e.attempt for e in entries if e.verdict is JournalVerdict.ACCEPTED}
                assert len(accepted) >= 90

            run(case())

    def test_a_taken_port_is_told_plainly(self, tmp_path: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            with pytest.raises(SandboxError, match="the port is taken"):
                run_sandbox("127.0.0.1", port, tmp_path / "journal", "127.0.0.1", None)


class TestConcurrentSessions:
    def test_many_connections_share_one_journal(self, tmp_path: Path) -> None:
        journal = tmp_path / "journal"
        with sandbox_process(journal) as (_process, port):

            async def case() -> None:
                channel = make_channel(port, connections=16)
                outcomes = await send_all(channel, *(make_envelope("a@example.com") for _ in range(300)))
                await channel.close()
                assert {o.attempt for o in outcomes} == {e.attempt for e in read_journal(journal)}

            run(case())
