"""Pipelined transactions whose bodies go by BDAT (RFC 3030) instead of DATA.

Nothing has to be escaped, and the server knows the length beforehand. MAIL and RCPT of the next envelope
still leave behind the body, and no body leaves before its recipient has been accepted.

The in-doubt rules stay: from the write of the last chunk on, no reply means UNKNOWN. A big body goes as two
chunks, and the last one, which makes the message whole, only once the server has said yes to the first.
"""

from channels.email.pipeline import SMALL_BODY_OCTETS, Expected, PipelinedSession
from channels.email.transaction import Letter, Request


class ChunkedSession(PipelinedSession):
    """See `PipelinedSession`."""

    announcement = (Expected.MAIL, Expected.RCPT)

    def _commands(self, request: Request) -> bytes:
        return request.announcement()

    def _write_body(self, letter: Letter) -> None:
        content = letter.request.content
        if len(content) <= SMALL_BODY_OCTETS:
            self._write_end(letter, b"BDAT %d LAST\r\n" % len(content), content)
            return
        first = content[:-SMALL_BODY_OCTETS]
        self._in_body = letter
        self._expected.append(Expected.CHUNK)
        self._write(b"BDAT %d\r\n" % len(first) + first)

    def _on_body_left(self, letter: Letter) -> None:
        """Nothing: the server's yes to the first chunk is what the last one waits for."""

    def _on_reply_in_body(self, letter: Letter, code: int, text: str) -> None:
        if not 200 <= code < 300:
            super()._on_reply_in_body(letter, code, text)
            return
        self._expected.popleft()
        last = letter.request.content[-SMALL_BODY_OCTETS:]
        self._write_end(letter, b"BDAT %d LAST\r\n" % len(last), last)
