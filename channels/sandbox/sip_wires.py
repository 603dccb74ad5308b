"""The ways a SIP message comes to the sandbox: datagrams, and streams in which its length ends it."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

from channels.sandbox.sip_call import Wire
from channels.sandbox.sip_message import MOST_OCTETS, read_message

_HEAD_END: Final = b"\r\n\r\n"


class _UdpWire:
    """Back to one sender of datagrams."""

    is_reliable = False
    name = "UDP"

    def __init__(self, transport: asyncio.DatagramTransport, address: tuple[str, int]) -> None:
        self._transport = transport
        self._address = address

    @property
    def local(self) -> str:
        host, port = self._transport.get_extra_info("sockname")[:2]
        return f"{host}:{port}"

    def send(self, data: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.sendto(data, self._address)


class UdpWires(asyncio.DatagramProtocol):
    """Hands each datagram on, with the way back."""

    def __init__(self, take: Callable[[bytes, Wire], None]) -> None:
        self._hand_on = take
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: Any) -> None:
        """The socket is there."""
        self._transport = transport

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        """One message."""
        if self._transport is not None:
            self._hand_on(data, _UdpWire(self._transport, address))


class StreamWire:
    """One connection over TCP or TLS."""

    is_reliable = True

    def __init__(self, writer: asyncio.StreamWriter, *, is_secure: bool) -> None:
        self._writer = writer
        self.name = "TLS" if is_secure else "TCP"

    @property
    def local(self) -> str:
        """Our `host:port`."""
        host, port = self._writer.get_extra_info("sockname")[:2]
        return f"{host}:{port}"

    def send(self, data: bytes) -> None:
        """Write one message."""
        if not self._writer.is_closing():
            self._writer.write(data)

    async def read_one(self, reader: asyncio.StreamReader) -> bytes:
        """The next message whole; a blank line between messages is one too."""
        head = await reader.readuntil(b"\r\n")
        if not head.strip():
            return b""
        head += await reader.readuntil(_HEAD_END)
        length = int(read_message(head).get("content-length", "0"))
        return head + await reader.readexactly(min(max(length, 0), MOST_OCTETS))

    def abort(self) -> None:
        """Cut it."""
        self._writer.transport.abort()
