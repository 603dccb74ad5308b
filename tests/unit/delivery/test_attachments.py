"""Bills out of one folder, and nothing else out of anywhere else."""

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dispatcher.delivery.attachments import AttachmentFolder
from templates.attachment_rules import AttachmentRule, IfMissing
from templates.errors import AttachmentError

BILL = b"%PDF-1.7\nbill"


@pytest.fixture
def bills(tmp_path):
    folder = tmp_path / "bills"
    (folder / "2026" / "11").mkdir(parents=True)
    (folder / "bill.pdf").write_bytes(BILL)
    (folder / "2026" / "11" / "Счёт 7.pdf").write_bytes(BILL)
    (tmp_path / "secret.pdf").write_bytes(BILL)
    (folder / "link.pdf").symlink_to(tmp_path / "secret.pdf")
    (folder / "inside.pdf").symlink_to(folder / "bill.pdf")
    (folder / "out").symlink_to(tmp_path)
    (folder / "text.pdf").write_bytes(b"MZ not a bill")
    (folder / "large.pdf").write_bytes(BILL + b"x" * 1000)
    (folder / "folder.pdf").mkdir()
    os.mkfifo(folder / "pipe.pdf")
    return folder


def code_of(folder, name):
    with pytest.raises(AttachmentError) as caught:
        AttachmentFolder(folder, max_bytes=500).read(name)
    if isinstance(name, str) and name.strip():
        assert name not in str(caught.value)
    return caught.value.code


class TestRead:
    @pytest.mark.parametrize("name", ["bill.pdf", " bill.pdf ", "2026/11/Счёт 7.pdf"])
    def test_a_bill_is_read_under_its_own_name(self, bills, name):
        found = AttachmentFolder(bills).read(name)
        assert found.content == BILL
        assert found.file_name == name.strip().rpartition("/")[2]
        assert found.content_type == "application/pdf"

    @pytest.mark.parametrize("name", [None, "", " ", "nothing.pdf", "2027/bill.pdf", 7])
    def test_what_is_not_there_is_missing(self, bills, name):
        assert code_of(bills, name) == "attachment_missing"

    def test_without_a_folder_everything_is_missing(self):
        assert code_of(None, "bill.pdf") == "attachment_missing"

    @pytest.mark.parametrize(
        "name",
        [
            *("../secret.pdf", "/etc/passwd", "2026/../../secret.pdf", "..", "./bill.pdf", "2026//bill.pdf"),
            *("link.pdf", "inside.pdf", "out/secret.pdf", "bill.pdf/x", "folder.pdf", "pipe.pdf", "a\\b.pdf"),
            *(
                "C:bill.pdf",
                "bill.pdf\0",
                "bill\n.pdf",
                "a/b/c/d/e.pdf",
                "x" * 201,
                "https://e.example/bill.pdf",
            ),
        ],
    )
    def test_nothing_leads_out_of_the_folder(self, bills, name):
        assert code_of(bills, name) == "attachment_bad_name"

    def test_size_and_kind_are_limited(self, bills):
        assert code_of(bills, "large.pdf") == "attachment_too_large"
        assert code_of(bills, "text.pdf") == "attachment_not_pdf"

    @settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.text(st.sampled_from("./abc~\\%2e\u2024link.pdf"), max_size=30))
    def test_whatever_is_asked_for_the_secret_stays(self, bills, name):
        (bills.parent / "secret.pdf").write_bytes(b"%PDF-secret")
        try:
            found = AttachmentFolder(bills).read(name)
        except AttachmentError:
            return
        assert found.content == BILL


class TestCollect:
    @pytest.mark.parametrize(("if_missing", "may_come"), [(IfMissing.REFUSE, False), (IfMissing.HOLD, True)])
    def test_a_missing_file_refuses_or_waits(self, bills, if_missing, may_come):
        rules = [AttachmentRule("bill", if_missing)]
        with pytest.raises(AttachmentError) as caught:
            AttachmentFolder(bills).collect(rules, {"bill": "nothing.pdf"})
        assert caught.value.may_come is may_come

    def test_an_optional_file_may_be_missing_but_not_dangerous(self, bills):
        rules = [AttachmentRule("bill", IfMissing.OMIT)]
        assert AttachmentFolder(bills).collect(rules, {}) == ()
        with pytest.raises(AttachmentError):
            AttachmentFolder(bills).collect(rules, {"bill": "../secret.pdf"})
