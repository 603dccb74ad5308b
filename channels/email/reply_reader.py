"""Replies of a mail server out of the bytes it sends (RFC 5321 section 4.2)."""

import re
from collections.abc import Iterator
from typing import Final

MAX_REPLY_OCTETS: Final = 32_768  #: of one reply with all its lines

_LINE: Final = re.compile(rb"([2-5]\d\d)(?:([ -])(.*))?", re.DOTALL)


class BrokenReplyError(Exception):
    """Raised when what came is no reply, or has no end: which reply belongs to which command is lost."""


class ReplyReader:
    """Takes bytes as they come; yields whole replies."""

    def __init__(self) -> None:
        self._rest = b""
        self._lines: list[bytes] = []
        self._octets = 0

    def feed(self, data: bytes) -> Iterator[tuple[int, str]]:
        """Yield code and text of each reply that is complete; the lines of a long one joined by LF.

        Raises `BrokenReplyError`, after the replies that came before the fault.
        """
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()
        for line in lines:
            match = _LINE.fullmatch(line.rstrip(b"\r"))
            if match is None:
                raise BrokenReplyError
            self._count(line)
            self._lines.append(match[3] or b"")
            if match[2] != b"-":
                text = b"\n".join(self._lines).decode("utf-8", "replace")
                self._lines, self._octets = [], 0
                yield int(match[1]), text
        if self._octets + len(self._rest) > MAX_REPLY_OCTETS:
            raise BrokenReplyError

    def _count(self, line: bytes) -> None:
        self._octets += len(line)
        if self._octets > MAX_REPLY_OCTETS:
            raise BrokenReplyError
