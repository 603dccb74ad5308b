"""A message that comes in chunks (BDAT, RFC 3030): the sandbox's side of it."""

import re
from typing import Final

_SIZE: Final = re.compile(r"(\d{1,9})(?: +(LAST))?", re.ASCII | re.IGNORECASE)


class Chunks:
    """The chunks of one message as they come."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._awaited: int | None = None
        self._is_last = False

    @property
    def is_awaited(self) -> bool:
        """Whether the octets that come belong to a chunk."""
        return self._awaited is not None

    def announce(self, words: str) -> bool:
        """What stands behind BDAT: a size, and LAST; False when it makes no sense."""
        match = _SIZE.fullmatch(words.strip())
        if match is None:
            return False
        self._awaited, self._is_last = int(match[1]), match[2] is not None
        return True

    def take_from(self, buffer: bytearray) -> bool:
        """Take the awaited chunk out of the buffer; False when it has not all come."""
        if self._awaited is None or len(buffer) < self._awaited:
            return False
        self._parts.append(bytes(buffer[: self._awaited]))
        del buffer[: self._awaited]
        self._awaited = None
        return True

    def whole(self) -> bytes | None:
        """The message, once its last chunk is there."""
        return b"".join(self._parts) if self._is_last and not self.is_awaited else None

    def clear(self) -> None:
        """Forget the chunks that are here; one that is awaited is still to come."""
        self._parts.clear()
