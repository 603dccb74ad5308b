"""The signed token of an unsubscribe link: it names a contact point, a channel and a purpose by ids only.

It never expires (a link must work years later) and shows no personal data (requirement 51, RFC 8058). The
secret key may be changed: what a former key signed is read for as long as that key stands in the settings.

The same stands in the local part of a mail address, for mail programs that unsubscribe by a message
(RFC 2369; Yandex asks for both). Servers on the way may change the case of a local part and cut it at 64
octets (RFC 5321 4.5.3.1.1), so that form is shorter and survives lower-casing.
"""

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Final
from uuid import UUID

from itsdangerous import BadSignature, URLSafeSerializer
from itsdangerous.encoding import base64_encode

from consent.errors import ConsentError
from consent.purposes import Purpose, current_purpose
from consent.standing import EVERY_PURPOSE
from dispatcher.core.base32 import base32_lower

_SALT: Final = "unsubscribe.v1"
_DIGEST: Final = "sha1"  #: itsdangerous' own; links that are out must stay good
_MAIL_SALT: Final = b"unsubscribe-mail.v1:"
_MAC_OCTETS: Final = 10  # 80 bits: 16 characters of base32
_LOCAL_PART: Final = re.compile(r"u-([a-z2-7]{26})-([a-z])([a-z]{2})-([a-z2-7]{16})", re.ASCII)
#: Two letters each, for good: they stand in letters that lie in mailboxes for years.
_PURPOSE_LETTERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        EVERY_PURPOSE: "xx",
        Purpose.DEBT: "de",
        Purpose.PAYMENT_DUE: "pd",
        Purpose.TARIFF: "ta",
        Purpose.OUTAGE: "ou",
        Purpose.RESTRICTION_WARNING: "rw",
        Purpose.METER_READING: "mr",
        Purpose.CONTRACT: "co",
        Purpose.APPLICATION_STATUS: "as",
        Purpose.BILL: "bi",
        Purpose.SURVEY: "su",
        Purpose.ADVERTISING: "ad",
    }
)
_CHANNEL_LETTERS: Final[Mapping[str, str]] = MappingProxyType({"email": "e", "sms": "s", "voice": "v"})
_PURPOSES: Final = {letters: str(purpose) for purpose, letters in _PURPOSE_LETTERS.items()}
_CHANNELS: Final = {letter: channel for channel, letter in _CHANNEL_LETTERS.items()}


class BadLinkError(ConsentError):
    """Raised when an unsubscribe link is damaged or was not made by us."""


@dataclass(frozen=True, slots=True)
class UnsubscribeLink:
    """What a link withdraws."""

    contact_point_id: UUID
    channel: str
    purpose: str


class UnsubscribeTokens:
    """Makes tokens with the installation's secret key, and reads those of its former keys too."""

    def __init__(self, secret_key: bytes, former_keys: Sequence[bytes] = ()) -> None:
        # itsdangerous signs with the last of several keys and reads with any of them.
        self._serializer = URLSafeSerializer([*former_keys, secret_key], salt=_SALT)
        self._key = self._serializer.make_signer(_SALT).derive_key()
        self._keys = (secret_key, *former_keys)

    def make(self, link: UnsubscribeLink) -> str:
        """The token for a link, fit for a URL path.

        It is what the serializer's signer makes of the same payload, without deriving the key anew for each
        of a million links, nor trying to compress them.
        """
        payload = base64_encode(
            f'["{link.contact_point_id.hex}",{_end_of_payload(link.channel, link.purpose)}'
        )
        signature = base64_encode(hmac.digest(self._key, payload, _DIGEST))
        return (payload + b"." + signature).decode("ascii")

    def read(self, token: str) -> UnsubscribeLink:
        """What the token withdraws; raises `BadLinkError`."""
        try:
            contact, channel, purpose = self._serializer.loads(token)
            return UnsubscribeLink(UUID(hex=contact), channel, current_purpose(purpose))
        except (BadSignature, ValueError, TypeError, AttributeError) as error:
            raise BadLinkError("the link is damaged: open it from the message again") from error

    def make_local_part(self, link: UnsubscribeLink) -> str | None:
        """The token for a mail address (49 characters); None for a purpose that has no letters."""
        purpose, channel = _PURPOSE_LETTERS.get(link.purpose), _CHANNEL_LETTERS.get(link.channel)
        if purpose is None or channel is None:
            return None
        contact = base32_lower(link.contact_point_id.bytes)
        name = f"{contact}-{channel}{purpose}"
        return f"u-{name}-{_mac(name, self._keys[0])}"

    def read_local_part(self, local_part: str) -> UnsubscribeLink | None:
        """What a mail address withdraws; None when it is none of ours, or forged."""
        match = _LOCAL_PART.fullmatch(local_part.lower())
        if match is None or match[2] not in _CHANNELS or match[3] not in _PURPOSES:
            return None
        name = f"{match[1]}-{match[2]}{match[3]}"
        if not any(hmac.compare_digest(_mac(name, key), match[4]) for key in self._keys):
            return None
        try:
            contact = UUID(bytes=base64.b32decode(match[1].upper() + "======"))
        except (binascii.Error, ValueError):
            return None
        return UnsubscribeLink(contact, _CHANNELS[match[2]], _PURPOSES[match[3]])


def _mac(name: str, key: bytes) -> str:
    digest = hmac.digest(key, _MAIL_SALT + name.encode("ascii"), hashlib.sha256)
    return base32_lower(digest[:_MAC_OCTETS])


@lru_cache(maxsize=256)  # channels × purposes
def _end_of_payload(channel: str, purpose: str) -> str:
    return json.dumps([channel, purpose], separators=(",", ":"))[1:]
