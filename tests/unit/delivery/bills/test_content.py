"""What may go with a letter is told by its bytes; the name in the letter never says something else."""

import pytest

from dispatcher.delivery.bills.content import content_type_of, file_name_of, has_end

PDF = "application/pdf"


class TestContentTypeOf:
    @pytest.mark.parametrize(
        ("content", "expected"),
        [
            (b"%PDF-1.7\n...", PDF),
            (b"\x89PNG\r\n\x1a\n...", "image/png"),
            (b"\xff\xd8\xff\xe0...", "image/jpeg"),
            (b"", None),
            (b"%PDF", None),
            (b" %PDF-1.7", None),
            (b"<html>%PDF-", None),
            (b"MZ\x90", None),
            (b"\x1f\x8b\x08", None),
            (b"GIF89a", None),
        ],
    )
    def test_only_bills_and_pictures(self, content: bytes, expected: str | None) -> None:
        assert content_type_of(content) == expected


class TestHasEnd:
    def test_a_file_that_was_broken_off_does_not_show_its_end(self) -> None:
        assert has_end(b"%PDF-1.7 " + b"x" * 5000 + b"%%EOF\n")
        assert not has_end(b"%PDF-1.7 %%EOF " + b"x" * 5000)
        assert not has_end(b"no bill %%EOF")


class TestFileNameOf:
    @pytest.mark.parametrize(
        ("url", "name"),
        [
            ("https://b.org/2026/11/7.pdf", "7.pdf"),
            ("https://b.org/Bill.PDF?x=1.png#y", "Bill.PDF"),
            ("https://b.org/%D0%A1%D1%87%D1%91%D1%82%207.pdf", "Счёт 7.pdf"),
            ("https://b.org/Счёт.pdf", "Счёт.pdf"),
            ("https://b.org/", "bill.pdf"),
            ("https://b.org", "bill.pdf"),
            ("https://b.org/bill?id=7", "bill.pdf"),
            ("https://b.org/run.exe", "bill.pdf"),
            ("https://b.org/x.png", "bill.pdf"),
            ("https://b.org/a%2F..%2Fb.pdf", "b.pdf"),
            ("https://b.org/a%0d%0aX-Header:%201.pdf", "bill.pdf"),
            ('https://b.org/%22;x=".pdf', "bill.pdf"),
            ("https://b.org/%ff.pdf", "bill.pdf"),
            ("https://b.org/" + "x" * 100 + ".pdf", "bill.pdf"),
        ],
    )
    def test_the_name_of_the_path_if_it_is_one(self, url: str, name: str) -> None:
        assert file_name_of(url, PDF) == name

    def test_pictures_keep_their_endings(self) -> None:
        assert file_name_of("https://b.org/x.jpeg", "image/jpeg") == "x.jpeg"
        assert file_name_of("https://b.org/x", "image/jpeg") == "bill.jpg"
