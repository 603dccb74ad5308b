"""Signing messages (DKIM: RFC 6376, Ed25519: RFC 8463), relaxed/relaxed.

Relaxed for the body too: relays that strip blanks at line ends or fold tabs then break no signature, and it
costs little more than `simple`, for the canonical form is made by whole-body replacements in C.

Every header of the message is signed, and those that matter most are named once more than they stand there
(oversigned): nobody can add a second From or Subject, or a List-Unsubscribe to a message without one. There
is no `l=`, so nothing can be put behind the body. Each active key signs the same message on its own.
"""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

from channels.email.dkim_keys import DkimKey

#: Named in the signature once more than they occur, even when they do not occur at all.
OVERSIGNED: Final = (
    *(b"from", b"to", b"cc", b"reply-to", b"subject", b"date", b"message-id"),
    *(b"mime-version", b"content-type", b"list-unsubscribe", b"list-unsubscribe-post"),
)
FOLD_AT: Final = 72
KEPT_PLANS: Final = 64  #: sets of header names; a handful occur
_PADDING: Final = PKCS1v15()
_HASH: Final = SHA256()


@dataclass(frozen=True, slots=True)
class _Plan:
    """What follows from the names of a message's headers: their order in the hash and the tag `h=`."""

    order: tuple[int, ...]  #: places of the headers; those that are only oversigned add nothing
    names_tag: bytes  #: folded, ended by `;`


class Signer:
    """Signs with every key that is active at the moment of the message. Safe to call from several threads."""

    def __init__(self, keys: Sequence[DkimKey]) -> None:
        self.keys = tuple(keys)
        self.is_slow = any(isinstance(key.private_key, RSAPrivateKey) for key in keys)
        self._plans: dict[tuple[bytes, ...], _Plan] = {}

    def sign(self, headers: Sequence[bytes], body: bytes, at: int) -> list[bytes]:
        """The DKIM-Signature headers to put before the message, one for each active key.

        `headers` are complete lines ended by CR LF, folded or not; `body` has CR LF line ends only; `at` is
        the time of signing in seconds since 1970.
        """
        active = [key for key in self.keys if key.is_active(at)]
        if not active:
            return []
        plan = self._plan(tuple([line[: line.index(b":")].lower() for line in headers]))
        signed = b"".join([relaxed_header(headers[place]) for place in plan.order])
        body_hash = b64encode(sha256(relaxed_body(body)).digest())
        return [_signature(key, plan.names_tag, at, body_hash, signed) for key in active]

    def _plan(self, names: tuple[bytes, ...]) -> _Plan:
        plan = self._plans.get(names)
        if plan is None:
            plan = _make_plan(names)
            if len(self._plans) >= KEPT_PLANS:
                self._plans.clear()
            self._plans[names] = plan
        return plan


def relaxed_header(line: bytes) -> bytes:
    """The canonical form of one header with its CR LF, folded or not (RFC 6376 3.4.2)."""
    name, _, value = line.partition(b":")
    return b"%b:%b\r\n" % (name.lower(), b" ".join(value.split()))


def relaxed_body(body: bytes) -> bytes:
    """The canonical form of a body with CR LF line ends (RFC 6376 3.4.4)."""
    body = body.replace(b"\t", b" ")
    while b"  " in body:
        body = body.replace(b"  ", b" ")
    body = body.replace(b" \r\n", b"\r\n").removesuffix(b" ").rstrip(b"\r\n")
    return body + b"\r\n" if body else b""


def sign_octets(key: RSAPrivateKey | Ed25519PrivateKey, octets: bytes) -> bytes:
    """The signature over canonical octets, as it stands in `b=` before base64."""
    if isinstance(key, RSAPrivateKey):
        return key.sign(octets, _PADDING, _HASH)
    return key.sign(sha256(octets).digest())  # RFC 8463 3: the hash is what Ed25519 signs


def _make_plan(names: tuple[bytes, ...]) -> _Plan:
    # RFC 6376 5.4.2: of headers with the same name the lowest is hashed first.
    order = tuple(
        place
        for name in dict.fromkeys(names)
        for place in reversed([at for at, other in enumerate(names) if other == name])
    )
    listed = [names[place] for place in order]
    return _Plan(order, _folded(b"h=", [*listed, *OVERSIGNED]) + b";")


def _signature(key: DkimKey, names_tag: bytes, at: int, body_hash: bytes, signed: bytes) -> bytes:
    tags = b"v=1; a=%b; c=relaxed/relaxed; d=%b;\r\n s=%b; t=%d; bh=%b;\r\n %b\r\n b=" % (
        *(key.algorithm.encode(), key.domain.encode(), key.selector.encode()),
        *(at, body_hash, names_tag),
    )
    # The signature signs its own header too, with an empty b= and without the last CR LF.
    whole = signed + b"dkim-signature:" + tags.replace(b"\r\n ", b" ")
    value = b64encode(sign_octets(key.private_key, whole))
    lines = [value[start : start + FOLD_AT] for start in range(0, len(value), FOLD_AT)]
    return b"DKIM-Signature: " + tags + b"\r\n ".join(lines) + b"\r\n"


def _folded(tag: bytes, names: Sequence[bytes]) -> bytes:
    """Names joined by colons, lines short enough; white space round a colon is allowed (RFC 6376 3.5)."""
    lines, line = [], tag
    for number, name in enumerate(names):
        piece = name if number == len(names) - 1 else name + b":"
        if len(line) + len(piece) > FOLD_AT:
            lines.append(line)
            line = b""
        line += piece
    return b"\r\n ".join([*lines, line])
