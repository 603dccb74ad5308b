"""Callbacks of SMSC: believed only with the right checksum, in every form in which they come."""

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from urllib.parse import urlencode
from uuid import UUID

import pytest

from channels.port import AttemptReference, Receipt, ReceiptKind
from channels.sms.errors import ForgedCallbackError, UnreadableCallbackError
from channels.sms.reference import message_name
from channels.sms.smsc.callback import read_callback, read_fields
from channels.sms.smsc.incoming import IncomingMessage

SECRET = "the account's secret"
ATTEMPT = AttemptReference(date(2026, 11, 1), UUID("01931a2b-3c4d-7e5f-8a9b-0c1d2e3f4a5b"))


def signed(algorithm: str = "md5", encoding: str = "utf-8", **fields: str) -> dict[str, str]:
    names = ("id", "phone", "status") if "status" in fields else ("phone", "mes", "to")
    text = ":".join([*(fields[name] for name in names), SECRET]).encode(encoding)
    return {**fields, algorithm: hashlib.new(algorithm, text).hexdigest()}


def status(**changes: str) -> dict[str, str]:
    fields = {"id": message_name(ATTEMPT), "phone": "79161234567", "status": "1", "cost": "3.5", "cnt": "2"}
    return signed(**(fields | changes))


def read(fields: Mapping[str, str]) -> Receipt | IncomingMessage:
    return read_callback(fields, "utf-8", SECRET)


class TestStatus:
    @pytest.mark.parametrize("algorithm", ["md5", "sha1"])
    def test_a_signed_status_is_a_receipt_of_its_attempt_with_its_price(self, algorithm: str) -> None:
        fields = {
            "id": message_name(ATTEMPT),
            "phone": "79161234567",
            "status": "1",
            "cost": "3.5",
            "cnt": "2",
        }
        receipt = read(signed(algorithm, **fields))
        assert isinstance(receipt, Receipt)
        assert (receipt.attempt, receipt.kind) == (ATTEMPT, ReceiptKind.DELIVERED)
        assert receipt.price is not None
        assert (receipt.price.parts, receipt.price.amount) == (2, Decimal("3.5"))
        assert json.loads(receipt.raw)["status"] == "1"

    def test_a_status_of_a_message_that_is_not_ours_is_kept_as_nobodys(self) -> None:
        receipt = read(status(id="12345"))
        assert isinstance(receipt, Receipt)
        assert receipt.attempt is None

    @pytest.mark.parametrize("changed", ["id", "phone", "status"])
    def test_a_changed_field_is_a_forgery(self, changed: str) -> None:
        with pytest.raises(ForgedCallbackError):
            read({**status(), changed: "20"})

    def test_no_checksum_is_a_forgery(self) -> None:
        fields = status()
        del fields["md5"]
        with pytest.raises(ForgedCallbackError, match="without a checksum"):
            read(fields)

    def test_the_weak_crc32_alone_is_not_enough(self) -> None:
        fields = {**status(), "md5": "", "crc32": "123"}
        with pytest.raises(ForgedCallbackError):
            read(fields)

    @pytest.mark.parametrize("value", ["", "one", "1e400", "٣x"])
    def test_a_status_that_is_no_number_cannot_be_read(self, value: str) -> None:
        with pytest.raises(UnreadableCallbackError):
            read(status(status=value))

    @pytest.mark.parametrize("fields", [{}, {"status": "1"}, {"id": "1", "status": "1"}, {"mes": "x"}])
    def test_a_call_without_its_fields_cannot_be_read(self, fields: dict[str, str]) -> None:
        with pytest.raises(UnreadableCallbackError):
            read(fields)


class TestIncoming:
    def test_a_customers_message(self) -> None:
        message = read(signed(id="7", phone="79161234567", mes="СТОП", to="79000000000"))
        assert message == IncomingMessage("7", "79161234567", "СТОП", "79000000000")


class TestForms:
    def test_a_form_in_the_body(self) -> None:
        fields, encoding = read_fields(b"", urlencode(status()).encode(), "application/x-www-form-urlencoded")
        assert isinstance(read_callback(fields, encoding, SECRET), Receipt)

    def test_a_query(self) -> None:
        fields, encoding = read_fields(urlencode(status()).encode(), b"", "")
        assert isinstance(read_callback(fields, encoding, SECRET), Receipt)

    def test_json(self) -> None:
        fields, encoding = read_fields(b"", json.dumps(status()).encode(), "application/json; charset=utf-8")
        assert isinstance(read_callback(fields, encoding, SECRET), Receipt)

    def test_numbers_in_json(self) -> None:
        body = json.dumps({**status(), "status": 1, "err": None}).encode()
        fields, encoding = read_fields(b"", body, "application/json")
        assert isinstance(read_callback(fields, encoding, SECRET), Receipt)

    def test_the_providers_own_default_of_windows_1251(self) -> None:
        sent = signed(encoding="windows-1251", phone="79161234567", mes="Стоп, хватит", to="79000000000")
        body = urlencode(sent, encoding="windows-1251").encode()
        fields, encoding = read_fields(b"", body, "application/x-www-form-urlencoded")
        message = read_callback(fields, encoding, SECRET)
        assert isinstance(message, IncomingMessage)
        assert message.text == "Стоп, хватит"

    @pytest.mark.parametrize(
        "body", [b"[1]", b"{", b'"x"', b"\xff\xfe", json.dumps({str(n): n for n in range(200)}).encode()]
    )
    def test_json_of_another_form_cannot_be_read(self, body: bytes) -> None:
        with pytest.raises(UnreadableCallbackError):
            read_fields(b"", body, "application/json")

    def test_a_flood_of_fields_cannot_be_read(self) -> None:
        with pytest.raises(UnreadableCallbackError):
            read_fields(b"", b"&".join(b"a=1" for _ in range(1000)), "")
