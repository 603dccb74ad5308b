"""What was sent, kept as evidence: the exact bytes compressed, with a salted hash that can outlive them."""

import hashlib
import secrets
from dataclasses import dataclass, field
from typing import Final

from isal import isal_zlib

SALT_BYTES: Final = 16
REPLY_LIMIT: Final = 1000  #: characters of a provider's reply that are kept


@dataclass(slots=True)  # one is made for each message: freezing would take four times as long
class SentContent:
    """Personal data: stored in `attempt_content`, purged by retention; only the hash goes into events."""

    salt: bytes
    hash: bytes
    compressed: bytes | None = field(repr=False)
    address: str = field(repr=False)
    reply: str = field(repr=False)

    @classmethod
    def of(cls, content: bytes | None, *, address: str, reply: str) -> "SentContent":
        """Compress and hash; `hash` is SHA-256 over salt, address, reply and content.

        What is no Unicode in a reply (a server that speaks windows-1251) is kept as question marks.
        """
        salt = secrets.token_bytes(SALT_BYTES)
        kept_reply = reply[:REPLY_LIMIT].replace("\x00", "").encode(errors="replace").decode()
        digest = hashlib.sha256(salt)
        for part in (address.encode(), kept_reply.encode(), content or b""):
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
        # The zlib format, six times as fast as zlib writes it; anything that reads zlib reads it.
        compressed = None if content is None else isal_zlib.compress(content, 1)
        return cls(salt, digest.digest(), compressed, address, kept_reply)
