"""The signed token of an unsubscribe link: it names a contact point, a channel and a purpose by ids only.

It never expires (a link must work years later) and shows no personal data (requirement 51, RFC 8058).
"""

import json
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from itsdangerous import BadSignature, URLSafeSerializer
from itsdangerous.encoding import base64_encode

from consent.errors import ConsentError

_SALT: Final = "unsubscribe.v1"


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
        self._signer = self._serializer.make_signer(_SALT)

    def make(self, link: UnsubscribeLink) -> str:
        """The token for a link, fit for a URL path."""
        payload = json.dumps([link.contact_point_id.hex, link.channel, link.purpose], separators=(",", ":"))
        # What `dumps` makes, but for its try to compress it, which takes longer than all the rest.
        return self._signer.sign(base64_encode(payload)).decode("ascii")

    def read(self, token: str) -> UnsubscribeLink:
        """What the token withdraws; raises `BadLinkError`."""
        try:
            contact, channel, purpose = self._serializer.loads(token)
            return UnsubscribeLink(UUID(hex=contact), channel, purpose)
        except (BadSignature, ValueError, TypeError) as error:
            raise BadLinkError("the link is damaged: open it from the message again") from error
