"""The bytes of a message, read back by the standard library's parser."""

import re
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from channels.email.addresses import MailAddress, parse_address
from channels.email.errors import UnsendableError
from channels.email.message import MAX_LINE_OCTETS, MessageBuilder
from channels.port import Envelope
from dispatcher.core.settings import MailSettings
from tests.integration.channels.channel_contract import make_envelope

BUILDER = MessageBuilder(MailSettings(reply_to="office@energosbyt.example"))
NOON = datetime(2026, 11, 22, 12, 0, 5, tzinfo=UTC)
TO = MailAddress("anna@example.com", needs_smtputf8=False)
#: What may stand in a header: anything but control characters and halves of surrogate pairs.
WORDS = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=300)
TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=3000)


def build(envelope: Envelope, *, to: MailAddress = TO, is_8bit: bool = True) -> bytes:
    return BUILDER.build(envelope, to, date=NOON, is_8bit=is_8bit)


def parse(content: bytes) -> EmailMessage:
    message = message_from_bytes(content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def decoded(content: bytes, name: str) -> str:
    """A header as the older parser reads it, which keeps blanks as they are."""
    raw = message_from_bytes(content, policy=policy.compat32)[name]
    return str(make_header(decode_header(re.sub(r"\r?\n(?=[ \t])", "", raw))))


def text_of(content: bytes, kind: str) -> str:
    body = parse(content).get_body((kind,))
    assert body is not None
    payload = body.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode()


def crlf(text: str) -> str:
    return re.sub(r"\r\n|\r|\n", "\r\n", text)


class TestHeaders:
    def test_the_whole_set_is_there(self) -> None:
        envelope = make_envelope(
            "anna@example.com", headers=(("List-Unsubscribe", "<https://e.example/u/x>"),)
        )
        message = parse(build(envelope))
        assert message["From"].addresses[0].addr_spec == "notify@energosbyt.example"
        assert decoded(build(envelope), "From").startswith("Энергосбытовая компания <")
        assert message["To"].addresses[0].addr_spec == "anna@example.com"
        assert message["To"].addresses[0].display_name == "Анна Петрова"
        assert message["Reply-To"] == "office@energosbyt.example"
        assert message["Subject"] == envelope.subject
        assert message["Date"].datetime == NOON
        assert message["Message-ID"] == f"<202611.{envelope.notice_key}@energosbyt.example>"
        assert message["Auto-Submitted"] == "auto-generated"
        assert message["MIME-Version"] == "1.0"
        assert message["List-Unsubscribe"] == "<https://e.example/u/x>"

    def test_the_message_id_is_the_same_for_every_attempt_of_a_notice(self) -> None:
        first = make_envelope("anna@example.com", notice_key="k1")
        second = make_envelope("anna@example.com", notice_key="k1")
        assert first.attempt != second.attempt
        assert parse(build(first))["Message-ID"] == parse(build(second))["Message-ID"]

    @given(WORDS)
    def test_any_subject_survives_in_short_lines(self, subject: str) -> None:
        content = build(make_envelope("anna@example.com", subject=subject))
        assert decoded(content, "Subject").strip() == subject.strip()
        assert message_from_bytes(content).defects == []

    @given(st.text("абв xyz", max_size=400))
    def test_a_cyrillic_subject_is_folded_as_the_rfc_wants(self, subject: str) -> None:
        assume(not subject.isascii())
        head = build(make_envelope("anna@example.com", subject=subject)).partition(b"\r\n\r\n")[0]
        assert all(len(line) <= 78 and line.isascii() for line in head.split(b"\r\n"))

    @given(WORDS)
    def test_any_name_survives(self, name: str) -> None:
        content = build(make_envelope("anna@example.com", recipient_name=name))
        (address,) = parse(content)["To"].addresses
        assert address.addr_spec == "anna@example.com"

    @pytest.mark.parametrize("name", ['He said "hi"', "a\\b", "Иванов, Иван", "x@y", "=?utf-8?q?x?=", ""])
    def test_names_with_special_characters_come_back(self, name: str) -> None:
        content = build(make_envelope("anna@example.com", recipient_name=name))
        (address,) = parse(content)["To"].addresses
        assert address.display_name == name

    @given(
        st.sampled_from(["subject", "recipient_name", "notice_key", "header"]),
        st.sampled_from("\r\n\0\x85\u2028"),
    )
    def test_no_field_can_start_a_header_of_its_own(self, where: str, control: str) -> None:
        evil = f"x{control}Bcc: everybody@example.com"
        changes = {"headers": (("X-Note", evil),)} if where == "header" else {where: evil}
        with pytest.raises(UnsendableError) as caught:
            build(make_envelope("anna@example.com", **changes))
        assert caught.value.reason == "bad_header"

    @pytest.mark.parametrize("name", ["Subject", "BCC", "Content-Type", "X Note", "X:", "", "Имя", "X\r\nY"])
    def test_a_header_that_is_ours_or_none_is_refused(self, name: str) -> None:
        with pytest.raises(UnsendableError):
            build(make_envelope("anna@example.com", headers=((name, "x"),)))

    def test_a_word_too_long_for_a_line_is_refused(self) -> None:
        with pytest.raises(UnsendableError):
            build(make_envelope("anna@example.com", headers=(("X-Note", "x" * 1000),)))

    def test_a_local_part_of_another_alphabet_stands_in_the_header_as_it_is(self) -> None:
        content = build(make_envelope("анна@пример.рф"), to=parse_address("анна@пример.рф"))
        assert "<анна@xn--e1afmkfd.xn--p1ai>".encode() in content


class TestBody:
    @given(TEXTS, st.one_of(st.none(), TEXTS), st.booleans())
    def test_any_text_comes_back_whole(self, text: str, html: str | None, is_8bit: bool) -> None:
        content = build(make_envelope("anna@example.com", text=text, html=html), is_8bit=is_8bit)
        assert text_of(content, "plain").removesuffix("\r\n") == crlf(text).removesuffix("\r\n")
        if html is not None:
            assert parse(content).get_content_type() == "multipart/alternative"
            assert text_of(content, "html") == crlf(html)

    @given(TEXTS, TEXTS, st.booleans())
    def test_the_wire_form_is_right(self, text: str, html: str, is_8bit: bool) -> None:
        content = build(make_envelope("anna@example.com", text=text, html=html), is_8bit=is_8bit)
        assert content.endswith(b"\r\n")
        assert b"\n" not in content.replace(b"\r\n", b"")
        assert b"\r" not in content.replace(b"\r\n", b"")
        assert b"\0" not in content
        assert max(map(len, content.split(b"\r\n"))) <= MAX_LINE_OCTETS
        assert is_8bit or content.isascii()

    def test_a_long_line_goes_in_base64(self) -> None:
        text = "я" * 2000
        content = build(make_envelope("anna@example.com", text=text))
        assert b"Content-Transfer-Encoding: base64" in content
        assert text_of(content, "plain") == text

    def test_a_text_that_holds_the_boundary_cannot_break_the_message(self) -> None:
        boundary = parse(build(make_envelope("anna@example.com", html="<p>да</p>"))).get_boundary()
        evil = f"--{boundary}--\nrest"
        content = build(make_envelope("anna@example.com", text=evil, html="<p>да</p>"))
        assert parse(content).get_boundary() == boundary
        assert text_of(content, "plain") == crlf(evil)
        assert text_of(content, "html") == "<p>да</p>"

    def test_half_a_surrogate_pair_is_no_text(self) -> None:
        with pytest.raises(UnsendableError) as caught:
            build(make_envelope("anna@example.com", text="\ud800"))
        assert caught.value.reason == "bad_text"


class TestParseAddress:
    @pytest.mark.parametrize(
        ("text", "parsed"),
        [
            ("anna@example.com", "anna@example.com"),
            ("a.b+c@sub.example.com", "a.b+c@sub.example.com"),
            ("anna@пример.рф", "anna@xn--e1afmkfd.xn--p1ai"),
            ("анна@example.com", "анна@example.com"),
        ],
    )
    def test_the_domain_becomes_ascii(self, text: str, parsed: str) -> None:
        address = parse_address(text)
        assert address.text == parsed
        assert address.needs_smtputf8 == (not parsed.isascii())

    @pytest.mark.parametrize(
        "text",
        [
            *("", "anna", "@example.com", "anna@", "a@b@c.ru", "anna @example.com", "anna@example.com "),
            *("a..b@example.com", ".a@example.com", "anna@-x.ru", "anna@x..ru", "anna@[127.0.0.1]"),
            *('"a b"@example.com', "a" * 65 + "@example.com", "a@" + "b." * 130 + "ru", "анна@exa mple.com"),
            *(
                "Анна <anna@example.com>",
                "анна\u2028@example.com",
                "анна\n@example.com",
                "anna@example.com\r\n",
            ),
        ],
    )
    def test_what_is_no_address_is_named_so(self, text: str) -> None:
        with pytest.raises(UnsendableError) as caught:
            parse_address(text)
        assert caught.value.reason == "bad_address"

    @given(st.text(max_size=80))
    def test_whatever_passes_fits_into_a_command(self, text: str) -> None:
        for candidate in (text, f"{text}@example.com", f"анна@{text}"):
            try:
                address = parse_address(candidate)
            except UnsendableError:
                continue
            assert not re.search(r"[\x00-\x20\x7f<>]", address.text)
            assert address.text.rpartition("@")[2].isascii()
