"""The channel against a mail server that we did not write: Postfix's smtp-sink."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from channels.port import OutcomeKind
from tests.integration.channels.channel_contract import make_envelope, run, send_all
from tests.integration.channels.mail_peers import make_channel
from tests.ports import reserve_port

PROGRAM = shutil.which("smtp-sink", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


@pytest.fixture(autouse=True)
def _smtp_sink_is_here() -> None:
    if PROGRAM is None:
        if os.environ.get("CI"):
            pytest.fail("smtp-sink is missing: install postfix")
        pytest.skip("smtp-sink is missing: install postfix to test against a foreign mail server")


@contextmanager
def smtp_sink(*options: str) -> Iterator[int]:
    port = reserve_port()
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    process = subprocess.Popen(
        [str(PROGRAM), *user, *options, f"127.0.0.1:{port}", "100"], stderr=subprocess.DEVNULL
    )
    try:
        yield port
    finally:
        process.kill()
        process.wait()


async def until_ready(port: int) -> None:
    while True:
        with suppress(OSError):
            _reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            await writer.wait_closed()
            return
        await asyncio.sleep(0.02)


class TestSmtpSink:
    @pytest.mark.parametrize(
        ("options", "kind", "reason"),
        [
            ((), OutcomeKind.ACCEPTED, ""),
            (("-8", "-e"), OutcomeKind.ACCEPTED, ""),  # no 8BITMIME, no ESMTP at all
            (("-f", "RCPT", "-B", "550 5.1.1 gone"), OutcomeKind.PERMANENT, "smtp_550_5.1.1"),
            (("-f", "MAIL", "-B", "550 5.7.1 go away"), OutcomeKind.SENDER_FAULT, "smtp_550_5.7.1"),
            (("-f", ".", "-B", "554 5.6.0 bad content"), OutcomeKind.PERMANENT, "smtp_554_5.6.0"),
            (("-r", "RCPT", "-b", "450 4.2.1 later"), OutcomeKind.TRANSIENT, "smtp_450_4.2.1"),
            (("-r", "DATA", "-b", "451 4.3.0 later"), OutcomeKind.TRANSIENT, "smtp_451_4.3.0"),
            (("-q", "DATA"), OutcomeKind.NOT_SENT, "smtp_connection_lost"),
            (("-q", "."), OutcomeKind.UNKNOWN, "smtp_no_reply"),
        ],
        ids=str,
    )
    def test_its_answers_are_understood(
        self, options: tuple[str, ...], kind: OutcomeKind, reason: str
    ) -> None:
        async def case() -> None:
            with smtp_sink(*options) as port:
                await until_ready(port)
                channel = make_channel(port, connections=3)
                envelopes = [make_envelope("a@example.com", html="<p>да</p>") for _ in range(12)]
                outcomes = await send_all(channel, *envelopes)
                assert {(o.kind, o.reason) for o in outcomes} == {(kind, reason)}
                assert sorted(str(o.attempt.attempt_id) for o in outcomes) == sorted(
                    str(e.attempt.attempt_id) for e in envelopes
                )
                await channel.close()

        run(case())
