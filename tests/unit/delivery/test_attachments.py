"""Bills out of one folder, and nothing else out of anywhere else."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dispatcher.delivery.attachments import AttachmentFolder, Attachments, FileCheck
from dispatcher.delivery.bills.content import FetchedBill
from dispatcher.delivery.bills.urls import UrlRules, key_of
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
    with pytest.raises(AttachmentError) as looked:
        AttachmentFolder(folder, max_bytes=500).look(name)
    assert looked.value.code == caught.value.code
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
            Attachments(AttachmentFolder(bills)).collect(rules, {"bill": "nothing.pdf"})
        assert caught.value.may_come is may_come

    def test_an_optional_file_may_be_missing_but_not_dangerous(self, bills):
        rules = [AttachmentRule("bill", IfMissing.OMIT)]
        assert Attachments(AttachmentFolder(bills)).collect(rules, {}) == ()
        with pytest.raises(AttachmentError):
            Attachments(AttachmentFolder(bills)).collect(rules, {"bill": "../secret.pdf"})


URL = "https://bills.example.org/7.pdf"
RULES = UrlRules(["bills.example.org"])


class TestUrls:
    def test_a_bill_that_was_fetched_goes_along(self, bills):
        found = Attachments(AttachmentFolder(bills), RULES).collect(
            [AttachmentRule("bill"), AttachmentRule("file")],
            {"bill": URL, "file": "bill.pdf"},
            {key_of(URL): FetchedBill("application/pdf", BILL)},
        )
        assert [(one.file_name, one.content) for one in found] == [("7.pdf", BILL), ("bill.pdf", BILL)]

    def test_one_that_was_not_is_waited_for(self):
        with pytest.raises(AttachmentError) as caught:
            Attachments(url_rules=RULES).collect([AttachmentRule("bill", IfMissing.OMIT)], {"bill": URL})
        assert (caught.value.code, caught.value.may_come) == ("bill_waiting", True)

    @pytest.mark.parametrize(
        ("fault", "if_missing", "code"),
        [
            ("http_404", IfMissing.REFUSE, "attachment_unavailable"),
            ("http_404", IfMissing.HOLD, "attachment_unavailable"),
            ("timeout", IfMissing.REFUSE, "attachment_unavailable"),
            ("too_large", IfMissing.OMIT, "attachment_too_large"),
            ("bad_type", IfMissing.OMIT, "attachment_bad_type"),
            ("address_refused", IfMissing.OMIT, "attachment_url_refused"),
            ("redirect_refused", IfMissing.REFUSE, "attachment_url_refused"),
        ],
    )
    def test_one_that_was_given_up_refuses_with_the_reason(self, fault, if_missing, code):
        with pytest.raises(AttachmentError) as caught:
            Attachments(url_rules=RULES).collect(
                [AttachmentRule("bill", if_missing)], {"bill": URL}, {key_of(URL): fault}
            )
        assert (caught.value.code, caught.value.may_come) == (code, False)

    def test_an_optional_one_that_cannot_be_had_is_left_out(self):
        rules = [AttachmentRule("bill", IfMissing.OMIT)]
        assert Attachments(url_rules=RULES).collect(rules, {"bill": URL}, {key_of(URL): "http_404"}) == ()

    def test_a_url_that_is_no_longer_allowed_is_refused_even_if_it_was_fetched(self):
        fetched = {key_of(URL): FetchedBill("application/pdf", BILL)}
        with pytest.raises(AttachmentError) as caught:
            Attachments().collect([AttachmentRule("bill", IfMissing.OMIT)], {"bill": URL}, fetched)
        assert caught.value.code == "attachment_url_off"


class TestCheckBeforeSending:
    @pytest.mark.parametrize(
        ("cell", "if_missing", "expected"),
        [
            ("bill.pdf", IfMissing.REFUSE, FileCheck()),
            ("none.pdf", IfMissing.REFUSE, FileCheck(refused="attachment_missing")),
            ("none.pdf", IfMissing.HOLD, FileCheck(waits_for="attachment_missing")),
            ("none.pdf", IfMissing.OMIT, FileCheck()),
            ("text.pdf", IfMissing.OMIT, FileCheck(refused="attachment_not_pdf")),
            (URL, IfMissing.REFUSE, FileCheck(waits_for="bill_waiting")),
            ("https://evil.org/x.pdf", IfMissing.OMIT, FileCheck(refused="attachment_url_refused")),
        ],
    )
    def test_what_will_become_of_a_recipients_file(self, bills, cell, if_missing, expected):
        attachments = Attachments(AttachmentFolder(bills), RULES)
        assert attachments.check([AttachmentRule("bill", if_missing)], {"bill": cell}) == expected

    def test_files_are_looked_at_without_leaking_descriptors(self, bills):
        before = len(list(Path("/proc/self/fd").iterdir()))
        for name in ("bill.pdf", "folder.pdf", "pipe.pdf", "text.pdf", "none.pdf", "link.pdf"):
            Attachments(AttachmentFolder(bills)).check([AttachmentRule("bill")], {"bill": name})
        assert len(list(Path("/proc/self/fd").iterdir())) == before
