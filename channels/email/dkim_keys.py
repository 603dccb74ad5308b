"""Keys that sign our mail: read from PEM files, checked once, and what their DNS records must say.

A new key is published under its own selector before it signs: `active_from` lets it sign from a moment on,
`active_until` lets the old one end. Whatever is wrong with a key stops the start with plain words: a worker
that silently sent unsigned mail would cost the company its reputation.
"""

import os
import re
import stat
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

import structlog
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from channels.email.addresses import ascii_domain
from dispatcher.core.errors import ConfigurationError
from dispatcher.core.settings import DkimKeySettings, MailSettings

KeyKind = Literal["rsa", "ed25519"]

LEAST_RSA_BITS: Final = 1024  #: RFC 8301 3.2: nobody may accept less
GOOD_RSA_BITS: Final = 2048
MOST_RSA_BITS: Final = 4096  #: RFC 8301 3.2: verifiers need not take more
MAX_FILE_OCTETS: Final = 32_768
MAX_NAME_CHARS: Final = 253
_SELECTOR: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class DkimKey:
    """One key that signs for `domain` from `active_from` on, before `active_until` (seconds since 1970)."""

    domain: str
    selector: str
    private_key: RSAPrivateKey | Ed25519PrivateKey = field(repr=False)
    active_from: float = float("-inf")
    active_until: float = float("inf")

    def is_active(self, at: float) -> bool:
        """Whether it signs at this moment."""
        return self.active_from <= at < self.active_until

    @property
    def kind(self) -> KeyKind:
        """The tag `k=` of its record."""
        return "rsa" if isinstance(self.private_key, RSAPrivateKey) else "ed25519"

    @property
    def algorithm(self) -> str:
        """The tag `a=` of its signatures."""
        return f"{self.kind}-sha256"

    @property
    def record_name(self) -> str:
        """Where its public half is published."""
        return f"{self.selector}._domainkey.{self.domain}"

    @property
    def record(self) -> str:
        """The text to publish there (RFC 6376 3.6.1, RFC 8463 4)."""
        return f"v=DKIM1; k={self.kind}; p={b64encode(self._public_octets()).decode('ascii')}"

    @property
    def is_weak(self) -> bool:
        """An RSA key that is accepted still, and should not be."""
        return isinstance(self.private_key, RSAPrivateKey) and self.private_key.key_size < GOOD_RSA_BITS

    def _public_octets(self) -> bytes:
        public = self.private_key.public_key()
        if isinstance(self.private_key, RSAPrivateKey):
            return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return public.public_bytes(Encoding.Raw, PublicFormat.Raw)


def load_keys(mail: MailSettings) -> tuple[DkimKey, ...]:
    """The keys of the settings, in their order. Raises `ConfigurationError` in plain words.

    Refused are: a file that is missing, open to others, no key, encrypted, of another kind or too short;
    a selector twice; a gap in which no key would sign, once one has.
    """
    keys = tuple(_load(one, mail) for one in mail.dkim_keys)
    names = [key.record_name for key in keys]
    for name in names:
        if names.count(name) > 1:
            raise ConfigurationError(
                f"settings mail.dkim_keys: {name} is there twice: give each its selector"
            )
    _refuse_gap(keys)
    for key in keys:
        if key.is_weak:
            _log.warning("email.dkim_key_short", selector=key.selector, least_bits=GOOD_RSA_BITS)
    return keys


def sender_domain(mail: MailSettings) -> str:
    """The domain that readers see in the From, in ASCII; raises `ConfigurationError` when there is none."""
    local_part, _, domain = mail.from_address.rpartition("@")
    if not local_part:
        raise ConfigurationError(
            f"settings mail: {mail.from_address!r} is no e-mail address: correct from_address"
        )
    return ascii_domain(domain).lower()


def make_private_key(kind: KeyKind, bits: int = GOOD_RSA_BITS) -> RSAPrivateKey | Ed25519PrivateKey:
    """A new key; `bits` is for RSA only."""
    if kind == "ed25519":
        return Ed25519PrivateKey.generate()
    return generate_private_key(public_exponent=65_537, key_size=bits)


def to_pem(key: RSAPrivateKey | Ed25519PrivateKey) -> bytes:
    """The private key as it stands in its file (PKCS #8, not encrypted)."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def check_selector(selector: str) -> str:
    """A selector in lower case; raises `ConfigurationError` when it cannot be a name in DNS."""
    lowered = selector.lower()
    if len(lowered) > MAX_NAME_CHARS or not _SELECTOR.fullmatch(lowered):
        raise ConfigurationError(
            f"the DKIM selector {selector!r} cannot be a name in DNS: take letters, digits, hyphens: 2026a"
        )
    return lowered


def _load(wanted: DkimKeySettings, mail: MailSettings) -> DkimKey:
    selector = check_selector(wanted.selector)
    private_key = _read(wanted.private_key_file)
    key = DkimKey(
        domain=ascii_domain(wanted.domain).lower() if wanted.domain else sender_domain(mail),
        selector=selector,
        private_key=private_key,
        active_from=_seconds(wanted.active_from, float("-inf")),
        active_until=_seconds(wanted.active_until, float("inf")),
    )
    if wanted.algorithm is not None and wanted.algorithm != key.kind:
        raise ConfigurationError(
            f"the DKIM key {selector}: its file holds a key of kind {key.kind}, the setting algorithm says "
            f"{wanted.algorithm}: correct one of them"
        )
    if len(key.record_name) > MAX_NAME_CHARS:
        raise ConfigurationError(f"the DKIM key {selector}: {key.record_name} is too long for DNS")
    if key.active_from >= key.active_until:
        raise ConfigurationError(
            f"the DKIM key {selector}: active_until is not after active_from: correct them"
        )
    return key


def _read(path: Path) -> RSAPrivateKey | Ed25519PrivateKey:
    where = f"the DKIM key file {path}"
    try:
        # Not blocking, should it be a pipe; the open file is asked for its mode, so what is checked is read.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            mode = os.fstat(descriptor).st_mode
            octets = file.read(MAX_FILE_OCTETS + 1) if stat.S_ISREG(mode) else b""
    except OSError as error:
        words = (
            "is not there" if isinstance(error, FileNotFoundError) else f"cannot be read ({error.strerror})"
        )
        raise ConfigurationError(
            f"{where} {words}: correct private_key_file, or make a key with `dispatcher dkim new-key`"
        ) from error
    if mode & stat.S_IRWXO:
        raise ConfigurationError(f"{where} is open to every user of this machine: run `chmod o= {path}`")
    if len(octets) > MAX_FILE_OCTETS:
        raise ConfigurationError(f"{where} is far too long for a key: correct private_key_file")
    return _parse(octets, where)


def _parse(octets: bytes, where: str) -> RSAPrivateKey | Ed25519PrivateKey:
    try:
        key = load_pem_private_key(octets, password=None)
    except TypeError as error:
        raise ConfigurationError(
            f"{where} is protected by a password: decrypt it with `openssl pkey`"
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ConfigurationError(
            f"{where} holds no private key in PEM form: is it the public half?"
        ) from error
    if isinstance(key, Ed25519PrivateKey):
        return key
    if not isinstance(key, RSAPrivateKey):
        raise ConfigurationError(f"{where} holds a key that DKIM does not know: take RSA or Ed25519")
    if key.key_size < LEAST_RSA_BITS:
        raise ConfigurationError(
            f"{where} holds an RSA key of {key.key_size} bits, nobody accepts it: make one of {GOOD_RSA_BITS}"
        )
    if key.key_size > MOST_RSA_BITS:
        raise ConfigurationError(
            f"{where} holds an RSA key of {key.key_size} bits: many servers read {MOST_RSA_BITS} at most"
        )
    return key


def _refuse_gap(keys: Sequence[DkimKey]) -> None:
    """From the first moment that is signed, every later one must be."""
    until = float("inf")
    for number, key in enumerate(sorted(keys, key=lambda key: key.active_from)):
        if number and key.active_from > until:
            break
        until = key.active_until if not number else max(until, key.active_until)
    if keys and until != float("inf"):
        moment = datetime.fromtimestamp(until, UTC)
        raise ConfigurationError(
            f"settings mail.dkim_keys: from {moment:%Y-%m-%d %H:%M} UTC on no key would sign: "
            "give the newest key no active_until, and let it begin before the older one ends"
        )


def _seconds(moment: datetime | None, otherwise: float) -> float:
    return otherwise if moment is None else moment.timestamp()
