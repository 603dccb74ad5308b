"""The e-mail channel: envelopes in, outcomes out."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from channels.email import verp
from channels.email.addresses import MailAddress, ascii_domain, parse_address
from channels.email.batch import Batch, Built
from channels.email.connection import SmtpConnection, local_name
from channels.email.errors import MailServerUnavailableError, UnsendableError
from channels.email.gate import ServerGate
from channels.email.message import MessageBuilder, has_8bit
from channels.email.pool import ConnectionPool
from channels.email.replies import Verdict
from channels.email.server import MailServer
from channels.email.transaction import Request
from channels.port import AttemptReference, ChannelKind, Envelope, Health, Outcome, Question, Receipt
from dispatcher.core.settings import MailSettings, SmtpSettings

#: A message with larger files is built when its turn comes: 64 of them at once would fill the memory, ...
AHEAD_OCTETS: Final = 200_000
#: ... and on the event loop they would hold up the conversations that are under way.
AHEAD_OCTETS_ON_LOOP: Final = 0


def utc_now() -> datetime:
    """The machine's time; the composition root passes the product's clock instead."""
    return datetime.now(UTC)


class EmailChannel:
    """Sends by one or several SMTP servers over kept connections. Lives on one event loop.

    `secret_key` signs the bounce addresses; `gate` holds the limits of single servers. Raises
    `ConfigurationError` when the settings cannot make a message.
    """

    kind = ChannelKind.EMAIL

    def __init__(
        self,
        smtp: SmtpSettings,
        mail: MailSettings,
        secret_key: bytes,
        *,
        gate: ServerGate | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._timeout_seconds = max(server.timeout_seconds for server in smtp.all_servers())
        self._secret_key = secret_key
        self._now = now
        self._builder = MessageBuilder(mail)
        self._bounce_domain = ascii_domain(mail.bounce_domain)
        own_name = local_name(fallback=ascii_domain(mail.message_id_domain))
        self._pool = ConnectionPool(smtp, own_name, gate)
        self._is_stopped = False
        self._is_8bit_usual = True  # what the last server took: messages built ahead are most likely for it
        self._batches: set[Batch] = set()

    async def send(self, batch: Sequence[Envelope]) -> AsyncIterator[Outcome]:
        """See the port. A cancelled caller still gets every outcome, and the cancellation after the last.

        The first cancellation begins nothing more and lets running envelopes end, for `timeout_seconds`
        at most; a second one breaks them off.
        """
        running = Batch(batch, self._pool, self)
        self._batches.add(running)
        running.start(self._pool.places())
        deadline: asyncio.TimerHandle | None = None
        try:
            while True:
                try:
                    outcome = await running.next_outcome()
                except asyncio.CancelledError:
                    if deadline is not None:
                        running.abort()
                        continue
                    running.stop()
                    loop = asyncio.get_running_loop()
                    deadline = loop.call_later(self._timeout_seconds, running.abort)
                    continue
                if outcome is None:
                    break
                yield outcome
        finally:
            await running.finish(self._timeout_seconds)
            self._batches.discard(running)
            if deadline is not None:
                deadline.cancel()
        if deadline is not None:
            raise asyncio.CancelledError

    async def query(self, questions: Sequence[Question]) -> Sequence[Receipt]:  # noqa: ARG002 - the port
        """A mail server cannot be asked about a message: always empty."""
        return ()

    async def healthy(self) -> Health:
        """Well when one server at least takes us; the problem names those that do not."""
        health = await self.health_of_servers()
        problems = [one.problem for one in health.values() if not one.ok]
        return Health(ok=any(one.ok for one in health.values()), problem="; ".join(problems))

    async def health_of_servers(self, timeout_seconds: float | None = None) -> Mapping[str, Health]:
        """By the servers' names. Connect, secure and sign in over connections of their own, then QUIT."""
        servers = self._pool.servers
        found = await asyncio.gather(*(self._health_of(server, timeout_seconds) for server in servers))
        return {server.name: health for server, health in zip(servers, found, strict=True)}

    async def _health_of(self, server: MailServer, timeout_seconds: float | None) -> Health:
        try:
            async with asyncio.timeout(timeout_seconds):
                connection = await server.open()
        except MailServerUnavailableError as error:
            return Health(ok=False, problem=str(error))
        except TimeoutError:
            where = f"{server.settings.host}:{server.settings.port}"
            return Health(ok=False, problem=f"the mail server {where} does not answer: check host and port")
        await connection.close()
        return Health(ok=True)

    def stop_starting(self) -> None:
        """See the port. Holds for every later batch too; safe to call from any thread."""
        self._is_stopped = True

    async def close(self) -> None:
        """Stop, let what runs end (for `timeout_seconds` at most), close all connections."""
        self.stop_starting()
        await asyncio.gather(*(batch.finish(self._timeout_seconds) for batch in self._batches))
        await self._pool.close()

    # What a batch asks for.

    def is_stopped(self) -> bool:
        """See `Post`."""
        return self._is_stopped

    async def build_ahead(self, envelopes: Sequence[Envelope]) -> Mapping[AttemptReference, Built]:
        """See `Post`. A batch is built in one go, which takes a good deal less than between the replies.

        RSA lets other threads run while it signs, so connections need not wait for it.
        """
        if self._builder.is_slow:
            return await asyncio.to_thread(self._build_all, envelopes, AHEAD_OCTETS)
        return self._build_all(envelopes, AHEAD_OCTETS_ON_LOOP)

    def _build_all(self, envelopes: Sequence[Envelope], most_octets: int) -> dict[AttemptReference, Built]:
        built = {}
        for envelope in envelopes:
            if sum(len(one.content) for one in envelope.attachments) > most_octets:
                continue
            with suppress(UnsendableError):  # raised again, and told, when its turn comes
                address = parse_address(envelope.address)
                built[envelope.attempt] = self._build(envelope, address, is_8bit=self._is_8bit_usual)
        return built

    def _build(self, envelope: Envelope, address: MailAddress, *, is_8bit: bool) -> Built:
        sender = verp.encode(envelope.attempt, self._secret_key, self._bounce_domain)
        content = self._builder.build(envelope, address, date=self._now(), is_8bit=is_8bit)
        return Built(address, sender, content, needs_8bit=has_8bit(content))

    def prepare(self, connection: SmtpConnection, envelope: Envelope, built: Built | None) -> Request:
        """See `Post`."""
        address = parse_address(envelope.address) if built is None else built.address
        if address.needs_smtputf8 and not connection.offers("SMTPUTF8"):
            raise UnsendableError("smtputf8_not_offered", is_by_server=True)
        is_8bit = self._is_8bit_usual = connection.offers("8BITMIME")
        if built is None or (built.needs_8bit and not is_8bit):
            built = self._build(envelope, address, is_8bit=is_8bit)
        limit = connection.size_limit()
        if limit is not None and len(built.content) > limit:
            raise UnsendableError("too_big", is_by_server=True)
        return Request(
            sender=built.sender,
            recipient=address.text,
            content=built.content,
            mail_options=_mail_options(connection, envelope.attempt, built),
            rcpt_options=("NOTIFY=FAILURE,DELAY",) if connection.offers("DSN") else (),
        )

    def outcome(
        self, envelope: Envelope, verdict: Verdict, server: str, content: bytes | None = None
    ) -> Outcome:
        """See `Post`. With several servers, `provider_id` begins with the server's name: `relay-2/4cXyZ1`."""
        provider_id = verdict.provider_id
        if self._pool.has_several:
            provider_id = f"{server}/{provider_id or ''}"
        return Outcome(
            envelope.attempt,
            verdict.kind,
            verdict.reason,
            reply=verdict.reply,
            provider_id=provider_id,
            content=content,
            at=self._now(),
            is_for_provider=verdict.is_for_server and not self._pool.has_several,
            # With several servers the pool heeds it: only one of them is meant.
            is_heeded=verdict.is_for_server and self._pool.has_several,
            retry_after_seconds=verdict.retry_after_seconds,
        )


def _mail_options(connection: SmtpConnection, attempt: AttemptReference, built: Built) -> tuple[str, ...]:
    """Parameters of MAIL, each only when the server offered its extension."""
    options = []
    if connection.offers("SIZE"):
        options.append(f"SIZE={len(built.content)}")
    if built.needs_8bit and connection.offers("8BITMIME"):
        options.append("BODY=8BITMIME")
    if built.address.needs_smtputf8:
        options.append("SMTPUTF8")
    if connection.offers("DSN"):
        options += ["RET=HDRS", f"ENVID={verp.envelope_id(attempt)}"]
    return tuple(options)
