"""Our signatures, verified by dkimpy; our primitives, against the test vector of RFC 8463."""

import re
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.email.addresses import MailAddress
from channels.email.dkim import OVERSIGNED, Signer, relaxed_body, relaxed_header, sign_octets
from channels.email.dkim_keys import DkimKey, make_private_key, to_pem
from channels.email.message import MessageBuilder
from channels.port import Envelope
from dispatcher.core.settings import DkimKeySettings, MailSettings
from tests.unit.channels import rfc8463
from tests.unit.channels.test_message_bytes import ENVELOPES, EXAMPLE

DOMAIN = "energosbyt.example"
NOON = datetime(2026, 11, 22, 12, 0, 5, tzinfo=UTC)
AT = int(NOON.timestamp())
RSA = DkimKey(DOMAIN, "r2026", make_private_key("rsa"))
ED25519 = DkimKey(DOMAIN, "e2026", make_private_key("ed25519"))
LINKS = (
    ("List-Unsubscribe", f"<https://lk.{DOMAIN}/u/abc>"),
    ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
)


def records(*keys: DkimKey) -> Callable[..., bytes]:
    texts = {f"{key.record_name}.".encode(): key.record.encode() for key in keys}
    return lambda name, timeout=5: texts.get(name, b"")


def verifies(content: bytes, index: int = 0, keys: tuple[DkimKey, ...] = (RSA, ED25519)) -> bool:
    """What dkimpy says of the signature at this place."""
    return bool(dkim.DKIM(content).verify(idx=index, dnsfunc=records(*keys)))


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> MessageBuilder:
    """Signs with both keys, 8bit, so that verifiers have the hardest case."""
    directory = tmp_path_factory.mktemp("keys")
    wanted = []
    for key in (RSA, ED25519):
        path = directory / f"{key.selector}.pem"
        path.touch(mode=0o600)
        path.write_bytes(to_pem(key.private_key))
        wanted.append(DkimKeySettings(selector=key.selector, private_key_file=path))
    return MessageBuilder(MailSettings(dkim_keys=wanted, transfer_encoding="8bit"))


def build(builder: MessageBuilder, envelope: Envelope) -> bytes:
    to = MailAddress(envelope.address, needs_smtputf8=False)
    return builder.build(envelope, to, date=NOON, is_8bit=True)


def signature_tags(content: bytes, index: int = 0) -> dict[str, str]:
    header = re.findall(rb"DKIM-Signature: ([^\r\n]*(?:\r\n [^\r\n]*)*)", content)[index].decode()
    pairs = (part.partition("=") for part in header.split(";"))
    return {name.strip(): re.sub(r"\s", "", value) for name, _, value in pairs}


class TestVerification:
    @settings(deadline=None, max_examples=60)
    @given(envelope=ENVELOPES)
    def test_every_message_verifies_by_both_keys(self, builder: MessageBuilder, envelope: Envelope) -> None:
        content = build(builder, envelope)
        assert content.count(b"DKIM-Signature: ") == 2
        assert verifies(content, 0)
        assert verifies(content, 1)

    @settings(deadline=None, max_examples=60)
    @given(envelope=ENVELOPES, place=st.integers(0), change=st.integers(1, 127))
    def test_a_changed_byte_does_not(
        self, builder: MessageBuilder, envelope: Envelope, place: int, change: int
    ) -> None:
        content = build(builder, replace(envelope, headers=LINKS))
        start = content.index(b"\r\nFrom: ") + 2
        at = start + place % (len(content) - start)
        changed = content[:at] + bytes([content[at] ^ change]) + content[at + 1 :]
        is_blank = content[at : at + 1] in {b"\r", b"\n", b" "}
        if is_blank or relaxed_message(changed) == relaxed_message(content):
            # Only white space or the case of a header's name, which relaxed forgives; a verifier may take
            # a lone LF for an end of line, and other control characters for blanks.
            return
        assert not holds(changed)

    def test_blanks_that_a_relay_takes_away_break_nothing(self, builder: MessageBuilder) -> None:
        content = build(builder, replace(EXAMPLE, text="Долг  \n\tдва\n\n\n", html=None))
        head, _, body = content.partition(b"\r\n\r\n")
        assert body == "Долг  \r\n\tдва\r\n\r\n\r\n".encode()
        assert verifies(head + b"\r\n\r\n" + "Долг\r\n два\r\n".encode())

    @pytest.mark.parametrize(
        "name",
        [
            "From",
            "To",
            "Subject",
            "Date",
            "Message-ID",
            "MIME-Version",
            "Content-Type",
            "List-Unsubscribe-Post",
        ],
    )
    def test_a_header_can_neither_be_taken_away_nor_added(self, builder: MessageBuilder, name: str) -> None:
        content = build(builder, replace(EXAMPLE, headers=LINKS))
        line = re.search(rf"\r\n{name}: [^\r\n]*(\r\n [^\r\n]*)*".encode(), content)
        assert line is not None
        assert not holds(content.replace(line[0], b"", 1))
        assert not holds(content.replace(b"\r\n\r\n", b"\r\n" + line[0].lstrip() + b"\r\n\r\n", 1))

    @pytest.mark.parametrize("name", ["Reply-To", "Cc", "List-Unsubscribe"])
    def test_a_header_that_is_not_there_cannot_be_added(self, builder: MessageBuilder, name: str) -> None:
        content = build(builder, EXAMPLE)
        assert holds(content)
        assert not holds(content.replace(b"\r\nTo:", f"\r\n{name}: evil@example.net\r\nTo:".encode(), 1))

    def test_nothing_can_be_put_behind_the_body(self, builder: MessageBuilder) -> None:
        assert not holds(build(builder, EXAMPLE) + b"more\r\n")


def holds(content: bytes) -> bool:
    """Whether any signature is good; a message that a verifier cannot read has none."""
    try:
        return verifies(content, 0) or verifies(content, 1)
    except dkim.DKIMException:
        return False


def relaxed_message(content: bytes) -> bytes:
    """What the signatures see of a message of ours: parsed by hand, changed bytes and all."""
    head, _, body = content.partition(b"\r\n\r\n")
    lines = re.sub(rb"\r\n(?=[ \t])", b"", head).split(b"\r\n")
    canonical = []
    for line in lines:
        name, colon, value = line.partition(b":")
        canonical.append(name.strip(b" \t").lower() + colon + re.sub(rb"[ \t]+", b" ", value).strip(b" "))
    body = re.sub(rb"[ \t]+(?=\r\n|\Z)", b"", re.sub(rb"[ \t]+", b" ", body))
    return b"\n".join(canonical) + b"\n\n" + re.sub(rb"(\r\n)+\Z", b"\r\n", body)


class TestTags:
    def test_they_are_the_best_practice(self, builder: MessageBuilder) -> None:
        content = build(builder, replace(EXAMPLE, headers=LINKS))
        rsa, ed25519 = signature_tags(content, 0), signature_tags(content, 1)
        assert (rsa["a"], ed25519["a"]) == ("rsa-sha256", "ed25519-sha256")
        assert (rsa["d"], rsa["s"], rsa["c"]) == (DOMAIN, "r2026", "relaxed/relaxed")
        assert rsa["t"] == str(AT)
        assert "l" not in rsa
        names = rsa["h"].split(":")
        for name in ("from", "to", "subject", "list-unsubscribe", "list-unsubscribe-post"):
            assert names.count(name) == 2, name
        assert {"date", "message-id", "mime-version", "content-type", "auto-submitted"} < set(names)
        assert ed25519["h"] == rsa["h"]

    def test_lines_are_short(self, builder: MessageBuilder) -> None:
        content = build(builder, replace(EXAMPLE, headers=LINKS))
        head = content[: content.index(b"\r\nFrom:")]
        assert max(map(len, head.split(b"\r\n"))) <= 90

    def test_signed_mail_goes_in_base64_unless_told_otherwise(
        self, builder: MessageBuilder, tmp_path: Path
    ) -> None:
        path = tmp_path / "key.pem"
        path.touch(mode=0o600)
        path.write_bytes(to_pem(ED25519.private_key))
        key = DkimKeySettings(selector="e2026", private_key_file=path)
        content = build(MessageBuilder(MailSettings(dkim_keys=[key])), EXAMPLE)
        assert content.isascii()
        assert verifies(content)
        assert not build(builder, EXAMPLE).isascii()


class TestRotation:
    def sign(self, *keys: DkimKey, at: int) -> list[str]:
        signatures = Signer(keys).sign([b"From: a@b.example\r\n"], b"x\r\n", at)
        return [signature_tags(one)["s"] for one in signatures]

    def test_a_key_signs_from_its_moment_to_its_end(self) -> None:
        old, new = replace(RSA, active_until=AT), replace(ED25519, active_from=AT)
        assert self.sign(old, new, at=AT - 1) == ["r2026"]
        assert self.sign(old, new, at=AT) == ["e2026"]

    def test_both_sign_while_they_overlap(self) -> None:
        old, new = replace(RSA, active_until=AT + 9), replace(ED25519, active_from=AT)
        assert self.sign(old, new, at=AT) == ["r2026", "e2026"]

    def test_rsa_is_slow_and_ed25519_is_not(self) -> None:
        assert Signer([RSA, ED25519]).is_slow
        assert not Signer([ED25519]).is_slow
        assert not Signer([]).is_slow


class TestHeaderSets:
    def test_headers_of_one_name_are_signed_from_the_lowest(self) -> None:
        headers = [b"From: a@b.example\r\n", b"X-Note: one\r\n", b"X-Note: two\r\n"]
        (signature,) = Signer([ED25519]).sign(headers, b"x\r\n", AT)
        content = b"".join([signature, *headers, b"\r\n", b"x\r\n"])
        assert verifies(content)
        swapped = b"".join([signature, headers[0], headers[2], headers[1], b"\r\n", b"x\r\n"])
        assert not verifies(swapped)

    @settings(deadline=None)
    @given(st.lists(st.sampled_from(["X-A", "x-a", "X-B", "Cc", "Subject", "X-" + "c" * 70]), max_size=12))
    def test_any_set_of_names_verifies(self, names: list[str]) -> None:
        headers = [b"From: a@b.example\r\n", *(f"{name}: {at}\r\n".encode() for at, name in enumerate(names))]
        (signature,) = Signer([ED25519]).sign(headers, b"x\r\n", AT)
        assert verifies(b"".join([signature, *headers, b"\r\n", b"x\r\n"]))

    def test_more_sets_of_names_than_are_kept(self) -> None:
        signer = Signer([ED25519])
        for number in range(200):
            headers = [b"From: a@b.example\r\n", f"X-{number}: x\r\n".encode()]
            (signature,) = signer.sign(headers, b"x\r\n", AT)
            assert f":x-{number}:" in signature_tags(signature)["h"]


class TestCanonicalBody:
    @given(st.lists(st.sampled_from([b"a", b"  ", b" ", b"\t", b"\r\n", b"b c"]), max_size=30).map(b"".join))
    def test_it_is_the_one_of_the_rfc(self, body: bytes) -> None:
        lines = re.sub(rb"[ \t]+", b" ", body).split(b"\r\n")
        lines = [line.rstrip(b" ") for line in lines]
        while lines and not lines[-1]:
            lines.pop()
        assert relaxed_body(body) == b"".join(line + b"\r\n" for line in lines)


class TestVector:
    """RFC 8463, appendix A. Both algorithms are deterministic: the signatures come out byte for byte."""

    def test_the_body_hash(self) -> None:
        body = rfc8463.MESSAGE.partition(b"\r\n\r\n")[2]
        assert b64encode(sha256(relaxed_body(body)).digest()).decode() == self.tag(0, "bh")

    @pytest.mark.parametrize(("index", "key"), [(0, rfc8463.ED25519_KEY), (1, rfc8463.RSA_KEY)])
    def test_the_signatures(self, index: int, key: RSAPrivateKey | Ed25519PrivateKey) -> None:
        head = rfc8463.MESSAGE.partition(b"\r\n\r\n")[0] + b"\r\n"
        headers = re.findall(rb"[^\r\n]+\r\n(?: [^\r\n]*\r\n)*", head)
        named = {line.partition(b":")[0].lower().decode(): line for line in headers[2:]}
        wanted = ["from", "to", "subject", "date", "message-id"]
        own = re.sub(rb" b=[^;]*\Z", b" b=", headers[index]) + b"\r\n"
        octets = b"".join(relaxed_header(named[name]) for name in wanted)
        octets += relaxed_header(own).removesuffix(b"\r\n")
        assert sign_octets(key, octets) == b64decode(self.tag(index, "b"))

    def test_the_records(self) -> None:
        assert DkimKey("football.example.com", "x", rfc8463.ED25519_KEY).record == rfc8463.ED25519_RECORD
        assert DkimKey("football.example.com", "x", rfc8463.RSA_KEY).record == rfc8463.RSA_RECORD

    def test_the_verifier_takes_it(self) -> None:
        keys = (
            DkimKey("football.example.com", "brisbane", rfc8463.ED25519_KEY),
            DkimKey("football.example.com", "test", rfc8463.RSA_KEY),
        )
        assert verifies(rfc8463.MESSAGE, 0, keys)
        assert verifies(rfc8463.MESSAGE, 1, keys)

    def tag(self, index: int, name: str) -> str:
        return signature_tags(rfc8463.MESSAGE, index)[name]


def test_what_is_oversigned_holds_both_unsubscribe_headers() -> None:
    assert {b"list-unsubscribe", b"list-unsubscribe-post", b"from", b"subject"} <= set(OVERSIGNED)
