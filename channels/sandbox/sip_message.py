"""SIP messages as octets (RFC 3261): read, answered and written; only as much as an answering peer needs."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from channels.sandbox.errors import SandboxError

VERSION: Final = "SIP/2.0"
MOST_OCTETS: Final = 65_535
_SHORT: Final = {"i": "call-id", "f": "from", "t": "to", "v": "via", "m": "contact", "l": "content-length"}
#: What an answer repeats of its request (RFC 3261 8.2.6.2).
_REPEATED: Final = ("via", "from", "to", "call-id", "cseq", "record-route")
PHRASES: Final = {
    100: "Trying",
    180: "Ringing",
    200: "OK",
    202: "Accepted",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    407: "Proxy Authentication Required",
    408: "Request Timeout",
    410: "Gone",
    480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist",
    484: "Address Incomplete",
    485: "Ambiguous",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    500: "Server Internal Error",
    501: "Not Implemented",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Server Time-out",
    600: "Busy Everywhere",
    603: "Decline",
    604: "Does Not Exist Anywhere",
    606: "Not Acceptable",
    607: "Unwanted",
    608: "Rejected",
}

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class SipMessage:
    """A request (`method`, `target`) or an answer (`status`). Header names are in small letters."""

    headers: Headers = field(repr=False)
    method: str = ""
    target: str = field(default="", repr=False)
    status: int = 0
    body: bytes = field(default=b"", repr=False)

    def get(self, name: str, default: str = "") -> str:
        """The first header of that name."""
        return next((value for known, value in self.headers if known == name), default)

    def all(self, name: str) -> list[str]:
        """Every header of that name, in order."""
        return [value for known, value in self.headers if known == name]

    @property
    def sequence(self) -> tuple[int, str]:
        """Number and method of the CSeq header."""
        number, _, method = self.get("cseq").partition(" ")
        return int(number), method.strip()

    @property
    def user(self) -> str:
        """The user part of the request's target: the number that is called."""
        rest = self.target.partition(":")[2]
        return rest.partition("@")[0].partition(";")[0] if "@" in rest else ""


def read_message(data: bytes) -> SipMessage:
    """Raises `SandboxError` for what is no SIP message."""
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("utf-8", "replace").split("\r\n")
    words = first.split(" ", 2)
    if len(words) != 3 or VERSION not in (words[0], words[2]):
        raise SandboxError("this is no SIP message")
    headers = tuple(map(_header, _unfolded(lines)))
    if words[0] == VERSION:
        return SipMessage(headers, status=int(words[1]), body=body)
    return SipMessage(headers, method=words[0], target=words[1], body=body)


def write_request(method: str, target: str, headers: Headers, body: bytes = b"") -> bytes:
    """The octets of a request."""
    return _write(f"{method} {target} {VERSION}", headers, body)


def write_answer(
    request: SipMessage, status: int, *, to_tag: str = "", headers: Headers = (), body: bytes = b""
) -> bytes:
    """The octets of an answer to `request`; `to_tag` marks a dialog of ours."""
    repeated = [(name, value) for name, value in request.headers if name in _REPEATED]
    if to_tag:
        repeated = [
            (name, f"{value};tag={to_tag}" if name == "to" and ";tag=" not in value else value)
            for name, value in repeated
        ]
    return _write(f"{VERSION} {status} {PHRASES.get(status, 'Unknown')}", (*repeated, *headers), body)


def tag_of(value: str) -> str:
    """The tag of a From or To header, or nothing."""
    return value.partition(";tag=")[2].partition(";")[0]


def uri_of(value: str) -> str:
    """The address within a From, To or Contact header."""
    inner = value.partition("<")[2].partition(">")[0]
    return inner or value.partition(";")[0].strip()


def _write(first: str, headers: Sequence[tuple[str, str]], body: bytes) -> bytes:
    lines = [first, *(f"{name}: {value}" for name, value in headers), f"content-length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


def _unfolded(lines: Sequence[str]) -> list[str]:
    whole: list[str] = []
    for line in lines:
        if line[:1] in {" ", "\t"} and whole:
            whole[-1] += " " + line.strip()
        else:
            whole.append(line)
    return whole


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon:
        raise SandboxError("a SIP header without a colon")
    name = name.strip().lower()
    return _SHORT.get(name, name), value.strip()
