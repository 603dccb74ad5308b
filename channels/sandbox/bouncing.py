"""Non-delivery reports of the sandbox: made by RFC 3464, sent over real SMTP to the envelope sender."""

import asyncio
from collections import deque
from contextlib import suppress
from datetime import datetime
from email.utils import format_datetime

import aiosmtplib
import structlog

from channels.sandbox.mail_host import ReceivedMail

RETRY_SECONDS = 0.5
TIMEOUT_SECONDS = 10.0
_REPORT = """\
From: Mail Delivery System <MAILER-DAEMON@sandbox.example>\r
To: <{sender}>\r
Subject: Undelivered Mail Returned to Sender\r
Date: {date}\r
Message-ID: <{number}.bounce@sandbox.example>\r
Auto-Submitted: auto-replied\r
MIME-Version: 1.0\r
Content-Type: multipart/report; report-type=delivery-status; boundary="=_sandbox"\r
\r
--=_sandbox\r
Content-Type: text/plain; charset=us-ascii\r
\r
The mail could not be delivered: no such fate as delivery was asked for by its address.\r
--=_sandbox\r
Content-Type: message/delivery-status\r
\r
Reporting-MTA: dns; sandbox.example\r
{envelope_id}\r
Final-Recipient: rfc822; {recipient}\r
Action: failed\r
Status: {status}\r
Diagnostic-Code: smtp; 550 {status} as the address asks\r
\r
--=_sandbox\r
Content-Type: text/rfc822-headers\r
\r
{headers}\r
--=_sandbox--\r
"""

log = structlog.get_logger(__name__)


def make_report(mail: ReceivedMail, status: str, *, date: datetime, number: int) -> bytes:
    """The report of a mail that could not be delivered to its last recipient."""
    envelope_ids = (option[6:] for option in mail.mail_options if option.upper().startswith("ENVID="))
    envelope_id = next((f"Original-Envelope-Id: {value}\r\n" for value in envelope_ids), "")
    headers = mail.content.partition(b"\r\n\r\n")[0]
    return _REPORT.format(
        sender=mail.sender,
        date=format_datetime(date),
        number=number,
        envelope_id=envelope_id,
        recipient=mail.recipients[-1],
        status=status,
        headers=headers.decode("utf-8", "replace"),
    ).encode()


class Bouncer:
    """Sends reports one after the other over a kept connection, again and again until they are taken.

    What is still waiting when it stops is lost, as with a mail server that burns down.
    """

    def __init__(self, host: str, port: int) -> None:
        self._client = aiosmtplib.SMTP(
            hostname=host,
            port=port,
            start_tls=False,
            local_hostname="sandbox.example",
            timeout=TIMEOUT_SECONDS,
        )
        self._waiting: deque[tuple[str, bytes]] = deque()
        self._has_work = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin sending in the background."""
        self._task = asyncio.create_task(self._run())

    def add(self, recipient: str, report: bytes) -> None:
        """Send this report as soon as possible."""
        self._waiting.append((recipient, report))
        self._has_work.set()

    async def stop(self) -> None:
        """End at once."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        self._client.close()

    async def _run(self) -> None:
        while True:
            await self._has_work.wait()
            try:
                await self._send_first()
            except aiosmtplib.SMTPResponseException as error:
                if error.code < 500:
                    await asyncio.sleep(RETRY_SECONDS)
                    continue
                log.warning("sandbox.bounce_refused", code=error.code)
            except (aiosmtplib.SMTPException, OSError):
                self._client.close()
                await asyncio.sleep(RETRY_SECONDS)
                continue
            self._waiting.popleft()
            if not self._waiting:
                self._has_work.clear()

    async def _send_first(self) -> None:
        if not self._client.is_connected:
            await self._client.connect()
        recipient, report = self._waiting[0]
        await self._client.execute_command(b"RSET")
        await self._client.mail("")
        await self._client.rcpt(recipient)
        await self._client.data(report)
