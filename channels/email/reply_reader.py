"""Replies of a mail server out of the bytes it sends (RFC 5321 section 4.2)."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

MAX_REPLY_OCTETS: Final = 32_768  #: of one reply with all its lines

KEPT_LINES: Final = 128  #: servers answer MAIL, RCPT and DATA in the same words all day
KEPT_OCTETS: Final = 200  #: of one kept line

_LINE: Final = re.compile(rb"([2-5]\d\d)(?:([ -])(.*))?", re.DOTALL)


class BrokenReplyError(Exception):
    """Raised when what came is no reply, or has no end: which reply belongs to which command is lost."""


class _Line(NamedTuple):
    code: int
    is_last: bool
    text: bytes
    words: str


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
            code, is_last, text, words = _kept(line) if len(line) <= KEPT_OCTETS else _read(line)
            if is_last and not self._lines and len(line) <= MAX_REPLY_OCTETS:  # nearly all are one line
                yield code, words
                continue
            self._count(line)
            self._lines.append(text)
            if is_last:
                words = b"\n".join(self._lines).decode("utf-8", "replace")
                self._lines, self._octets = [], 0
                yield code, words
        if self._octets + len(self._rest) > MAX_REPLY_OCTETS:
            raise BrokenReplyError

    def _count(self, line: bytes) -> None:
        self._octets += len(line)
        if self._octets > MAX_REPLY_OCTETS:
            raise BrokenReplyError


def _read(line: bytes) -> _Line:
    match = _LINE.fullmatch(line.rstrip(b"\r"))
    if match is None:
        raise BrokenReplyError
    text = match[3] or b""
    return _Line(int(match[1]), match[2] != b"-", text, text.decode("utf-8", "replace"))


_kept = lru_cache(KEPT_LINES)(_read)
