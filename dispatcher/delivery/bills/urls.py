"""Which URLs of a recipient list may be followed: https to hosts that staff have named, and nothing else.

The list is not trusted: it comes from another system, and whoever can write a cell of it could point us at
anything. So a host must be on the list of the settings, with its port; `http` and addresses of the inner
network are for hosts named as inner alone (a billing system behind the same firewall).
"""

import hashlib
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from yarl import URL

from dispatcher.core.errors import ConfigurationError
from dispatcher.core.safe_addresses import may_connect
from dispatcher.delivery.bills.states import URL_REFUSED, URLS_OFF
from templates.errors import AttachmentError

MAX_URL_CHARS: Final = 2000
_PORTS: Final = {"https": 443, "http": 80}
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_AUTHORITY: Final = re.compile(r"[^/?#]*//([^/?#]*)")
_DIGITS_AND_DOTS: Final = re.compile(r"[0-9.]+")

Origin = tuple[str, int]  #: host in ASCII and lower case, port


@dataclass(frozen=True, slots=True)
class BillUrl:
    """A URL that may be followed."""

    url: URL
    is_inner: bool

    @property
    def host(self) -> str:
        """The host alone: what a log may show."""
        return self.url.raw_host or ""

    @property
    def origin(self) -> str:
        """`host:port`: what the limit of requests at once counts by."""
        return f"{self.host}:{self.url.port}"


class UrlRules:
    """The hosts that may be asked for bills. Without any, every URL is refused."""

    def __init__(self, hosts: Iterable[str] = (), inner_hosts: Iterable[str] = ()) -> None:
        self._outer = frozenset(_origins(hosts, "DISPATCHER_ATTACHMENTS__HOSTS", ("https",)))
        self._inner = frozenset(
            _origins(inner_hosts, "DISPATCHER_ATTACHMENTS__INTERNAL_HOSTS", ("https", "http"))
        )

    @property
    def is_on(self) -> bool:
        """Whether any host is allowed."""
        return bool(self._outer or self._inner)

    @property
    def origins(self) -> Collection[str]:
        """Every `host:port` that may be asked, sorted."""
        return sorted(f"{host}:{port}" for host, port in self._outer | self._inner)

    def is_inner(self, host: str, port: int) -> bool:
        """Whether staff named this host and port as one of the inner network."""
        return (host.lower(), port) in self._inner

    def check(self, text: str) -> BillUrl:
        """The URL of a cell, if it may be followed.

        Raises `AttachmentError`: `attachment_url_off` when no host is allowed at all, else
        `attachment_url_refused`. No message shows the URL.
        """
        if not self.is_on:
            raise AttachmentError(
                "счета по ссылкам не включены: назовите серверы в DISPATCHER_ATTACHMENTS__HOSTS",
                code=URLS_OFF,
            )
        url = _parse(text.strip())
        authority = _AUTHORITY.match(text.strip())
        if authority is None or "@" in authority[1]:
            raise _refused("в ссылке не должно быть имени и пароля")
        origin = ((url.raw_host or "").lower(), url.port or 0)
        is_inner = origin in self._inner
        if url.scheme != "https" and not (url.scheme == "http" and is_inner):
            raise _refused("ссылка должна быть https")
        if not is_inner and origin not in self._outer:
            raise _refused("сервера из ссылки нет среди разрешённых (DISPATCHER_ATTACHMENTS__HOSTS)")
        if _is_literal(origin[0]) and not may_connect(origin[0], is_inner=is_inner):
            raise _refused("ссылка ведёт туда, куда ходить нельзя")
        return BillUrl(url.with_fragment(None), is_inner)


def is_url(cell: object) -> bool:
    """Whether a cell of the list holds a URL rather than the name of a file."""
    return isinstance(cell, str) and _SCHEME.match(cell.strip()) is not None


def key_of(text: str) -> bytes:
    """SHA-256 of a URL: what a bill is known by, so that the URL itself stays in the list alone."""
    return hashlib.sha256(text.strip().encode()).digest()


def _parse(text: str) -> URL:
    is_odd = any(not letter.isprintable() or letter.isspace() or letter == "\\" for letter in text)
    if is_odd or len(text) > MAX_URL_CHARS:
        raise _refused("ссылка написана с ошибкой или длиннее 2000 знаков")
    try:
        # Signed links bear no change of their spelling; only other letters have to be spelled out.
        url = URL(text, encoded=text.isascii())
        is_whole = url.raw_host and url.port
    except (ValueError, IndexError) as error:  # yarl stumbles over a bracket behind a colon
        raise _refused("ссылка написана с ошибкой") from error
    if not is_whole:
        raise _refused("ссылка написана с ошибкой")
    return url


def _origins(texts: Iterable[str], setting: str, schemes: tuple[str, ...]) -> Iterable[Origin]:
    for text in texts:
        try:
            url = URL(f"//{text.strip()}")
            host, port = (url.raw_host or "").lower(), url.explicit_port
        except (ValueError, IndexError) as error:
            raise _unusable(setting) from error
        is_bare = url.raw_user is None and url.raw_path in {"", "/"} and not url.raw_query_string
        if not host or not is_bare or (_is_literal(host) and not _is_plain_address(host)):
            raise _unusable(setting)
        yield from [(host, port)] if port else [(host, _PORTS[scheme]) for scheme in schemes]


def _is_literal(host: str) -> bool:
    """Whether an HTTP client would take the host for an address and not ask DNS."""
    return ":" in host or _DIGITS_AND_DOTS.fullmatch(host) is not None


def _is_plain_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _refused(message: str) -> AttachmentError:
    return AttachmentError(message, code=URL_REFUSED)


def _unusable(setting: str) -> ConfigurationError:
    return ConfigurationError(
        f'{setting} cannot be used: write hosts as ["bills.example.org", "bills.example.org:8443"]'
    )


#: No host is allowed: what an installation without settings has.
NO_URLS: Final = UrlRules()
