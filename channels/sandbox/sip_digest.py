"""The digest by which a trunk proves who it is (RFC 2617, MD5, as SIP trunks still use it)."""

import hashlib
import re
import secrets
from typing import Final

_PAIR: Final = re.compile(r'(\w+)=(?:"([^"]*)"|([^,\s]*))')
REALM: Final = "sandbox"


class Digest:
    """Challenges of one server. `user` and `password` are those that may call."""

    def __init__(self, user: str, password: str) -> None:
        self._user = user
        self._password = password
        self._nonce = secrets.token_hex(16)

    def challenge(self) -> str:
        """The value of WWW-Authenticate or Proxy-Authenticate."""
        return f'Digest realm="{REALM}", nonce="{self._nonce}", algorithm=MD5, qop="auth"'

    def is_right(self, authorization: str, method: str) -> bool:
        """Whether an Authorization header answers the challenge."""
        fields = {name: quoted or plain for name, quoted, plain in _PAIR.findall(authorization)}
        if fields.get("nonce") != self._nonce or fields.get("username") != self._user:
            return False
        first = _md5(f"{self._user}:{REALM}:{self._password}")
        second = _md5(f"{method}:{fields.get('uri', '')}")
        middle = self._nonce
        if "qop" in fields:
            middle = f"{self._nonce}:{fields.get('nc', '')}:{fields.get('cnonce', '')}:{fields['qop']}"
        return secrets.compare_digest(_md5(f"{first}:{middle}:{second}"), fields.get("response", ""))


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
