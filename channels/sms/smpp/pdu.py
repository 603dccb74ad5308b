"""The packets of SMPP 3.4 that we use, as bytes and back (specification: sections 3.2, 4 and 5).

Both sides use it, the adapter and the sandbox; peers that others wrote check it in the tests.
"""

import asyncio
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from channels.sms.smpp.errors import UnreadablePduError

HEADER: Final = struct.Struct(">IIII")
#: Larger than any packet of the protocol: a text has 64 KiB at most, in one optional parameter.
MOST_OCTETS: Final = 80 * 1024
VERSION: Final = 0x34
RESPONSE: Final = 0x80000000
MOST_SHORT_OCTETS: Final = 254
_TLV: Final = struct.Struct(">HH")


class Command(IntEnum):
    """`command_id` of a request; its answer is the same with `RESPONSE` added."""

    BIND_RECEIVER = 0x1
    BIND_TRANSMITTER = 0x2
    QUERY_SM = 0x3
    SUBMIT_SM = 0x4
    DELIVER_SM = 0x5
    UNBIND = 0x6
    BIND_TRANSCEIVER = 0x9
    ENQUIRE_LINK = 0x15
    GENERIC_NACK = 0x80000000


class Tag(IntEnum):
    """Optional parameters."""

    RECEIPTED_MESSAGE_ID = 0x001E
    MESSAGE_PAYLOAD = 0x0424
    NETWORK_ERROR_CODE = 0x0423
    MESSAGE_STATE = 0x0427
    #: of the range for vendors: our name of the attempt, which our sandbox writes into its journal
    ATTEMPT_NAME = 0x1401


@dataclass(frozen=True, slots=True)
class Pdu:
    """One packet: `command` may be one that we do not know."""

    command: int
    sequence: int
    status: int = 0
    body: bytes = field(default=b"", repr=False)

    def encode(self) -> bytes:
        """The packet as it goes over the wire."""
        return HEADER.pack(HEADER.size + len(self.body), self.command, self.status, self.sequence) + self.body

    @property
    def is_answer(self) -> bool:
        """Whether it answers one of our requests."""
        return bool(self.command & RESPONSE)


@dataclass(frozen=True, slots=True)
class Bind:
    """Who signs in."""

    system_id: str
    password: str = field(repr=False)
    system_type: str = ""

    def encode(self) -> bytes:
        """The body of a bind."""
        names = (self.system_id, self.password, self.system_type)
        return b"".join(map(_c_octets, names)) + bytes((VERSION, 0, 0)) + b"\0"


@dataclass(frozen=True, slots=True)
class Address:
    """A number or a name, with its type and its numbering plan (5.2.5, 5.2.6)."""

    value: str = field(repr=False)
    ton: int = 0
    npi: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortMessage:
    """The body of submit_sm and deliver_sm, which is the same."""

    source: Address
    destination: Address
    octets: bytes = field(default=b"", repr=False)
    esm_class: int = 0
    data_coding: int = 0
    registered_delivery: int = 0
    validity_period: str = ""
    service_type: str = ""
    parameters: Mapping[int, bytes] = field(default_factory=dict, repr=False)

    def encode(self) -> bytes:
        """The body; what is longer than a short message can be goes as `message_payload`."""
        parameters, short = dict(self.parameters), self.octets
        if len(short) > MOST_SHORT_OCTETS:
            parameters[Tag.MESSAGE_PAYLOAD], short = short, b""
        return b"".join(
            (
                _c_octets(self.service_type),
                *(
                    bytes((one.ton, one.npi)) + _c_octets(one.value)
                    for one in (self.source, self.destination)
                ),
                bytes((self.esm_class, 0, 0)) + b"\0",
                _c_octets(self.validity_period),
                bytes((self.registered_delivery, 0, self.data_coding, 0, len(short))) + short,
                *(_TLV.pack(tag, len(value)) + value for tag, value in parameters.items()),
            )
        )

    @property
    def text_octets(self) -> bytes:
        """The text, wherever it stands."""
        return self.octets or self.parameters.get(Tag.MESSAGE_PAYLOAD, b"")


def decode_bind(body: bytes) -> Bind:
    """Who signs in; raises `UnreadablePduError`."""
    reader = _Reader(body)
    return Bind(reader.c_octets(), reader.c_octets(), reader.c_octets())


def decode_message(body: bytes) -> ShortMessage:
    """The body of submit_sm or deliver_sm; raises `UnreadablePduError`."""
    reader = _Reader(body)
    service_type = reader.c_octets()
    addresses = []
    for _ in range(2):
        ton, npi = reader.octet(), reader.octet()
        addresses.append(Address(reader.c_octets(), ton, npi))
    esm_class, _, _ = reader.octet(), reader.octet(), reader.octet()
    reader.c_octets()  # when it is to be delivered
    validity_period = reader.c_octets()
    registered, _, coding, _ = (reader.octet() for _ in range(4))
    octets = reader.take(reader.octet())
    return ShortMessage(
        source=addresses[0],
        destination=addresses[1],
        octets=octets,
        esm_class=esm_class,
        data_coding=coding,
        registered_delivery=registered,
        validity_period=validity_period,
        service_type=service_type,
        parameters=reader.parameters(),
    )


def message_id(body: bytes) -> str:
    """The id in the answer to submit_sm, and at the beginning of query_sm and its answer; may be empty."""
    return body.partition(b"\0")[0].decode("latin-1")


def id_body(value: str) -> bytes:
    """A body of one id."""
    return _c_octets(value)


async def read_pdu(reader: asyncio.StreamReader) -> Pdu:
    """The next packet. Raises `UnreadablePduError`, or what the stream raises when it ends."""
    length, command, status, sequence = HEADER.unpack(await reader.readexactly(HEADER.size))
    if not HEADER.size <= length <= MOST_OCTETS:
        raise UnreadablePduError(f"a packet of {length} octets: this is not SMPP, or the stream is broken")
    return Pdu(command, sequence, status, await reader.readexactly(length - HEADER.size))


def _c_octets(value: str) -> bytes:
    return value.encode("latin-1", "replace").replace(b"\0", b"") + b"\0"


class _Reader:
    def __init__(self, body: bytes) -> None:
        self._body = body
        self._place = 0

    def take(self, count: int) -> bytes:
        found = self._body[self._place : self._place + count]
        if len(found) < count:
            raise UnreadablePduError("a packet that ends too soon")
        self._place += count
        return found

    def octet(self) -> int:
        return self.take(1)[0]

    def c_octets(self) -> str:
        end = self._body.find(b"\0", self._place)
        if end < 0:
            raise UnreadablePduError("a packet with a text that does not end")
        found = self._body[self._place : end].decode("latin-1")
        self._place = end + 1
        return found

    def parameters(self) -> dict[int, bytes]:
        found = {}
        while self._place < len(self._body):
            tag, length = _TLV.unpack(self.take(_TLV.size))
            found[tag] = self.take(length)
        return found
