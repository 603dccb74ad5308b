"""The tables of SMPP's numbers, held against the specification (3.4, tables 5-2 and 5-6)."""

import pytest

from channels.port import OutcomeKind, ReceiptKind
from channels.sms.smpp.codes import COMMAND_STATUSES, MESSAGE_STATES, STATES_BY_WORD, read_status

DOCUMENTED_STATUSES = {
    *range(0x00, 0x09), *range(0x0A, 0x10), 0x11, 0x13, 0x14, 0x15, 0x33, 0x34, 0x40, 0x42, 0x43, 0x44, 0x45,
    0x48, 0x49, 0x50, 0x51, 0x53, 0x54, 0x55, 0x58, *range(0x61, 0x68), *range(0xC0, 0xC5), 0xFE, 0xFF,
}  # fmt: skip
DOCUMENTED_STATES = {
    "ENROUTE": 1,
    "DELIVRD": 2,
    "EXPIRED": 3,
    "DELETED": 4,
    "UNDELIV": 5,
    "ACCEPTD": 6,
    "UNKNOWN": 7,
    "REJECTD": 8,
}
OF_LATER_VERSIONS = {0, 9}


class TestCompleteness:
    def test_every_documented_number_is_there_and_no_other(self) -> None:
        assert set(COMMAND_STATUSES) == DOCUMENTED_STATUSES
        assert set(MESSAGE_STATES) == set(DOCUMENTED_STATES.values()) | OF_LATER_VERSIONS

    def test_every_word_of_a_receipt_stands_for_its_state(self) -> None:
        assert DOCUMENTED_STATES.items() <= STATES_BY_WORD.items()

    def test_only_one_status_counts_as_taken_and_only_one_state_as_delivered(self) -> None:
        assert [number for number, one in COMMAND_STATUSES.items() if one.kind is OutcomeKind.ACCEPTED] == [0]
        assert [number for number, one in MESSAGE_STATES.items() if one.kind is ReceiptKind.DELIVERED] == [2]

    def test_names_of_statuses_are_all_different(self) -> None:
        assert len({one.reason for one in COMMAND_STATUSES.values()}) == len(COMMAND_STATUSES)


class TestReadStatus:
    @pytest.mark.parametrize("status", [0x58, 0x14])
    def test_a_provider_that_is_too_busy_slows_us_down(self, status: int) -> None:
        assert read_status(status).kind is OutcomeKind.THROTTLED

    @pytest.mark.parametrize("status", [0x08, 0xFF])
    def test_a_fault_that_the_provider_cannot_explain_leaves_doubt(self, status: int) -> None:
        assert read_status(status).kind is OutcomeKind.UNKNOWN

    def test_a_vendors_own_number_is_a_refusal_that_names_it(self) -> None:
        known = read_status(0x0401)
        assert known.kind is OutcomeKind.TRANSIENT
        assert known.reason == "smpp_0x00000401"
