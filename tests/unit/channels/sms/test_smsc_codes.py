"""The tables of SMSC's numbers, held against the documented lists (domain.md 2.4 and 2.5)."""

import pytest

from channels.port import OutcomeKind, ReceiptKind
from channels.sms.smsc.codes import DETAILS, NO_DETAIL, REQUEST_ERRORS, STATUSES, FailureClass, read_report

DOCUMENTED_ERRORS = set(range(1, 10))
DOCUMENTED_STATUSES = {-3, -2, -1, 0, 1, 2, 3, 4, 20, 22, 23, 24, 25}
DOCUMENTED_DETAILS = {0, 1, 6, 11, 12, 13, 21, 200, 219, 220, *range(237, 256)}


class TestCompleteness:
    def test_every_documented_number_is_there_and_no_other(self) -> None:
        assert set(REQUEST_ERRORS) == DOCUMENTED_ERRORS
        assert set(STATUSES) == DOCUMENTED_STATUSES
        assert set(DETAILS) | NO_DETAIL == DOCUMENTED_DETAILS

    def test_no_error_of_a_request_counts_as_taken(self) -> None:
        assert OutcomeKind.ACCEPTED not in {error.kind for error in REQUEST_ERRORS.values()}

    def test_only_numbers_that_are_wrong_are_held_against_the_number(self) -> None:
        contact = {number for number, detail in DETAILS.items() if detail.failure is FailureClass.CONTACT}
        assert contact == {1, 21, 248, 249, 252}


class TestReadReport:
    @pytest.mark.parametrize("status", [1, 2, 4])
    def test_delivered_read_and_clicked_say_delivered(self, status: int) -> None:
        assert read_report(status).kind is ReceiptKind.DELIVERED

    @pytest.mark.parametrize("status", [1, 20, 0])
    def test_no_report_within_a_day_never_says_delivered_nor_failed(self, status: int) -> None:
        report = read_report(status, 245)
        assert report.kind is ReceiptKind.UNKNOWN
        assert report.is_final

    @pytest.mark.parametrize("status", [-99, 5, 6, 7, 26, 1000])
    def test_a_number_nobody_documented_says_nothing(self, status: int) -> None:
        assert read_report(status).kind is ReceiptKind.UNKNOWN

    @pytest.mark.parametrize("status", [-2, -1, 0])
    def test_what_is_under_way_is_not_final(self, status: int) -> None:
        assert read_report(status).kind is ReceiptKind.DELAYED
        assert not read_report(status).is_final

    def test_the_reason_names_both_numbers(self) -> None:
        assert read_report(20, 6).reason == "smsc_20_6"
        assert read_report(25).reason == "smsc_25"
        assert read_report(1, 200).reason == "smsc_1"
