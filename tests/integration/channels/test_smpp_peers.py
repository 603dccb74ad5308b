"""SMPP spoken with peers that we did not write, so that two errors of ours do not cancel out."""

import asyncio
from typing import Any

import aiosmpplib
import pytest
import smpp34
import smpplib.client
import smpplib.gsm
from aiosmpplib.hook import AbstractHook

from channels.port import OutcomeKind, Receipt, ReceiptKind
from channels.sandbox.smpp_server import SandboxSmppServer
from channels.sms.channel import SmsChannel
from channels.sms.smpp.provider import SmppProvider
from dispatcher.core.settings import SmppSettings, SmsSettings
from tests.integration.channels.channel_contract import make_envelope, run, send_one
from tests.ports import reserve_port

LONG = "Ваш долг 1 250,40 ₽. " * 8
PHONE = "79161234567"


class TestOurSandbox:
    def test_smpplib_sends_a_long_text_and_gets_its_receipts(self) -> None:
        async def case() -> None:
            server = SandboxSmppServer()
            await server.start()
            ids, receipts = await asyncio.to_thread(_send_by_smpplib, server.port)
            await server.stop()
            assert len(ids) == 3
            assert sorted(ids) == sorted(receipts)

        run(case())

    # It lets go of its own connection only when it is collected.
    @pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
    def test_aiosmpplib_sends_a_message_and_gets_its_receipt(self) -> None:
        async def case() -> None:
            server = SandboxSmppServer()
            await server.start()
            heard = _Heard()
            client = aiosmpplib.ESME(
                smsc_host="127.0.0.1",
                smsc_port=server.port,
                system_id="sandbox",
                password="sandbox",
                hook=heard,
            )
            running = asyncio.create_task(client.start())
            await client.broker.enqueue(
                aiosmpplib.SubmitSm(
                    short_message="Dolg 100",
                    source=aiosmpplib.PhoneNumber("100"),
                    destination=aiosmpplib.PhoneNumber(PHONE),
                    log_id="1",
                    registered_delivery=1,
                )
            )
            while "DeliverSm" not in heard.names:
                await asyncio.sleep(0.02)
            await client.stop()
            await running
            await server.stop()
            assert "SubmitSmResp" in heard.names

        run(case())


class TestOurAdapter:
    def test_a_server_of_smpp34_takes_a_long_text_and_reports(self) -> None:
        async def case() -> None:
            port = reserve_port()
            server = smpp34.Server("127.0.0.1", port)
            await server.start()
            receipts: asyncio.Queue[Receipt] = asyncio.Queue()
            account = SmppSettings(hosts=[f"127.0.0.1:{port}"], system_id="ours", sender="Energosbyt")
            provider = SmppProvider(account)
            await provider.listen(receipts.put)
            channel = SmsChannel(SmsSettings(), [provider])
            sending = asyncio.create_task(send_one(channel, make_envelope(f"+{PHONE}", text=LONG)))
            esme, taken = await _take_parts(server, 3)
            outcome = await sending
            assert outcome.kind is OutcomeKind.ACCEPTED
            assert outcome.provider_messages == ("smpp/id-1", "smpp/id-2", "smpp/id-3")
            assert b"".join(one.short_message[6:] for one in taken).decode("utf-16-be") == LONG
            assert {(one.destination_addr, one.source_addr) for one in taken} == {(PHONE, "Energosbyt")}
            answer = await esme.deliver_sm(
                "Energosbyt", b"id:id-1 stat:DELIVRD err:000", source_addr=PHONE, esm_class=4
            )
            receipt = await receipts.get()
            assert answer.is_success
            assert (receipt.kind, receipt.provider_message) == (ReceiptKind.DELIVERED, "smpp/id-1")
            await channel.close()
            await server.stop()

        run(case())


class _Heard(AbstractHook):
    def __init__(self) -> None:
        self.names: list[str] = []

    async def sending(self, smpp_message: Any, pdu: bytes, client_id: str) -> None: ...

    async def received(self, smpp_message: Any, pdu: bytes, client_id: str) -> None:
        self.names.append(type(smpp_message).__name__)

    async def send_error(self, smpp_message: Any, error: Exception, client_id: str) -> None:
        raise error


def _send_by_smpplib(port: int) -> tuple[list[str], list[str]]:
    """Send the long text; returns the ids of its parts, and those that receipts named as delivered."""
    ids: list[str] = []
    delivered: list[str] = []
    client = smpplib.client.Client("127.0.0.1", port, timeout=100, allow_unknown_opt_params=True)
    client.set_message_sent_handler(lambda pdu: ids.append(pdu.message_id.decode()))

    def heard(pdu: Any) -> int:
        if pdu.message_state == 2:
            delivered.append(pdu.receipted_message_id.decode())
        return 0

    client.set_message_received_handler(heard)
    client.connect()
    client.bind_transceiver(system_id="sandbox", password="sandbox")
    parts, coding, esm_class = smpplib.gsm.make_parts(LONG)
    for part in parts:
        client.send_message(
            source_addr="Energosbyt",
            destination_addr=PHONE,
            short_message=part,
            data_coding=coding,
            esm_class=esm_class,
            registered_delivery=True,
        )
    while len(delivered) < len(parts):
        client.read_once()
    client.unbind()
    client.disconnect()
    return ids, delivered


async def _take_parts(server: Any, count: int) -> tuple[Any, list[Any]]:
    esme, taken = None, []
    while len(taken) < count:
        event = await server.next()
        if isinstance(event, smpp34.Esme):
            esme = event
        elif isinstance(event, smpp34.SubmitSmEvent):
            taken.append(event)
            event.accept(f"id-{len(taken)}")
    return esme, taken
