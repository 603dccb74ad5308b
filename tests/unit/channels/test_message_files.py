"""Files and inline images in a message, read back by the standard library's parser."""

import re
from email.utils import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.email.errors import UnsendableError
from channels.email.message import MAX_LINE_OCTETS
from channels.port import Attachment
from tests.integration.channels.channel_contract import make_envelope
from tests.unit.channels.test_message import build, crlf, parse, text_of

LETTERS = st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"))
#: The reader of these tests takes quotes and brackets around a whole name for its own.
NAMES = st.text(LETTERS, min_size=1, max_size=100).filter(lambda name: unquote(name).strip() == name.strip())
NAMES = NAMES.filter(str.strip)
PDF = Attachment("Счёт за ноябрь.pdf", "application/pdf", b"%PDF-1.7 x")
IMAGE = Attachment("payment.png", "image/png", b"\x89PNG", "payment.1@code")
HTML = '<p>Долг</p><img src="cid:payment.1@code">'


def with_files(*files: Attachment, **changes):
    return build(make_envelope("anna@example.com", attachments=files, **changes))


def attached(content):
    return list(parse(content).iter_attachments())


class TestFiles:
    def test_a_file_goes_along_with_the_text(self):
        content = with_files(PDF, text="Здравствуйте")
        message = parse(content)
        assert message.get_content_type() == "multipart/mixed"
        (part,) = attached(content)
        assert part.get_filename() == "Счёт за ноябрь.pdf"
        assert part.get_content_type() == "application/pdf"
        assert part.get_content_disposition() == "attachment"
        assert part.get_content() == PDF.content
        assert text_of(content, "plain") == "Здравствуйте"

    def test_text_html_image_and_files_nest_as_the_rfcs_want(self):
        message = parse(with_files(PDF, IMAGE, text="т", html=HTML))
        assert [part.get_content_type() for part in message.walk()] == [
            *("multipart/mixed", "multipart/alternative", "text/plain", "multipart/related"),
            *("text/html", "image/png", "application/pdf"),
        ]
        image = next(part for part in message.walk() if part.get_content_type() == "image/png")
        assert image["Content-ID"] == "<payment.1@code>"
        assert image.get_content_disposition() == "inline"
        assert message.defects == []

    def test_only_an_image_needs_no_mixed(self):
        assert parse(with_files(IMAGE, html=HTML)).get_content_type() == "multipart/alternative"

    @settings(deadline=None)
    @given(NAMES, st.binary(max_size=2000))
    def test_any_name_and_content_come_back(self, name, data):
        content = with_files(Attachment(name, "application/pdf", data), html="<p>x</p>")
        (part,) = attached(content)
        assert part.get_filename().strip() == name.strip()
        assert part.get_payload(decode=True) == data
        assert max(map(len, content.split(b"\r\n"))) <= MAX_LINE_OCTETS
        head = content.partition(b"%PDF")[0]
        assert b"\n" not in head.replace(b"\r\n", b"")

    @settings(deadline=None)
    @given(st.text(st.characters(exclude_categories=("Cs",)), max_size=500))
    def test_any_text_survives_beside_files(self, text):
        content = with_files(PDF, IMAGE, text=text, html=text + HTML)
        assert text_of(content, "plain").removesuffix("\r\n") == crlf(text).removesuffix("\r\n")
        assert text_of(content, "html") == crlf(text + HTML)
        assert len(attached(content)) == 1

    @pytest.mark.parametrize("subtype", ["mixed", "alternative", "related"])
    def test_a_text_that_holds_a_boundary_cannot_break_the_message(self, subtype):
        parts = parse(with_files(PDF, IMAGE, html=HTML)).walk()
        boundary = next(part.get_boundary() for part in parts if part.get_content_subtype() == subtype)
        evil = f"--{boundary}--\nrest"
        content = with_files(PDF, IMAGE, text=evil, html=evil)
        assert f'boundary="{boundary}"'.encode() in content
        assert text_of(content, "plain") == crlf(evil)
        assert text_of(content, "html") == crlf(evil)
        assert len(attached(content)) == 1

    @pytest.mark.parametrize(
        "bad",
        [
            Attachment("a\r\nBcc: x", "application/pdf", b""),
            Attachment("", "application/pdf", b""),
            Attachment("a" * 201, "application/pdf", b""),
            Attachment("a", "application/pdf\r\nX: y", b""),
            Attachment("a", "image/png", b"", "a@b>\r\nX: y"),
        ],
    )
    def test_what_cannot_stand_in_a_header_is_refused(self, bad):
        with pytest.raises(UnsendableError) as caught:
            with_files(bad, html="x")
        assert caught.value.reason == "bad_attachment"

    def test_long_names_are_folded(self):
        content = with_files(Attachment("я" * 150, "application/pdf", b"x"))
        head = content.partition(b"eA==")[0]
        assert all(len(line) <= 100 for line in re.split(rb"\r\n", head))
