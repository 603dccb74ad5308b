"""Paths that only the provider knows: derived from the product's key, so nothing more need be kept secret.

The checksum of a callback is only as good as the provider's algorithm; a path that nobody can guess stands
beside it (domain: 2.7).
"""

import hashlib
import hmac
from typing import Final

PREFIX: Final = "/callbacks"
_CONTEXT: Final = b"callback path of the provider "
_LENGTH: Final = 32


def path_token(secret_key: bytes, provider: str) -> str:
    """The last part of the provider's path: 32 hexadecimal digits, the same as long as the key is."""
    return hmac.new(secret_key, _CONTEXT + provider.encode(), hashlib.sha256).hexdigest()[:_LENGTH]


def smsc_path(secret_key: bytes, provider: str) -> str:
    """Where an account of SMSC calls back; staff enter it in the account's settings."""
    return f"{PREFIX}/smsc/{provider}/{path_token(secret_key, provider)}"


def is_token(secret_key: bytes, provider: str, token: str) -> bool:
    """Whether a path is the provider's; compared in constant time."""
    return hmac.compare_digest(path_token(secret_key, provider).encode(), token.encode())
