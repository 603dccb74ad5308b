"""Bounces over real SMTP, from the sandbox or by hand, to the listener."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiosmtplib
import pytest

from channels.email.bounces import parse_bounce
from channels.email.errors import ListenerError
from channels.email.listener import MAX_OCTETS, BounceListener, Handler
from channels.port import OutcomeKind, Receipt, ReceiptKind
from channels.sandbox import bouncing
from tests.integration.channels.channel_contract import make_envelope, run, send_one
from tests.integration.channels.mail_peers import KEY, mail_peer

DOMAIN = "bounces.example"


class Box:
    """Stores what comes; fails as often as it is told."""

    def __init__(self, *, failures: int = 0) -> None:
        self.mails: list[tuple[bytes, str]] = []
        self.failures = failures
        self.filled = asyncio.Event()

    async def handle(self, raw: bytes, recipient: str) -> None:
        if self.failures:
            self.failures -= 1
            raise ConnectionError("the database is away")
        self.mails.append((raw, recipient))
        self.filled.set()

    def receipt(self) -> Receipt:
        (mail,) = self.mails
        return parse_bounce(*mail, KEY)


@asynccontextmanager
async def listening(handle: Handler) -> AsyncIterator[BounceListener]:
    listener = BounceListener("127.0.0.1", 0, handle, domain=DOMAIN)
    await listener.start()
    try:
        yield listener
    finally:
        await listener.stop()


@asynccontextmanager
async def talking_to(listener: BounceListener) -> AsyncIterator[aiosmtplib.SMTP]:
    client = aiosmtplib.SMTP(
        hostname="127.0.0.1", port=listener.port, start_tls=False, local_hostname="mx.example", timeout=100
    )
    async with client:
        yield client


class TestBounceListener:
    def test_mail_to_the_bounce_domain_is_stored_before_the_answer(self) -> None:
        async def case() -> None:
            box = Box()
            async with listening(box.handle) as listener, talking_to(listener) as client:
                await client.sendmail("", ["b-x@Bounces.Example"], b"Subject: x\r\n\r\n.dot\r\n")
                ((raw, recipient),) = box.mails
                assert recipient == "b-x@Bounces.Example"
                assert raw == b"Subject: x\r\n\r\n.dot\r\n"

        run(case())

    def test_a_plain_function_may_store_too(self) -> None:
        async def case() -> None:
            stored: list[str] = []
            async with (
                listening(lambda _raw, recipient: stored.append(recipient)) as listener,
                talking_to(listener) as client,
            ):
                await client.sendmail("", ["a@bounces.example", "b@bounces.example"], b"Subject: x\r\n\r\n")
                assert stored == ["a@bounces.example", "b@bounces.example"]

        run(case())

    def test_it_is_no_relay(self) -> None:
        async def case() -> None:
            box = Box()
            async with listening(box.handle) as listener, talking_to(listener) as client:
                await client.mail("")
                with pytest.raises(aiosmtplib.SMTPRecipientRefused) as caught:
                    await client.rcpt("anna@example.com")
                assert caught.value.code == 550
                assert box.mails == []

        run(case())

    def test_what_could_not_be_stored_is_asked_for_again(self) -> None:
        async def case() -> None:
            box = Box(failures=1)
            async with listening(box.handle) as listener, talking_to(listener) as client:
                with pytest.raises(aiosmtplib.SMTPDataError) as caught:
                    await client.sendmail("", ["a@bounces.example"], b"Subject: x\r\n\r\n")
                assert caught.value.code == 451
                await client.sendmail("", ["a@bounces.example"], b"Subject: x\r\n\r\n")
                assert len(box.mails) == 1

        run(case())

    def test_a_huge_mail_is_refused(self) -> None:
        async def case() -> None:
            box = Box()
            async with listening(box.handle) as listener, talking_to(listener) as client:
                await client.ehlo()
                await client.mail("")
                await client.rcpt("a@bounces.example")
                with pytest.raises(aiosmtplib.SMTPDataError) as caught:
                    await client.data(b"Subject: x\r\n\r\n" + b"x" * 70 * (MAX_OCTETS // 70 + 1000))
                assert caught.value.code in (500, 552)
                assert box.mails == []

        run(case())

    def test_a_taken_port_is_told_plainly(self) -> None:
        async def case() -> None:
            with socket.create_server(("127.0.0.1", 0)) as taken:
                listener = BounceListener("127.0.0.1", taken.getsockname()[1], Box().handle, domain=DOMAIN)
                with pytest.raises(ListenerError, match="port is taken"):
                    await listener.start()

        run(case())

    def test_it_stops_with_clients_still_connected(self) -> None:
        async def case() -> None:
            async with listening(Box().handle) as listener:
                _reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
                await listener.stop()
                writer.close()

        run(case())


class TestBounceOfTheSandbox:
    def test_it_comes_back_to_the_attempt(self) -> None:
        async def case() -> None:
            box = Box()
            async with listening(box.handle) as listener, mail_peer(bounce_port=listener.port) as peer:
                envelope = make_envelope("bounce-5.2.2.anna@example.com")
                outcome = await send_one(peer.channel(), envelope)
                assert outcome.kind is OutcomeKind.ACCEPTED
                await box.filled.wait()
                receipt = box.receipt()
                assert (receipt.attempt, receipt.kind) == (envelope.attempt, ReceiptKind.FAILED)
                assert receipt.reason == "dsn_5.2.2"

        run(case())

    def test_it_is_sent_again_until_it_is_stored(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(bouncing, "RETRY_SECONDS", 0.02)

        async def case() -> None:
            box = Box(failures=2)
            async with listening(box.handle) as listener:
                port = listener.port
                await listener.stop()
                async with mail_peer(bounce_port=port) as peer:
                    await send_one(peer.channel(), make_envelope("bounce-5.1.1.anna@example.com"))
                    late = BounceListener("127.0.0.1", port, box.handle, domain=DOMAIN)
                    await late.start()
                    await box.filled.wait()
                    await late.stop()
                assert box.receipt().kind is ReceiptKind.FAILED

        run(case())
