"""One bind: a connection that signed in, and what is known of each packet that was given to it.

Neither library that exists tells a packet that never left from one whose answer is lost (decision 0036);
here they are two errors. A packet counts as gone once it was handed to the connection, even when the
octets are still in a buffer: too careful is right, too hopeful tells somebody twice.
"""

import asyncio
import itertools
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

import structlog

from channels.sms.smpp.codes import INVALID_COMMAND, OK, THROTTLED, TRY_LATER, read_status
from channels.sms.smpp.errors import AnswerLostError, BindRefusedError, NotBoundError, UnreadablePduError
from channels.sms.smpp.pdu import RESPONSE, Bind, Command, Pdu, ShortMessage, decode_message, read_pdu
from dispatcher.core.settings import SmppSettings

log = structlog.get_logger(__name__)

#: What comes from the provider: it returns once it is kept, and raises when it is to come again.
MessageSink = Callable[[ShortMessage], Awaitable[None]]
#: Reports that may be on their way into the store at once; the provider keeps more for later.
MOST_REPORTS: Final = 64
_LARGEST_SEQUENCE: Final = 0x7FFFFFFF
_FAREWELL_SECONDS: Final = 1.0


class Session:
    """A bind that stands. `open_session` makes one."""

    def __init__(
        self,
        settings: SmppSettings,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        sink: MessageSink,
    ) -> None:
        self._settings = settings
        self._reader, self._writer, self._sink = reader, writer, sink
        self._window = asyncio.Semaphore(settings.window)
        self._sequences = itertools.cycle(range(1, _LARGEST_SEQUENCE))
        self._waiting: dict[int, asyncio.Future[Pdu]] = {}
        self._reports: set[asyncio.Task[None]] = set()
        self._is_open = True
        self._heard_at = asyncio.get_running_loop().time()
        self._reading = asyncio.create_task(self._read())
        self._enquiring: asyncio.Task[None] | None = None

    @property
    def is_open(self) -> bool:
        """Whether a packet may be given to it."""
        return self._is_open and not self._writer.is_closing()

    @property
    def in_flight(self) -> int:
        """Packets without an answer."""
        return len(self._waiting)

    async def bind(self, command: Command, bind: Bind) -> None:
        """Sign in; raises `BindRefusedError`, `AnswerLostError`."""
        answer = await self._ask(command, bind.encode(), self._settings.connect_seconds)
        if answer.status != OK:
            known = read_status(answer.status)
            raise BindRefusedError(answer.status, known.reason, known.meaning)
        self._enquiring = asyncio.create_task(self._enquire())

    async def submit(self, body: bytes) -> Pdu:
        """Hand a message over, within the window; raises `NotBoundError` and `AnswerLostError`."""
        async with self._window:
            return await self._ask(Command.SUBMIT_SM, body, self._settings.timeout_seconds)

    async def query(self, body: bytes) -> Pdu:
        """Ask for a message; raises as `submit`."""
        async with self._window:
            return await self._ask(Command.QUERY_SM, body, self._settings.timeout_seconds)

    async def wait_closed(self) -> None:
        """Until the connection has ended."""
        await asyncio.wait({self._reading})

    async def close(self) -> None:
        """Say goodbye, then end the connection; what waits for an answer is in doubt."""
        with suppress(NotBoundError, AnswerLostError):
            await self._ask(Command.UNBIND, b"", _FAREWELL_SECONDS)
        if self._reports:
            await asyncio.wait(self._reports, timeout=_FAREWELL_SECONDS)
        self.abort()
        await asyncio.wait({self._reading})

    def abort(self) -> None:
        """End the connection at once."""
        self._is_open = False
        self._reading.cancel()
        for task in (self._enquiring, *self._reports):
            if task is not None:
                task.cancel()
        self._writer.transport.abort()

    async def _ask(self, command: Command, body: bytes, seconds: float) -> Pdu:
        if not self.is_open:
            raise NotBoundError("smpp_not_bound", f"{self._settings.name} is not connected")
        sequence = next(self._sequences)
        answer: asyncio.Future[Pdu] = asyncio.get_running_loop().create_future()
        self._waiting[sequence] = answer
        try:
            self._writer.write(Pdu(command, sequence, body=body).encode())
            async with asyncio.timeout(seconds):
                return await answer
        except TimeoutError as error:
            raise AnswerLostError(
                "smpp_no_answer", f"{self._settings.name} did not answer in time"
            ) from error
        finally:
            del self._waiting[sequence]

    async def _read(self) -> None:
        try:
            while True:
                pdu = await read_pdu(self._reader)
                self._heard_at = asyncio.get_running_loop().time()
                self._take(pdu)
        except (asyncio.IncompleteReadError, OSError, UnreadablePduError) as error:
            log.warning("sms.bind_lost", provider=self._settings.name, error=type(error).__name__)
        finally:
            self._is_open = False
            for waiting in self._waiting.values():
                if not waiting.done():
                    lost = AnswerLostError("smpp_connection_lost", f"{self._settings.name} broke off")
                    waiting.set_exception(lost)
            if self._enquiring is not None:
                self._enquiring.cancel()
            self._writer.transport.abort()

    def _take(self, pdu: Pdu) -> None:
        if pdu.is_answer:
            waiting = self._waiting.get(pdu.sequence)
            if waiting is None or waiting.done():
                log.warning("sms.answer_too_late", provider=self._settings.name, status=pdu.status)
            else:
                waiting.set_result(pdu)
            return
        match pdu.command:
            case Command.DELIVER_SM:
                self._take_message(pdu)
            case Command.ENQUIRE_LINK:
                self._answer(pdu, OK)
            case Command.UNBIND:
                self._answer(pdu, OK)
                # Answers that are on their way may still come; nothing more is begun here.
                self._is_open = False
                asyncio.get_running_loop().call_later(_FAREWELL_SECONDS, self._reading.cancel)
            case _:
                self._writer.write(Pdu(Command.GENERIC_NACK, pdu.sequence, INVALID_COMMAND).encode())

    def _take_message(self, pdu: Pdu) -> None:
        if len(self._reports) >= MOST_REPORTS:
            self._answer(pdu, THROTTLED, b"\0")
            return
        task = asyncio.create_task(self._keep_message(pdu))
        self._reports.add(task)
        task.add_done_callback(self._reports.discard)

    async def _keep_message(self, pdu: Pdu) -> None:
        """Answer only once it is kept: what was answered never comes again."""
        status = OK
        try:
            await self._sink(decode_message(pdu.body))
        except UnreadablePduError:
            # It would come again for ever, and never be any better.
            log.warning("sms.unreadable_report", provider=self._settings.name)
        except Exception as error:  # noqa: BLE001 - whatever the store's fault is, the report must come again
            log.warning("sms.report_not_kept", provider=self._settings.name, error=type(error).__name__)
            status = TRY_LATER
        self._answer(pdu, status, b"\0")

    def _answer(self, pdu: Pdu, status: int, body: bytes = b"") -> None:
        self._writer.write(Pdu(pdu.command | RESPONSE, pdu.sequence, status, body).encode())

    async def _enquire(self) -> None:
        pause = self._settings.enquire_seconds
        while True:
            silence = asyncio.get_running_loop().time() - self._heard_at
            await asyncio.sleep(max(pause - silence, pause / 10))
            if asyncio.get_running_loop().time() - self._heard_at < pause:
                continue
            try:
                await self._ask(Command.ENQUIRE_LINK, b"", self._settings.connect_seconds)
            except AnswerLostError:
                log.warning("sms.bind_silent", provider=self._settings.name)
                self._reading.cancel()
                return


async def open_session(settings: SmppSettings, host: str, command: Command, sink: MessageSink) -> Session:
    """Connect to `host:port` and sign in; raises `NotBoundError` and `BindRefusedError`."""
    name, _, port = host.rpartition(":")
    try:
        context = ssl.create_default_context(cafile=settings.ca_file) if settings.tls else None
        async with asyncio.timeout(settings.connect_seconds):
            reader, writer = await asyncio.open_connection(name.strip("[]"), int(port), ssl=context)
    except (ssl.SSLError, FileNotFoundError) as error:
        raise NotBoundError(
            "smpp_tls_refused",
            f"TLS with {host} fails: check ca_file, and whether the certificate has this name",
        ) from error
    except (OSError, TimeoutError) as error:
        raise NotBoundError(
            "smpp_unreachable", f"{host} cannot be reached: check the network and sms.smpp"
        ) from error
    session = Session(settings, reader, writer, sink)
    bind = Bind(settings.system_id, settings.password.get_secret_value(), settings.system_type)
    try:
        await session.bind(command, bind)
    except AnswerLostError as error:
        session.abort()
        raise NotBoundError("smpp_unreachable", f"{host} does not answer the bind: is it SMPP?") from error
    except BaseException:
        session.abort()
        raise
    return session
