"""Mail that comes in is sorted by what it is; only what is signed is believed about an attempt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.email.incoming import MailKind, SortedMail, sort_message
from channels.email.letters import MAX_TEXT_CHARS, AnsweredNotice
from channels.port import ReceiptKind
from tests.unit.channels.mail_corpus import ATTEMPT, DOMAIN, FORGED, KEY, NOTICE, OURS, SAMPLES, Sample

FEEDBACK_ADDRESS = f"fbl@{DOMAIN}"


def named(name: str) -> Sample:
    return next(sample for sample in SAMPLES if sample.name == name)


def sort(name: str, recipient: str = OURS) -> SortedMail:
    return sort_message(named(name).raw(), recipient, KEY)


class TestCorpus:
    @pytest.mark.parametrize("sample", SAMPLES, ids=[sample.name for sample in SAMPLES])
    def test_each_message_is_taken_for_what_it_is(self, sample: Sample) -> None:
        mail = sort_message(sample.raw(), OURS, KEY)
        assert (mail.kind, mail.receipt.kind, mail.receipt.reason) == (
            sample.kind,
            sample.receipt,
            sample.reason,
        )
        assert mail.receipt.attempt == ATTEMPT

    @pytest.mark.parametrize("sample", SAMPLES, ids=[sample.name for sample in SAMPLES])
    def test_to_a_forged_address_none_names_the_attempt_as_its_own(self, sample: Sample) -> None:
        mail = sort_message(sample.raw(), FORGED, KEY)
        # A feedback report proves itself by what it returns, wherever it was sent.
        if mail.kind is not MailKind.COMPLAINT:
            assert mail.receipt.attempt is None


class TestComplaints:
    @pytest.mark.parametrize("name", ["arf_yahoo", "arf_mail_ru_headers_only"])
    def test_one_to_the_feedback_address_names_its_attempt_by_the_signed_sender(self, name: str) -> None:
        mail = sort(name, FEEDBACK_ADDRESS)
        assert mail.complaint is not None
        assert mail.complaint.is_against_us
        assert mail.receipt.attempt == ATTEMPT

    def test_one_that_returns_a_forged_sender_is_nobodys(self) -> None:
        raw = named("arf_yahoo").raw().replace(OURS.encode(), FORGED.encode())
        mail = sort_message(raw, FEEDBACK_ADDRESS, KEY)
        assert (mail.kind, mail.receipt.attempt) == (MailKind.COMPLAINT, None)


class TestMachines:
    @pytest.mark.parametrize(
        "header",
        [
            "Auto-Submitted: auto-generated",
            "Return-Path: <>",
            "List-Id: <news.example.org>",
            "Precedence: bulk",
            "From: no-reply@example.org",
        ],
    )
    def test_no_machine_is_taken_for_a_person(self, header: str) -> None:
        raw = f"{header}\r\nFrom: a@example.org\r\nSubject: Re: x\r\n\r\nhello\r\n".encode()
        assert sort_message(raw, f"replies@{DOMAIN}", KEY).kind is MailKind.AUTO_REPLY

    def test_a_person_may_say_that_no_machine_wrote(self) -> None:
        raw = b"From: a@example.org\r\nAuto-Submitted: no\r\nSubject: x\r\n\r\nhello\r\n"
        assert sort_message(raw, f"replies@{DOMAIN}", KEY).kind is MailKind.LETTER


class TestLetters:
    def test_a_letter_is_read_with_its_words_files_and_the_notice_that_it_answers(self) -> None:
        letter = sort("reply_from_phone", f"replies@{DOMAIN}").letter
        assert letter is not None
        assert letter.sender == "anna@example.com"
        assert letter.subject == "Re: Задолженность"
        assert letter.text == "Я уже заплатила, чек во вложении."
        assert letter.file_names == ("check.jpg",)
        assert letter.answers == AnsweredNotice(ATTEMPT.period, NOTICE)
        assert letter.attempt is None

    def test_markup_and_old_alphabets_become_plain_text(self) -> None:
        letter = sort("reply_html_windows_1251").letter
        assert letter is not None
        assert letter.text == "Почему так много?"
        assert letter.attempt == ATTEMPT

    def test_a_huge_letter_is_cut_for_staff_and_kept_whole(self) -> None:
        raw = b"From: a@example.org\r\n\r\n" + b"x" * 200_000
        mail = sort_message(raw, OURS, KEY)
        assert mail.letter is not None
        assert len(mail.letter.text) == MAX_TEXT_CHARS
        assert mail.receipt.raw == raw


class TestHostileInput:
    @given(st.binary(max_size=2000))
    def test_no_bytes_make_it_raise(self, raw: bytes) -> None:
        assert sort_message(raw, OURS, KEY).receipt.raw == raw

    @given(st.data(), st.sampled_from(SAMPLES), st.binary(max_size=60))
    def test_no_damaged_message_makes_it_raise(
        self, data: st.DataObject, sample: Sample, junk: bytes
    ) -> None:
        raw = sample.raw()
        start = data.draw(st.integers(0, len(raw)))
        end = data.draw(st.integers(start, len(raw)))
        sort_message(raw[:start] + junk + raw[end:], OURS, KEY)

    def test_a_failure_in_the_returned_message_is_not_ours(self) -> None:
        """What a stranger pastes under a letter fails no notice."""
        raw = b"From: a@example.org\r\nSubject: x\r\n\r\n> 550 5.1.1 user unknown\r\n"
        assert sort_message(raw, OURS, KEY).receipt.kind is ReceiptKind.UNKNOWN
