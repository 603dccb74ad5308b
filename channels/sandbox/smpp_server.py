"""An SMSC over SMPP 3.4 whose answers follow the number (see `numbers`), for the demo and the tests.

It writes every message that it took into the journal before it answers. SMPP has no field for a name of
ours, so the attempt comes in an optional parameter of the vendors' range, `Tag.ATTEMPT_NAME`; who does
not send it (others' clients) has journal lines without an attempt. Of a chain each part is a line, and
the first one names the attempt.
"""

import asyncio
import errno
import itertools
import ssl
from collections import deque
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from channels.sandbox.certificate import make_certificate
from channels.sandbox.errors import SandboxError
from channels.sandbox.journal import Journal, JournalEntry, JournalVerdict, now
from channels.sandbox.numbers import NumberDirective, NumberFate, read_number
from channels.sms.reference import read_name
from channels.sms.smpp.codes import (
    ALREADY_BOUND,
    INVALID_BIND,
    INVALID_COMMAND,
    INVALID_DESTINATION,
    MESSAGE_STATES,
    NO_SUCH_MESSAGE,
    OK,
    QUEUE_FULL,
    REFUSED_FOR_GOOD,
    SUBMIT_FAILED,
    SYSTEM_ERROR,
    THROTTLED,
    WRONG_PASSWORD,
)
from channels.sms.smpp.errors import UnreadablePduError
from channels.sms.smpp.pdu import (
    RESPONSE,
    Command,
    Pdu,
    ShortMessage,
    Tag,
    decode_bind,
    decode_message,
    id_body,
    message_id,
    read_pdu,
)

SLOW_SECONDS: Final = 0.3
LATE_SECONDS: Final = 3.0
RETRY_SECONDS: Final = 0.2  #: before a receipt that was refused for now comes again
_IS_RECEIPT: Final = 0x04
_HIDDEN_FATES: Final = frozenset({NumberFate.NEVER_REPORTED, NumberFate.CALLBACK_LOST})
#: The sandbox's errors 1–9 of a request, as SMPP says them.
_REFUSALS: Final = {
    1: 0x01,
    2: WRONG_PASSWORD,
    3: INVALID_BIND,
    4: SUBMIT_FAILED,
    5: 0x62,
    6: 0x0A,
    7: INVALID_DESTINATION,
    8: REFUSED_FOR_GOOD,
    9: THROTTLED,
}
#: Statuses of `numbers` as states of a message; all others cannot be delivered.
_STATES: Final = {0: 1, 1: 2, 2: 2, 3: 3, 4: 2, 20: 5, 22: 8, 23: 8}
_UNDELIVERABLE: Final = 5
_BINDS: Final = frozenset({Command.BIND_RECEIVER, Command.BIND_TRANSMITTER, Command.BIND_TRANSCEIVER})


class ReceiptForm(StrEnum):
    """How receipts say what they say."""

    BOTH = "both"
    PARAMETERS = "parameters"  #: receipted_message_id and message_state, no text
    TEXT = "text"  #: the text of appendix B, no parameters


class IdForm(StrEnum):
    """How the ids of messages are written in answers and in receipts."""

    DECIMAL = "decimal"
    HEX = "hex"
    HEX_THEN_DECIMAL = "hex_then_decimal"


@dataclass(frozen=True, slots=True, kw_only=True)
class SmppSandboxOptions:
    """How the SMSC listens and what it allows; port 0 takes any free port."""

    host: str = "127.0.0.1"
    port: int = 0
    system_id: str = "sandbox"
    password: str = "sandbox"  # noqa: S105 - a toy's, said in its help
    window: int = 1000  #: messages without an answer on one bind; more are throttled
    per_second: int | None = None  #: more messages are throttled
    receipt_form: ReceiptForm = ReceiptForm.BOTH
    id_form: IdForm = IdForm.DECIMAL
    report_seconds: float = 0.05  #: from taking a message to its receipt
    tls: bool = False  #: with a certificate of its own, see `certificate_file`


@dataclass(slots=True)
class KeptMessage:
    """A message that was taken."""

    number: int
    message: ShortMessage = field(repr=False)
    state: int = 1


class _Client:
    """One connection."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        self.bound: Command | None = None
        self.in_flight = 0
        self.sequences = itertools.count(1)
        self.unanswered: dict[int, ShortMessage] = {}

    @property
    def may_send(self) -> bool:
        return self.bound in {Command.BIND_TRANSMITTER, Command.BIND_TRANSCEIVER}

    @property
    def may_receive(self) -> bool:
        return self.bound in {Command.BIND_RECEIVER, Command.BIND_TRANSCEIVER}

    def write(self, pdu: Pdu) -> None:
        if not self.writer.is_closing():
            self.writer.write(pdu.encode())

    def answer(self, pdu: Pdu, status: int = OK, body: bytes = b"") -> None:
        self.write(Pdu(pdu.command | RESPONSE, pdu.sequence, status, body))


class SandboxSmppServer:
    """The SMSC, on the running loop."""

    def __init__(self, options: SmppSandboxOptions | None = None, *, journal: Journal | None = None) -> None:
        self._options = options or SmppSandboxOptions()
        self._journal = journal
        self._server: asyncio.Server | None = None
        self._clients: list[_Client] = []
        self._numbers = itertools.count(0x0A00)
        self._seen_once: set[str] = set()
        self._taken_at: deque[float] = deque()
        self._undelivered: deque[ShortMessage] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._directory: TemporaryDirectory[str] | None = None
        self.messages: dict[str, KeptMessage] = {}  #: by the id as answered
        self.certificate_file: Path | None = None  #: the authority to trust, with TLS, while it runs
        self.port = 0

    @property
    def address(self) -> str:
        """Where a client finds it: `host:port`."""
        return f"{self._options.host}:{self.port}"

    @property
    def binds(self) -> list[Command]:
        """What is bound now."""
        return [client.bound for client in self._clients if client.bound is not None]

    async def start(self) -> None:
        """Listen. Raises `SandboxError` when the port is taken, or when no certificate can be made."""
        options, context = self._options, self._make_context() if self._options.tls else None
        try:
            self._server = await asyncio.start_server(self._serve, options.host, options.port, ssl=context)
        except OSError as error:
            where = f"{self._options.host}:{self._options.port}"
            words = "the port is taken" if error.errno == errno.EADDRINUSE else error.strerror
            raise SandboxError(f"the SMPP sandbox cannot listen on {where}: {words}") from error
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and drop every client."""
        if self._server is not None:
            self._server.close()
        self.drop_clients()
        if self._directory is not None:
            self._directory.cleanup()
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _make_context(self) -> ssl.SSLContext:
        self._directory = TemporaryDirectory(prefix="sandbox-tls-")
        self.certificate_file, key = make_certificate(Path(self._directory.name))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate_file, key)
        return context

    def drop_clients(self) -> None:
        """Cut every connection, as a lost line does."""
        for client in self._clients:
            client.writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = _Client(writer)
        self._clients.append(client)
        with suppress(asyncio.IncompleteReadError, OSError, UnreadablePduError, asyncio.CancelledError):
            while True:
                self._take(client, await read_pdu(reader))
        self._clients.remove(client)
        self._undelivered.extend(client.unanswered.values())
        writer.transport.abort()
        self._deliver_waiting()

    def _take(self, client: _Client, pdu: Pdu) -> None:
        if pdu.is_answer:
            self._answered(client, pdu)
        elif pdu.command in _BINDS:
            self._bind(client, pdu)
        elif pdu.command == Command.ENQUIRE_LINK:
            client.answer(pdu)
        elif pdu.command == Command.UNBIND:
            client.bound = None
            client.answer(pdu)
        elif pdu.command == Command.SUBMIT_SM:
            self._later(self._submit(client, pdu))
        elif pdu.command == Command.QUERY_SM:
            self._query(client, pdu)
        else:
            client.write(Pdu(Command.GENERIC_NACK, pdu.sequence, INVALID_COMMAND))

    def _bind(self, client: _Client, pdu: Pdu) -> None:
        bind, options = decode_bind(pdu.body), self._options
        if client.bound is not None:
            client.answer(pdu, ALREADY_BOUND)
        elif (bind.system_id, bind.password) != (options.system_id, options.password):
            client.answer(pdu, WRONG_PASSWORD)
        else:
            client.bound = Command(pdu.command)
            client.answer(pdu, body=id_body("sandbox"))
            self._deliver_waiting()

    async def _submit(self, client: _Client, pdu: Pdu) -> None:
        client.in_flight += 1
        try:
            await self._decide(client, pdu, decode_message(pdu.body))
        except UnreadablePduError:
            client.answer(pdu, SYSTEM_ERROR)
        finally:
            client.in_flight -= 1

    async def _decide(self, client: _Client, pdu: Pdu, message: ShortMessage) -> None:
        phone = message.destination.value
        wish = read_number(phone)
        status = self._refusal(client, phone, wish)
        if status != OK:
            client.answer(pdu, status, b"\0")
            return
        if wish.fate is NumberFate.LOST_SILENT:
            return
        if wish.fate is NumberFate.LOST_DROP:
            client.writer.transport.abort()
            return
        name = self._keep(message)
        if wish.fate is NumberFate.CALLBACK_FIRST:
            self._report(name, wish)
            await asyncio.sleep(SLOW_SECONDS)
        else:
            self._later(self._report_later(name, wish))
        await self._answer_taken(client, pdu, wish.fate, name)

    def _refusal(self, client: _Client, phone: str, wish: NumberDirective) -> int:
        if not client.may_send:
            return INVALID_BIND
        if wish.error_code is not None:
            return _REFUSALS[wish.error_code]
        if client.in_flight > self._options.window or not self._is_slow_enough():
            return THROTTLED
        if wish.fate is NumberFate.BUSY_ONCE and phone not in self._seen_once:
            self._seen_once.add(phone)
            return QUEUE_FULL
        return OK

    def _is_slow_enough(self) -> bool:
        if self._options.per_second is None:
            return True
        at = asyncio.get_running_loop().time()
        while self._taken_at and self._taken_at[0] <= at - 1:
            self._taken_at.popleft()
        if len(self._taken_at) >= self._options.per_second:
            return False
        self._taken_at.append(at)
        return True

    async def _answer_taken(self, client: _Client, pdu: Pdu, fate: NumberFate, name: str) -> None:
        match fate:
            case NumberFate.TAKEN_SILENT:
                return
            case NumberFate.TAKEN_DROP:
                client.writer.transport.abort()
                return
            case NumberFate.TAKEN_BAD_GATEWAY | NumberFate.TAKEN_GARBAGE | NumberFate.TAKEN_BUSY:
                client.answer(pdu, SYSTEM_ERROR, b"\0")
                return
            case NumberFate.SLOW:
                await asyncio.sleep(SLOW_SECONDS)
        client.answer(pdu, body=id_body(name))

    def _keep(self, message: ShortMessage) -> str:
        number = next(self._numbers)
        name = str(number) if self._options.id_form is IdForm.DECIMAL else f"{number:x}"
        self.messages[name] = KeptMessage(number, message)
        if self._journal is not None:
            attempt = read_name(message.parameters.get(Tag.ATTEMPT_NAME, b"").decode("latin-1"))
            self._journal.append([JournalEntry(attempt, JournalVerdict.ACCEPTED, now())])
        return name

    async def _report_later(self, name: str, wish: NumberDirective) -> None:
        late = LATE_SECONDS if wish.fate is NumberFate.CALLBACK_LATE else 0.0
        await asyncio.sleep(self._options.report_seconds + late)
        self._report(name, wish)

    def _report(self, name: str, wish: NumberDirective) -> None:
        kept = self.messages[name]
        if wish.fate is not NumberFate.NEVER_REPORTED:
            kept.state = _STATES.get(wish.status, _UNDELIVERABLE)
        if wish.fate in _HIDDEN_FATES or not kept.message.registered_delivery & 0x03:
            return
        self._undelivered.append(self._receipt(kept, kept.state, wish.err))
        if wish.fate is NumberFate.CALLBACK_TWICE:
            self._undelivered.append(self._receipt(kept, kept.state, wish.err))
        if wish.fate is NumberFate.CALLBACKS_REORDERED:
            self._undelivered.append(self._receipt(kept, 1, 0))
        if wish.fate in {NumberFate.ANSWERS_STOP, NumberFate.ANSWERS_WORDS}:
            words = "СТОП" if wish.fate is NumberFate.ANSWERS_STOP else "Почему такой большой долг?"
            self._undelivered.append(
                ShortMessage(
                    source=kept.message.destination,
                    destination=kept.message.source,
                    octets=words.encode("utf-16-be"),
                    data_coding=8,
                )
            )
        self._deliver_waiting()

    def _receipt(self, kept: KeptMessage, state: int, err: int) -> ShortMessage:
        form, id_form = self._options.receipt_form, self._options.id_form
        name = f"{kept.number:x}" if id_form is IdForm.HEX else str(kept.number)
        at = datetime.now(UTC).strftime("%y%m%d%H%M")
        text = (
            f"id:{name} sub:001 dlvrd:{int(state == 2):03} submit date:{at} done date:{at}"
            f" stat:{MESSAGE_STATES[state].word} err:{err:03} text:"
        )
        return ShortMessage(
            source=kept.message.destination,
            destination=kept.message.source,
            octets=b"" if form is ReceiptForm.PARAMETERS else text.encode(),
            esm_class=_IS_RECEIPT,
            parameters={}
            if form is ReceiptForm.TEXT
            else {Tag.RECEIPTED_MESSAGE_ID: id_body(name), Tag.MESSAGE_STATE: bytes((state,))},
        )

    def _deliver_waiting(self) -> None:
        """Hand out what waits for a bind that receives; nobody there: it waits on."""
        receivers = [client for client in self._clients if client.may_receive]
        while self._undelivered and receivers:
            client, message = receivers[0], self._undelivered.popleft()
            sequence = next(client.sequences)
            client.unanswered[sequence] = message
            client.write(Pdu(Command.DELIVER_SM, sequence, body=message.encode()))

    def _answered(self, client: _Client, pdu: Pdu) -> None:
        message = client.unanswered.pop(pdu.sequence, None)
        if message is not None and pdu.status != OK:
            self._later(self._deliver_again(message))

    async def _deliver_again(self, message: ShortMessage) -> None:
        await asyncio.sleep(RETRY_SECONDS)
        self._undelivered.append(message)
        self._deliver_waiting()

    def _query(self, client: _Client, pdu: Pdu) -> None:
        name = message_id(pdu.body)
        kept = self.messages.get(name)
        if kept is None:
            client.answer(pdu, NO_SUCH_MESSAGE, id_body(name) + bytes(3))
        else:
            client.answer(pdu, body=id_body(name) + b"\0" + bytes((kept.state, 0)))

    def _later(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
