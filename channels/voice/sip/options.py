"""Asks a trunk whether it is there: OPTIONS (RFC 3261, section 11), without the SIP stack.

So `dispatcher doctor` and a page may ask while worker processes call. Any answer will do, a refusal too: what
answers is there. Whether it takes our password is only seen by a call.
"""

import asyncio
import secrets
import ssl
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from dispatcher.core.voice_settings import TrunkSettings, VoiceSettings

ANSWER_SECONDS: Final = 4.0
RESEND_SECONDS: Final[Sequence[float]] = (0.5, 1.0, 2.0)  #: UDP loses requests
_LARGEST_HEAD: Final = 65_536


async def ask_options(trunk: TrunkSettings, settings: VoiceSettings) -> str:
    """What is wrong with the trunk, in words for staff; empty: it answered."""
    where = f"trunk {trunk.name} ({trunk.host}:{trunk.sip_port}, {trunk.transport})"
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            is_answer = await (_ask_udp(trunk) if trunk.transport == "udp" else _ask_stream(trunk, settings))
    except TimeoutError:
        return f"{where} does not answer OPTIONS: check voice.trunks and the firewalls"
    except ssl.SSLError as error:
        return f"{where}: TLS was refused ({error.reason}): check voice.ca_file"
    except OSError as error:
        return f"{where} cannot be reached: {error.strerror or 'no such host'}"
    return "" if is_answer else f"{where} answers something that is not SIP"


def _request(trunk: TrunkSettings, own_host: str, own_port: int) -> bytes:
    target = f"{trunk.host}:{trunk.sip_port}"
    user = trunk.username or trunk.caller_ids[0].number
    return "\r\n".join(
        (
            f"OPTIONS sip:{target} SIP/2.0",
            f"Via: SIP/2.0/{trunk.transport.upper()} {own_host}:{own_port}"
            f";branch=z9hG4bK{secrets.token_hex(8)};rport",
            "Max-Forwards: 70",
            f"From: <sip:{user}@{trunk.host}>;tag={secrets.token_hex(6)}",
            f"To: <sip:{target}>",
            f"Call-ID: {secrets.token_hex(12)}",
            "CSeq: 1 OPTIONS",
            "Accept: application/sdp",
            "Content-Length: 0",
            "",
            "",
        )
    ).encode()


class _FirstAnswer(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: object) -> None:  # noqa: ARG002 - the protocol
        if not self.answer.done():
            self.answer.set_result(data)

    def error_received(self, exc: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(exc)


async def _ask_udp(trunk: TrunkSettings) -> bool:
    transport, protocol = await asyncio.get_running_loop().create_datagram_endpoint(
        _FirstAnswer, remote_addr=(trunk.host, trunk.sip_port)
    )
    try:
        request = _request(trunk, *transport.get_extra_info("sockname")[:2])
        for wait in (*RESEND_SECONDS, ANSWER_SECONDS):
            transport.sendto(request)
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    return (await asyncio.shield(protocol.answer)).startswith(b"SIP/2.0 ")
        raise TimeoutError
    finally:
        protocol.answer.cancel()
        transport.close()


async def _ask_stream(trunk: TrunkSettings, settings: VoiceSettings) -> bool:
    tls = ssl.create_default_context(cafile=settings.ca_file) if trunk.transport == "tls" else None
    reader, writer = await asyncio.open_connection(trunk.host, trunk.sip_port, ssl=tls, limit=_LARGEST_HEAD)
    try:
        writer.write(_request(trunk, *writer.get_extra_info("sockname")[:2]))
        return (await reader.readuntil(b"\r\n")).startswith(b"SIP/2.0 ")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        return False
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
