"""The signed token of an unsubscribe link: it names a contact point, a channel and a purpose by ids only.

It never expires (a link must work years later) and shows no personal data (requirement 51, RFC 8058).
"""

import hmac
import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from uuid import UUID

from itsdangerous import BadSignature, URLSafeSerializer
from itsdangerous.encoding import base64_encode

from consent.errors import ConsentError

_SALT: Final = "unsubscribe.v1"
_DIGEST: Final = "sha1"  #: itsdangerous' own; links that are out must stay good


class BadLinkError(ConsentError):
    """Raised when an unsubscribe link is damaged or was not made by us."""


@dataclass(frozen=True, slots=True)
class UnsubscribeLink:
    """What a link withdraws."""

    contact_point_id: UUID
    channel: str
    purpose: str


class UnsubscribeTokens:
    """Makes and reads tokens with the installation's secret key."""

    def __init__(self, secret_key: bytes) -> None:
        self._serializer = URLSafeSerializer(secret_key, salt=_SALT)
        self._key = self._serializer.make_signer(_SALT).derive_key()

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
            return UnsubscribeLink(UUID(hex=contact), channel, purpose)
        except (BadSignature, ValueError, TypeError) as error:
            raise BadLinkError("the link is damaged: open it from the message again") from error


@lru_cache(maxsize=256)  # channels × purposes
def _end_of_payload(channel: str, purpose: str) -> str:
    return json.dumps([channel, purpose], separators=(",", ":"))[1:]
