"""One connection to the mail server, opened, secured and signed in by aiosmtplib.

Every fault on the way is translated here, once, into `MailServerUnavailableError` with a reason for the
engine and plain words for staff: nothing has been sent, so the envelopes concerned are simply due again.
"""

import asyncio
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import cast

import aiosmtplib

from channels.email.errors import MailServerUnavailableError
from dispatcher.core.settings import MailServerSettings

QUIT_SECONDS = 2.0  # politeness only, so not worth a long wait
TCP_ESTABLISHED = 1  # the first octet of the kernel's tcp_info


class TlsContext:
    """The one TLS context of a server: loading authorities takes tens of milliseconds."""

    def __init__(self, settings: MailServerSettings) -> None:
        self._ca_file = settings.ca_file
        self._context: ssl.SSLContext | None = None

    def get(self) -> ssl.SSLContext:
        """The context; raises `MailServerUnavailableError` when the extra authority cannot be read."""
        if self._context is None:
            context = ssl.create_default_context()
            if self._ca_file is not None:
                try:
                    context.load_verify_locations(self._ca_file)
                except OSError as error:  # ssl.SSLError is one
                    raise MailServerUnavailableError(
                        "smtp_tls_refused", f"cannot read the certificates of smtp.ca_file: {error}"
                    ) from error
            self._context = context
        return self._context


class SmtpConnection:
    """A signed-in connection, for one envelope at a time."""

    def __init__(self, settings: MailServerSettings, tls: TlsContext, local_name: str) -> None:
        self._settings = settings
        self.server = settings.name
        self.wants_chunking = settings.chunking
        self._tls = tls
        self._opened_at = 0.0
        self._age_seconds = settings.connection_age_seconds
        self._most_begun = settings.messages_per_connection
        self._plug: socket.socket | None = None  # looked up once, asked for every message
        self._extensions: frozenset[str] = frozenset()
        self._size_limit: int | None = None
        self.begun = 0  #: envelopes begun on it
        self.needs_reset = False  #: the server still holds a refused envelope, which no letter may inherit
        #: how many more may be begun before the server's limit is asked again; None: there is none to ask
        self.allowance: int | None = None
        self.client = aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            local_hostname=local_name,
            timeout=settings.timeout_seconds,
            use_tls=settings.security == "tls",
            start_tls=False,  # done by us, to tell its faults from others
            tls_context=tls.get() if settings.security == "tls" else None,
        )

    @property
    def timeout_seconds(self) -> float:
        """The longest wait for one reply."""
        return self._settings.timeout_seconds

    async def open(self) -> None:
        """Connect, secure, sign in. Raises `MailServerUnavailableError`; the connection is closed then."""
        try:
            await self._connect()
            if self._settings.security == "starttls":
                await self._start_tls()
            await self._greet()
            if self._settings.username:
                await self._sign_in(self._settings.username)
        except BaseException:
            self.abort()
            raise
        self._opened_at = time.monotonic()
        self._extensions = frozenset(self.client.esmtp_extensions)
        size = self.client.esmtp_extensions.get("size", "")
        self._size_limit = int(size) if size.isascii() and size.isdigit() and int(size) > 0 else None

    def offers(self, extension: str) -> bool:
        """Whether the server named this extension in its EHLO reply."""
        return extension.lower() in self._extensions

    def size_limit(self) -> int | None:
        """The largest message the server takes, octets (RFC 1870); None when it names none."""
        return self._size_limit

    def is_usable(self) -> bool:
        """Whether another envelope may be begun on it: alive, not too old, not worn."""
        return (
            self.begun < self._most_begun
            and time.monotonic() - self._opened_at < self._age_seconds
            and self.client.is_connected
        )

    def write_transport(self) -> asyncio.WriteTransport | None:
        """The transport while it is open: None after the connection was lost."""
        return cast(asyncio.WriteTransport, self.client.transport) if self.client.is_connected else None

    def has_server_left(self) -> bool:
        """Whether the server has closed its side already, though what it said before was not all read yet."""
        transport = self.write_transport()
        if transport is None:
            return True
        if self._plug is None:
            self._plug = transport.get_extra_info("socket")
        plug = self._plug
        return plug is None or plug.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] != TCP_ESTABLISHED

    async def close(self) -> None:
        """Say QUIT and close; never raises for what the server does."""
        if self.client.is_connected:
            with suppress(aiosmtplib.SMTPException, OSError):
                await self.client.quit(timeout=QUIT_SECONDS)
        self.abort()

    def abort(self) -> None:
        """Drop the connection at once; what stands in its buffer does not leave any more."""
        transport = self.client.transport
        if transport is not None:
            cast(asyncio.WriteTransport, transport).abort()  # before close(), which would flush the buffer
        self.client.close()

    async def _connect(self) -> None:
        with _translated("smtp_unreachable", f"no answer from the mail server {self._where()}"):
            try:
                await self.client.connect()
            except aiosmtplib.SMTPConnectResponseError as error:
                raise _refused_greeting(error, self._where()) from error
            except aiosmtplib.SMTPConnectError as error:
                if isinstance(error.__cause__, ssl.SSLError):
                    raise self._tls_error(error.__cause__) from error
                raise

    async def _start_tls(self) -> None:
        try:
            await self.client.starttls(tls_context=self._tls.get())
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            raise self._tls_error(error) from error

    async def _greet(self) -> None:
        with _translated("smtp_unreachable", f"the mail server {self._where()} broke off its greeting"):
            try:
                await self.client.ehlo()
            except aiosmtplib.SMTPHeloError:
                await self.client.helo()

    async def _sign_in(self, username: str) -> None:
        password = self._settings.password.get_secret_value() if self._settings.password else ""
        problem = f"the mail server {self._where()} refused the user name or password (settings smtp)"
        with _translated("smtp_login_refused", problem):
            try:
                await self.client.login(username, password)
            except (aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPTimeoutError) as error:
                raise MailServerUnavailableError(
                    "smtp_unreachable", f"the mail server {self._where()} broke off the login"
                ) from error

    def _tls_error(self, error: Exception) -> MailServerUnavailableError:
        return MailServerUnavailableError(
            "smtp_tls_refused",
            f"no secure connection to the mail server {self._where()}: {error}. "
            "Check smtp.security, and smtp.ca_file when its certificate is signed by your own authority",
        )

    def _where(self) -> str:
        return f"{self._settings.host}:{self._settings.port}"


def local_name(fallback: str) -> str:
    """The name for EHLO: this machine's when it is a full one, else `fallback`. Asks no DNS."""
    name = socket.gethostname()
    return name if "." in name and name.isascii() and not name.startswith(".") else fallback


@contextmanager
def _translated(reason: str, problem: str) -> Iterator[None]:
    """Turn the library's and the system's errors into one of ours."""
    try:
        yield
    except (aiosmtplib.SMTPException, OSError, ValueError) as error:
        raise MailServerUnavailableError(reason, f"{problem}: {_words(error)}") from error


def _words(error: Exception) -> str:
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return f"{error.code} {error.message}"
    return str(error) or type(error).__name__


def _refused_greeting(error: aiosmtplib.SMTPConnectResponseError, where: str) -> MailServerUnavailableError:
    is_throttled = 400 <= error.code < 500
    return MailServerUnavailableError(
        "smtp_busy" if is_throttled else "smtp_greeting_refused",
        f"the mail server {where} takes no connection from us: {error.code} {error.message}",
        is_throttled=is_throttled,
    )
