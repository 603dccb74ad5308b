"""Receipts of SMPP in the forms in which providers send them."""

import pytest

from channels.port import ReceiptKind
from channels.sms.smpp.pdu import Address, ShortMessage, Tag
from channels.sms.smpp.receipts import IdForm, is_receipt, normal_id, read_receipt


def report(text: str = "", *, esm_class: int = 4, parameters: dict[int, bytes] | None = None) -> ShortMessage:
    return ShortMessage(
        source=Address("79161234567"),
        destination=Address("Energosbyt"),
        octets=text.encode(),
        esm_class=esm_class,
        parameters=parameters or {},
    )


class TestIsReceipt:
    def test_by_its_class_or_by_its_parameter(self) -> None:
        assert is_receipt(report(esm_class=0x04))
        assert is_receipt(report(esm_class=0x20))
        assert is_receipt(report(esm_class=0, parameters={Tag.RECEIPTED_MESSAGE_ID: b"1\0"}))

    def test_what_a_customer_writes_is_none_even_if_it_looks_like_one(self) -> None:
        assert not is_receipt(report("id:1 stat:DELIVRD", esm_class=0))
        assert not is_receipt(report("СТОП", esm_class=0x40))


class TestReadReceipt:
    @pytest.mark.parametrize(
        ("text", "kind", "reason"),
        [
            (
                "id:0a1b sub:001 dlvrd:001 submit date:2611011200 done date:2611011201 "
                "stat:DELIVRD err:000 text:Do",
                ReceiptKind.DELIVERED,
                "smpp_state_2",
            ),
            ("ID:0a1b STAT:UNDELIV ERR:001", ReceiptKind.FAILED, "smpp_state_5_001"),
            ("stat:EXPIRED id:0a1b", ReceiptKind.FAILED, "smpp_state_3"),
            ("id: 0a1b stat: ENROUTE err: 0", ReceiptKind.DELAYED, "smpp_state_1"),
            ("id:0a1b stat:UNKNOWN err:0F1", ReceiptKind.UNKNOWN, "smpp_state_7_0F1"),
            ("id:0a1b stat:WHATEVER", ReceiptKind.UNKNOWN, "smpp_state_none"),
            ("id:0a1b stat:DELIVRD err:000 text:id:77 stat:UNDELIV", ReceiptKind.DELIVERED, "smpp_state_2"),
        ],
    )
    def test_by_its_text(self, text: str, kind: ReceiptKind, reason: str) -> None:
        receipt = read_receipt(report(text), "mts", "text")
        assert (receipt.kind, receipt.reason) == (kind, reason)
        assert receipt.provider_message == "mts/0a1b"
        assert receipt.attempt is None

    def test_by_its_parameters_which_count_more(self) -> None:
        parameters = {Tag.RECEIPTED_MESSAGE_ID: b"77\0", Tag.MESSAGE_STATE: b"\x02"}
        receipt = read_receipt(report("id:1 stat:UNDELIV", parameters=parameters), "mts", "text")
        assert (receipt.kind, receipt.provider_message) == (ReceiptKind.DELIVERED, "mts/77")

    def test_what_nobody_can_read_is_kept_and_says_nothing(self) -> None:
        receipt = read_receipt(report("hello"), "mts", "text")
        assert (receipt.kind, receipt.provider_message) == (ReceiptKind.UNKNOWN, None)
        assert b"hello" in receipt.raw

    def test_words_in_place_of_a_code_do_not_get_into_the_reason(self) -> None:
        receipt = read_receipt(report("id:1 stat:UNDELIV err:+79161234567"), "mts", "text")
        assert receipt.reason == "smpp_state_5"


class TestNormalId:
    @pytest.mark.parametrize(
        ("value", "form", "kept"),
        [
            ("0A1B", "hex", "2587"),
            ("a1b", "hex", "2587"),
            ("2587", "decimal", "2587"),
            ("0000002587", "decimal", "2587"),
            ("0A1B-x", "text", "0A1B-x"),
            ("no number", "hex", "no number"),
            ("", "decimal", ""),
        ],
    )
    def test_numbers_are_one_number_and_texts_stay(self, value: str, form: IdForm, kept: str) -> None:
        assert normal_id(value, form) == kept
