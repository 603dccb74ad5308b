"""One call as its answering side sees it: the INVITE and the dialog behind it (RFC 3261 12–17)."""

import asyncio
import secrets
from contextlib import suppress
from typing import Final, Protocol

from channels.sandbox.sip_media import SoundLine
from channels.sandbox.sip_message import Headers, SipMessage, uri_of, write_answer, write_request

T1_SECONDS: Final = 0.5  #: the first wait of an unreliable transport (RFC 3261 17.1.1.1)
T2_SECONDS: Final = 4.0
GIVE_UP_SECONDS: Final = 64 * T1_SECONDS


class Wire(Protocol):
    """The way to one caller."""

    is_reliable: bool

    def send(self, data: bytes) -> None:
        """Send one message."""
        ...

    @property
    def local(self) -> str:
        """Our `host:port`."""
        ...

    @property
    def name(self) -> str:
        """UDP, TCP or TLS, as a Via header names it."""
        ...


class SandboxCall:
    """An INVITE that was received, and all that belongs to it."""

    def __init__(self, invite: SipMessage, wire: Wire) -> None:
        self.invite = invite
        self.wire = wire
        self.tag = secrets.token_hex(8)
        self.line: SoundLine | None = None
        self.over = asyncio.Event()
        self.has_line = True  #: False: there was one call too many
        self.is_gone = False  #: says nothing any more, whatever comes
        self.task: asyncio.Task[None] | None = None
        self._last_answer = b""
        self._is_final = False
        self._settled = asyncio.Event()
        self._sequence = 1
        self._bye_answered = asyncio.Event()

    @property
    def call_id(self) -> str:
        """The dialog's name."""
        return self.invite.get("call-id")

    def answer(self, status: int, headers: Headers = (), body: bytes = b"") -> None:
        """Answer the INVITE; ignored behind a final answer."""
        if self._is_final:
            return
        self._is_final = status >= 200
        contact = ("contact", f"<sip:sandbox@{self.wire.local};transport={self.wire.name.lower()}>")
        if body:
            headers = (*headers, ("content-type", "application/sdp"))
        tag = "" if status == 100 else self.tag
        self._last_answer = write_answer(
            self.invite, status, to_tag=tag, headers=(contact, *headers), body=body
        )
        self.wire.send(self._last_answer)

    async def until_acknowledged(self) -> bool:
        """Repeat the final answer until its ACK is there; false when none came in the time of RFC 3261."""
        return await self._repeated(self._last_answer, self._settled)

    def repeat(self) -> None:
        """The INVITE came again: what was answered is answered again."""
        if self._last_answer and not self.is_gone:
            self.wire.send(self._last_answer)

    def acknowledge(self) -> None:
        """Its ACK came."""
        self._settled.set()

    def cancel(self) -> None:
        """The caller gave up ringing."""
        self.answer(487)
        self.over.set()

    def end(self) -> None:
        """The caller hung up."""
        self.over.set()

    def take_answer(self) -> None:
        """Something answered our BYE."""
        self._bye_answered.set()

    async def hang_up(self) -> None:
        """Send BYE until it is answered."""
        self._sequence += 1
        await self._repeated(self._request("BYE"), self._bye_answered)
        self.over.set()

    def notify_transfer(self) -> None:
        """Tell that the transfer succeeded (RFC 3515)."""
        self._sequence += 1
        headers = (
            ("event", "refer"),
            ("subscription-state", "terminated;reason=noresource"),
            ("content-type", "message/sipfrag"),
        )
        self.wire.send(self._request("NOTIFY", headers, b"SIP/2.0 200 OK"))

    def _request(self, method: str, headers: Headers = (), body: bytes = b"") -> bytes:
        invite = self.invite
        target = uri_of(invite.get("contact")) or uri_of(invite.get("from"))
        routes = tuple(("route", one) for one in invite.all("record-route"))
        via = f"SIP/2.0/{self.wire.name} {self.wire.local};branch=z9hG4bK{secrets.token_hex(8)};rport"
        ours = (
            ("via", via),
            ("max-forwards", "70"),
            *routes,
            ("from", f"{invite.get('to')};tag={self.tag}"),
            ("to", invite.get("from")),
            ("call-id", self.call_id),
            ("cseq", f"{self._sequence} {method}"),
        )
        return write_request(method, target, (*ours, *headers), body)

    async def _repeated(self, data: bytes, until: asyncio.Event) -> bool:
        """Send again in growing waits where the transport may lose it; `data` of an answer was sent once."""
        loop = asyncio.get_running_loop()
        give_up, wait = loop.time() + GIVE_UP_SECONDS, T1_SECONDS
        if not data.startswith(b"SIP/") and not self.is_gone:
            self.wire.send(data)
        while not until.is_set() and loop.time() < give_up and not self.is_gone:
            with suppress(TimeoutError):
                await asyncio.wait_for(until.wait(), wait)
            if not until.is_set() and not self.wire.is_reliable:
                self.wire.send(data)
            wait = min(2 * wait, T2_SECONDS)
        return until.is_set()
