"""The payment link and the code of ГОСТ Р 56042-2014."""

import struct
import zlib
from decimal import Decimal
from uuid import UUID

import pytest
import segno
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.core.errors import ConfigurationError
from dispatcher.core.settings import PaymentSettings
from dispatcher.delivery.payment import (
    QR_BORDER,
    QR_MASK,
    QR_SCALE,
    BadPaymentTokenError,
    Payments,
    draw_code,
)

NOTICE = UUID(int=5)
BANK = {
    **{"payee": "ООО «Пример | Энергосбыт»", "payee_inn": "7700000000", "account": "40702810400000000225"},
    **{"bank": "ПАО Банк", "bic": "044525225", "correspondent_account": "30101810400000000225"},
}


def payments(**changes):
    return Payments(PaymentSettings(**changes), b"secret")


class TestUrl:
    def test_the_pattern_is_filled_with_kopecks(self):
        made = payments(url_pattern="https://pay.example/?ls={account}&s={sum}")
        assert (
            made.url("00 1/2", Decimal("1200.505"), NOTICE) == "https://pay.example/?ls=00%201%2F2&s=120051"
        )

    def test_a_token_shows_nothing_and_can_be_read_by_us_alone(self):
        made = payments(url_pattern="https://pay.example/{token}")
        url = made.url("0012345", Decimal("1200.50"), NOTICE)
        assert "0012345" not in url
        assert "1200" not in url
        assert made.read_token(url.rpartition("/")[2]) == NOTICE
        with pytest.raises(BadPaymentTokenError):
            Payments(PaymentSettings(), b"other").read_token(url.rpartition("/")[2])
        with pytest.raises(BadPaymentTokenError):
            made.read_token("nonsense")

    @pytest.mark.parametrize(
        "amount",
        [None, Decimal(0), Decimal("-5"), Decimal("0.001"), Decimal("NaN"), "100", True, Decimal(10**9)],
    )
    def test_without_a_sum_there_is_no_link_and_no_code(self, amount):
        made = payments(url_pattern="https://pay.example/{token}", **BANK)
        assert made.url("1", amount, NOTICE) is None
        assert made.code_image("1", amount, "") is None

    @pytest.mark.parametrize(
        "pattern",
        [
            *("http://pay.example/{sum}", "pay.example", "https:///{sum}", "https://pay.example/{name}"),
            *("https://{account}.example/", "https://pay.example/{account}/{token}", "javascript:alert(1)"),
        ],
    )
    def test_a_pattern_that_cannot_be_used_is_refused_at_once(self, pattern):
        with pytest.raises(ConfigurationError):
            payments(url_pattern=pattern)


class TestCode:
    def test_says_what_the_standard_asks_for(self):
        said = payments(**BANK).code_text("0012345", Decimal("1200.50"), "Иванов Иван Иванович")
        assert said == (
            "ST00012|Name=ООО «Пример Энергосбыт»|PersonalAcc=40702810400000000225|BankName=ПАО Банк"
            "|BIC=044525225|CorrespAcc=30101810400000000225|Sum=120050|Purpose=Оплата электроэнергии"
            "|PayeeINN=7700000000|PersAcc=0012345|LastName=Иванов|FirstName=Иван|MiddleName=Иванович"
        )

    def test_the_name_of_a_company_is_not_taken_apart(self):
        assert "LastName" not in payments(**BANK).code_text("1", Decimal(1), "ООО «Заря»")

    def test_half_the_details_are_refused_at_once(self):
        with pytest.raises(ConfigurationError):
            payments(payee="ООО")
        with pytest.raises(ValueError, match="pattern"):
            payments(account="123")

    def test_without_details_there_is_no_code(self):
        assert payments().code_image("1", Decimal(1), "") is None
        assert payments().details() is None

    @settings(deadline=None, max_examples=10)
    @given(st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=200))
    def test_the_picture_shows_the_modules_of_the_code(self, said):
        image = draw_code(said)
        assert image.startswith(b"\x89PNG\r\n\x1a\n")
        width, height, depth = struct.unpack(">IIB", image[16:25])
        assert width == height
        assert depth == 1
        length = struct.unpack(">I", image[33:37])[0]
        lines = zlib.decompress(image[41 : 41 + length])
        row_size = 1 + (width + 7) // 8
        code = segno.make_qr(said.encode(), error="m", mode="byte", mask=QR_MASK, boost_error=False)
        for y, row in enumerate(code.matrix):
            at = ((y + QR_BORDER) * QR_SCALE) * row_size + 1
            for x, module in enumerate(row):
                pixel = (x + QR_BORDER) * QR_SCALE
                is_dark = not lines[at + pixel // 8] >> (7 - pixel % 8) & 1
                assert is_dark == bool(module & 1)
