"""When a bill is asked for again, and when it is given up."""

from dataclasses import replace
from uuid import UUID

import pytest

from dispatcher.delivery.bills.errors import BillFaultError
from dispatcher.delivery.bills.repository import ClaimedBill
from dispatcher.delivery.bills.worker import next_wait

WAITS = [30.0, 120.0, 600.0]
BILL = ClaimedBill(UUID(int=1), UUID(int=2), "b.org:443", tries=1, is_patient=False, url="https://b.org/1")


def bill(tries: int, *, is_patient: bool = False) -> ClaimedBill:
    return replace(BILL, tries=tries, is_patient=is_patient)


class TestNextWait:
    def test_a_passing_fault_is_tried_again_ever_later_and_then_given_up(self) -> None:
        error = BillFaultError("timeout")
        assert [next_wait(error, bill(tries), WAITS) for tries in range(1, 6)] == [
            30.0,
            120.0,
            600.0,
            None,
            None,
        ]

    def test_what_another_try_cannot_mend_is_given_up_at_once(self) -> None:
        assert next_wait(BillFaultError("too_large", is_final=True), bill(1), WAITS) is None
        assert next_wait(BillFaultError("http_404", is_final=True), bill(1), WAITS) is None

    def test_a_patient_bill_is_asked_for_to_the_end(self) -> None:
        late = BillFaultError("http_404", is_final=True)
        assert [next_wait(late, bill(tries, is_patient=True), WAITS) for tries in (1, 3, 50)] == [
            30,
            600,
            600,
        ]
        assert next_wait(BillFaultError("timeout"), bill(50, is_patient=True), WAITS) == 600

    def test_patience_does_not_help_a_wrong_file(self) -> None:
        error = BillFaultError("bad_type", is_final=True)
        assert next_wait(error, bill(1, is_patient=True), WAITS) is None

    def test_the_servers_own_wish_is_kept(self) -> None:
        assert next_wait(BillFaultError("http_429", retry_after_seconds=90), bill(1), WAITS) == 90
        assert next_wait(BillFaultError("http_429", retry_after_seconds=1), bill(1), WAITS) == 30

    def test_the_url_is_not_shown(self) -> None:
        assert "https" not in repr(BILL)
        with pytest.raises(BillFaultError, match="timeout"):
            raise BillFaultError("timeout")
