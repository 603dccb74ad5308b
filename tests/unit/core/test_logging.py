"""Logs carry ids, never an address or a telephone number, tracebacks included (P10)."""

import json
import logging
from collections.abc import Iterator
from datetime import date
from uuid import UUID

import pytest
import structlog

from dispatcher.core.logging import configure_logging, mask_personal_data

ID = UUID("019d3f5e-7c1a-7b22-8f11-0123456789ab")


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def fail_with(words: str) -> None:
    raise ValueError(words)


class TestMask:
    @pytest.mark.parametrize(
        "text",
        [
            "anna.petrova+x@mail.example.org",
            "<anna@пример.рф>",
            "+7 900 123-45-67",
            "8(900)123-45-67",
            "89001234567",
            "tel:+380501234567",
        ],
    )
    def test_addresses_and_phones_are_replaced(self, text: str) -> None:
        masked = mask_personal_data(f"cannot send to {text} now")
        assert "anna" not in masked
        assert not any(part in masked for part in ("123-45", "1234567", "4567"))
        assert masked.startswith("cannot send to ")
        assert masked.endswith(" now")

    @pytest.mark.parametrize(
        "text",
        [
            str(ID),
            "2026-11-22",
            "2026-11-22 05:09:28.123",
            "attempt 42 of 128",
            "smtp_550_5.1.1",
            "10.0.0.1:5432",
            "12:30:59.123",
        ],
    )
    def test_ids_dates_and_counts_stay(self, text: str) -> None:
        assert mask_personal_data(text) == text


class TestOurEvents:
    @pytest.mark.requirement(51, "Personal data protected: no address or phone in logs")
    def test_no_value_of_any_kind_lets_an_address_through(self, capsys: pytest.CaptureFixture[str]) -> None:
        configure_logging()
        log = structlog.get_logger()
        log.warning(
            "delivery.trouble to a@b.example",
            note="write to a@b.example",
            error=ValueError("a@b.example refused"),
            more={"address": "a@b.example", "list": ["+79001234567", ("a@b.example",)]},
            raw=b"RCPT TO:<a@b.example>",
            address="anything",
            attempt_id=ID,
            count=7,
            at=date(2026, 11, 22),
        )
        line = capsys.readouterr().err
        assert "b.example" not in line
        assert "9001234567" not in line
        event = json.loads(line)
        assert "address" not in event
        assert event["attempt_id"] == str(ID)
        assert event["count"] == 7
        assert event["at"] == "2026-11-22"

    def test_tracebacks_are_masked(self, capsys: pytest.CaptureFixture[str]) -> None:
        configure_logging()
        try:
            fail_with("cannot parse a@b.example, phone +7 900 123-45-67")
        except ValueError:
            structlog.get_logger().exception("delivery.failed")
        line = capsys.readouterr().err
        assert "fail_with" in line
        assert "b.example" not in line
        assert "123-45" not in line

    def test_the_console_form_is_masked_too(self, capsys: pytest.CaptureFixture[str]) -> None:
        configure_logging(json_lines=False)
        structlog.get_logger().warning("x", note="a@b.example")
        assert "b.example" not in capsys.readouterr().err


class TestLibrariesLines:
    def test_they_are_masked_with_their_tracebacks(self, capsys: pytest.CaptureFixture[str]) -> None:
        configure_logging()
        try:
            fail_with("550 no such user a@b.example")
        except ValueError:
            logging.getLogger("some.library").exception("while sending to %s", "c@d.example")
        lines = capsys.readouterr().err
        assert "fail_with" in lines
        assert "b.example" not in lines
        assert "d.example" not in lines
