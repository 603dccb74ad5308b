"""Fetching one bill over HTTP, on the worker's event loop. Knows no database.

What a server says is not trusted: neither its redirects, nor its length, nor its type. The connection goes
to the very addresses that were judged (`GuardedResolver`); no proxy of the environment, no cookies and no
password takes part. Errors of the library carry URLs: they are translated here and never logged.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from dispatcher.core.safe_addresses import AddressRefusedError, check_addresses
from dispatcher.delivery.bills.content import FetchedBill, content_type_of, has_end
from dispatcher.delivery.bills.errors import BillFaultError
from dispatcher.delivery.bills.urls import BillUrl, UrlRules
from templates.errors import AttachmentError

MAX_REDIRECTS: Final = 3
CHUNK_BYTES: Final = 65_536
MAX_RETRY_AFTER_SECONDS: Final = 3600.0
RESOLVER_THREADS: Final = 4  #: of our own: a name server that hangs must not hold up the channels' look-ups
KEEPALIVE_SECONDS: Final = 15.0

_OK: Final = 200
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
#: Answers after which another try may end better, beside all of 5xx.
_PASSING: Final = frozenset({408, 425, 429})
_SERVER_FAULT: Final = 500
_HEADERS: Final = {
    "Accept": "application/pdf, image/png, image/jpeg",
    "Accept-Encoding": "identity",
    "User-Agent": "notification-dispatcher",
}
#: The library's error → our fault; the first that fits counts.
_FAULTS: Final[Sequence[tuple[type[Exception], str]]] = (
    (TimeoutError, "timeout"),
    (aiohttp.ClientSSLError, "tls"),
    (aiohttp.ClientConnectorDNSError, "dns"),
    (aiohttp.ClientConnectorError, "unreachable"),
    (aiohttp.ClientPayloadError, "broken_off"),
    (aiohttp.ClientConnectionError, "broken_off"),
    (aiohttp.ClientError, "bad_answer"),
    (ValueError, "bad_answer"),
)

Lookup = Callable[[str, int], Awaitable[Sequence[str]]]  #: host, port → addresses as text


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """What one fetch may take: bytes of the file, seconds for everything from the name to the last byte."""

    max_bytes: int
    seconds: float


class BillFetcher:
    """Fetches bills for one process; keeps connections between them. Use it on one event loop only."""

    def __init__(
        self,
        rules: UrlRules,
        limits: FetchLimits,
        *,
        ca_file: Path | None = None,
        lookup: Lookup | None = None,
    ) -> None:
        self._rules = rules
        self._limits = limits
        self._tls = ssl.create_default_context()
        if ca_file is not None:
            self._tls.load_verify_locations(ca_file)
        self._lookup = lookup
        self._session: aiohttp.ClientSession | None = None

    async def fetch(self, url: str) -> FetchedBill:
        """The bill behind a URL; raises `AttachmentError` for a URL not allowed and `BillFaultError`."""
        allowed = self._rules.check(url)
        with _translated():
            async with asyncio.timeout(self._limits.seconds):
                return await self._follow(allowed)

    async def close(self) -> None:
        """Let go of all connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _follow(self, url: BillUrl) -> FetchedBill:
        for _ in range(MAX_REDIRECTS + 1):
            async with self._open().get(url.url, allow_redirects=False) as response:
                if response.status not in _REDIRECTS:
                    return await self._read(response)
                url = self._next(url, response.headers.get("Location", ""))
        raise BillFaultError("redirects_too_many", is_final=True)

    def _next(self, url: BillUrl, location: str) -> BillUrl:
        """Where a redirect leads; nobody outside may send us on into the inner network."""
        try:
            target = self._rules.check(str(url.url.join(URL(location))))
        except (AttachmentError, ValueError) as error:
            raise BillFaultError("redirect_refused", is_final=True) from error
        if not location or (target.is_inner and not url.is_inner):
            raise BillFaultError("redirect_refused", is_final=True)
        return target

    async def _read(self, response: aiohttp.ClientResponse) -> FetchedBill:
        if response.status != _OK:
            raise _fault_of_status(response)
        if (response.content_length or 0) > self._limits.max_bytes:
            raise BillFaultError("too_large", is_final=True)
        content = bytearray()
        async for chunk in response.content.iter_chunked(CHUNK_BYTES):
            content += chunk
            if len(content) > self._limits.max_bytes:
                raise BillFaultError("too_large", is_final=True)
        return _judged(bytes(content), is_delimited=_is_delimited(response))

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(
                resolver=GuardedResolver(self._rules, self._lookup),
                use_dns_cache=False,
                ssl=self._tls,
                limit=0,  # the claim of bills limits how many run at once
                keepalive_timeout=KEEPALIVE_SECONDS,
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                headers=_HEADERS,
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                auto_decompress=False,
                timeout=aiohttp.ClientTimeout(total=self._limits.seconds),
            )
        return self._session


class GuardedResolver(AbstractResolver):
    """Resolves once and lets only allowed addresses through; the connection is made to these."""

    def __init__(self, rules: UrlRules, lookup: Lookup | None = None) -> None:
        self._rules = rules
        self._threads = ThreadPoolExecutor(RESOLVER_THREADS, thread_name_prefix="bills-dns")
        self._lookup = lookup or self._ask_system

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002 - the library's own signature
    ) -> list[ResolveResult]:
        """The addresses of a host; raises `OSError` without any and `AddressRefusedError` for a bad one."""
        addresses = await self._lookup(host, port)
        if not addresses:
            raise OSError("the name has no address")
        check_addresses(addresses, is_inner=self._rules.is_inner(host, port))
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for address in addresses
        ]

    async def close(self) -> None:
        """Let the threads go; one that still waits for a name server ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _ask_system(self, host: str, port: int) -> Sequence[str]:
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._threads, _addresses_of, host, port)
        return list(dict.fromkeys(found))


def _addresses_of(host: str, port: int) -> list[str]:
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def _judged(content: bytes, *, is_delimited: bool) -> FetchedBill:
    content_type = content_type_of(content)
    if content_type is None:
        raise BillFaultError("bad_type", is_final=True)
    if not is_delimited and not has_end(content):
        raise BillFaultError("broken_off")
    return FetchedBill(content_type, content)


def _is_delimited(response: aiohttp.ClientResponse) -> bool:
    """Whether the server said where the body ends; else a broken connection looks like its end."""
    is_chunked = "chunked" in response.headers.get("Transfer-Encoding", "").lower()
    return is_chunked or response.content_length is not None


def _fault_of_status(response: aiohttp.ClientResponse) -> BillFaultError:
    status = response.status
    wished = response.headers.get("Retry-After", "")
    wait = min(float(wished), MAX_RETRY_AFTER_SECONDS) if wished.isascii() and wished.isdigit() else None
    return BillFaultError(
        f"http_{status}",
        is_final=status not in _PASSING and status < _SERVER_FAULT,
        retry_after_seconds=wait,
    )


@contextmanager
def _translated() -> Iterator[None]:
    """Turn what the library raises into faults of ours, without the URL that its words carry."""
    try:
        yield
    except AddressRefusedError as error:
        raise BillFaultError("address_refused", is_final=True) from error
    except tuple(kind for kind, _ in _FAULTS) as error:
        fault = next(fault for kind, fault in _FAULTS if isinstance(error, kind))
        raise BillFaultError(fault) from error
