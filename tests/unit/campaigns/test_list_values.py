"""Cells: what is read, and what is refused rather than guessed."""

from datetime import date
from decimal import Decimal

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from campaigns.list_errors import REASONS, value_class
from campaigns.list_values import (
    BadValueError,
    _whole_phone,
    clean_text,
    read_account,
    read_consent,
    read_contract,
    read_date,
    read_email,
    read_group,
    read_language,
    read_phone,
    read_sum,
)

READERS = [
    read_account,
    read_consent,
    read_contract,
    read_date,
    read_email,
    read_group,
    read_language,
    read_sum,
]


def refusal(read, *arguments):
    with pytest.raises(BadValueError) as caught:
        read(*arguments)
    return caught.value.reason


def answer_of(read, *arguments):
    try:
        return read(*arguments)
    except BadValueError as exc:
        return exc.reason


class TestAnyText:
    @given(
        st.text(max_size=40).map(clean_text), st.sampled_from([*READERS, lambda text: read_phone(text, "RU")])
    )
    def test_every_reader_answers_or_refuses_with_a_known_reason(self, text, read):
        try:
            reason = None if read(text) is None else ""
        except BadValueError as exc:
            reason = exc.reason
        assert reason in {None, "", *REASONS}

    @given(st.text(max_size=60))
    def test_cleaning_leaves_one_line_and_is_done_after_once(self, text):
        cleaned = clean_text(text)
        assert len(cleaned.splitlines()) <= 1
        assert clean_text(cleaned) == cleaned


class TestCleanText:
    def test_invisible_signs_and_double_spaces_go_and_letters_are_composed(self):
        assert clean_text(" \ufeffИи\u0306\u200b \xa0 в\tан\x00\n") == "Ий в ан"


class TestReadAccount:
    @pytest.mark.parametrize("text", ["000123", "12-34/5", "АБ 7", "123E5Б", "9" * 64])
    def test_it_stays_text(self, text):
        assert read_account(text) == text

    @pytest.mark.parametrize("text", ["1,23E+12", "1.23e+12", "1E+05", "5Е12"])
    def test_a_number_spoiled_by_a_spreadsheet_is_refused(self, text):
        assert refusal(read_account, text) == "account_scientific"

    def test_other_spoiled_forms_are_refused(self):
        assert refusal(read_account, "123456,00") == "account_decimal"
        assert refusal(read_account, "9" * 65) == "too_long"


class TestReadSum:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("1 200,50", "1200.50"),
            ("1200.50", "1200.50"),
            ("1 200,50 руб.", "1200.50"),
            ("1200,5р.", "1200.50"),
            ("1 200,50 ₽", "1200.50"),
            ("1 234 567", "1234567.00"),
            ("1,234,567.89", "1234567.89"),
            ("1.234.567,89", "1234567.89"),
            ("1 200 руб. 05 коп.", "1200.05"),
            ("1200 руб 5 коп", "1200.05"),
            ("12,500", None),
            ("0", "0.00"),
            ("1200,5000", "1200.50"),
        ],
    )
    def test_usual_forms_are_read_and_doubtful_ones_refused(self, text, expected):
        if expected is None:
            assert refusal(read_sum, text) == "sum_ambiguous"
        else:
            assert read_sum(text) == Decimal(expected)
            assert read_sum(text).as_tuple().exponent == -2

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("-5", "sum_negative"),
            ("− 1 200,50", "sum_negative"),
            ("1,2E+3", "sum_scientific"),
            ("1,200", "sum_ambiguous"),
            ("1.200.300", "sum_ambiguous"),
            ("1200,505", "sum_too_precise"),
            ("12 34,5", "sum_not_a_number"),
            ("1234 567", "sum_not_a_number"),
            ("100 USD", "sum_not_a_number"),
            ("100 грн", "sum_not_a_number"),
            ("много", "sum_not_a_number"),
            ("١٢٣", "sum_not_a_number"),
            ("1" * 14, "sum_too_large"),
            ("NaN", "sum_not_a_number"),
        ],
    )
    def test_the_rest_is_refused_with_its_reason(self, text, reason):
        assert refusal(read_sum, text) == reason

    @given(
        st.decimals(min_value=0, max_value=10**11, places=2),
        st.sampled_from([" ", ""]),
        st.sampled_from(",."),
    )
    def test_every_sum_written_the_russian_way_is_read_back(self, amount, group, point):
        text = f"{amount:,.2f}".replace(",", group).replace(".", point)
        assert read_sum(text) == amount


class TestReadDate:
    @pytest.mark.parametrize(
        "text",
        [
            "25.12.2026",
            "25.12.2026 г.",
            "25.12.2026 0:00:00",
            "2026-12-25",
            "2026-12-25T00:00:00",
            "2026-12-25 00:00",
        ],
    )
    def test_usual_forms_are_read(self, text):
        assert read_date(text) == date(2026, 12, 25)

    @pytest.mark.parametrize(
        "text", ["25.12.26", "12/25/2026", "46381", "завтра", "25 декабря 2026", "٢٥.12.2026"]
    )
    def test_doubtful_forms_are_refused(self, text):
        assert refusal(read_date, text) == "date_not_understood"

    @pytest.mark.parametrize("text", ["31.02.2026", "2026-13-01", "25.12.1826"])
    def test_impossible_dates_are_refused(self, text):
        assert refusal(read_date, text) == "date_impossible"


class TestReadEmail:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("Ivan@Mail.Example", "Ivan@mail.example"),
            ("ivan@почта.рф", "ivan@xn--80a1acny.xn--p1ai"),
            ("reject-550-5.1.1.name@sandbox.example", "reject-550-5.1.1.name@sandbox.example"),
        ],
    )
    def test_good_addresses_are_normalised(self, text, expected):
        assert read_email(text) == expected

    @pytest.mark.parametrize(
        "text", ["a@@b.example", "a b@c.example", "a@localhost", "a@b.example, c@d.example", "@b.ru"]
    )
    def test_bad_addresses_are_refused(self, text):
        assert refusal(read_email, text) == "email_bad"

    @given(
        st.from_regex(r"[A-Za-z0-9._+-]{1,30}@[A-Za-z0-9._-]{1,20}", fullmatch=True)
        | st.emails(domains=st.sampled_from(["mail.example", "почта.рф", "x.test", "B.Example"]))
    )
    def test_the_short_road_agrees_with_the_full_check(self, text):
        try:
            checked = validate_email(text, check_deliverability=False)
            expected = checked.ascii_email or checked.normalized
        except EmailNotValidError:
            expected = None
        try:
            answer = read_email(text)
        except BadValueError:
            answer = None
        assert answer == expected


class TestReadPhone:
    @pytest.mark.parametrize(
        ("text", "country", "expected"),
        [
            ("8 (900) 123-45-67", "RU", "+79001234567"),
            ("9001234567", "RU", "+79001234567"),
            ("+7 900 123-45-67", "UA", "+79001234567"),
            ("0671234567", "UA", "+380671234567"),
            ("+380 67 123-45-67", "RU", "+380671234567"),
            ("+7 777 123-45-67", "RU", "+77771234567"),
            ("8 (777) 123-45-67", "KZ", "+77771234567"),
        ],
    )
    def test_usual_forms_are_read(self, text, country, expected):
        assert read_phone(text, country) == (expected, False)

    def test_an_extension_is_reported(self):
        assert read_phone("8 (900) 123-45-67 доб. 12", "RU") == ("+79001234567", True)

    @pytest.mark.parametrize(
        "text", ["7 777 123-45-67", "8 (777) 123-45-67", "+1 212 555 01 00", "+49 30 123456"]
    )
    def test_numbers_of_another_country_are_refused(self, text):
        assert refusal(read_phone, text, "RU") in {"phone_other_country", "phone_bad"}

    @pytest.mark.parametrize("text", ["12345", "нет", "8 900 123", "+380 12"])
    def test_bad_numbers_are_refused(self, text):
        assert refusal(read_phone, text, "RU") == "phone_bad"

    @given(
        st.sampled_from(["+7", "8", "7", "", "+7 ", "8 ", "8-", "+7("]),
        st.integers(900_000_0000, 999_999_9999).map(str),
        st.sampled_from(["{}{}{}{}", "({}) {}-{}-{}", "{} {}-{}-{}", "{}-{}-{}-{}", "{}){} {} {}"]),
        st.sampled_from(["RU", "UA", "KZ"]),
    )
    def test_the_short_road_agrees_with_the_library(self, prefix, digits, form, country):
        text = prefix + form.format(digits[:3], digits[3:6], digits[6:8], digits[8:])
        assert answer_of(read_phone, text, country) == answer_of(_whole_phone, text, country)


class TestReadConsent:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("да", {"email", "sms", "voice"}),
            ("ДА", {"email", "sms", "voice"}),
            ("1", {"email", "sms", "voice"}),
            ("нет", set()),
            ("Не согласен", set()),
            ("0", set()),
            ("email", {"email"}),
            ("E-mail, СМС", {"email", "sms"}),
            ("эл. почта и звонок", {"email", "voice"}),
            ("электронная почта", {"email"}),
            ("sms/voice", {"sms", "voice"}),
        ],
    )
    def test_yes_no_and_channels_are_read(self, text, expected):
        assert read_consent(text) == expected

    @pytest.mark.parametrize("text", ["-", "—"])
    def test_a_dash_says_nothing_and_is_no_withdrawal(self, text):
        assert read_consent(text) is None

    @pytest.mark.parametrize("text", ["может быть", "почта", "нет, sms", "телефон", "sms, голуби"])
    def test_an_unclear_consent_is_no_consent(self, text):
        assert refusal(read_consent, text) == "consent_unclear"


class TestSmallReaders:
    def test_groups(self):
        assert [read_group(text) for text in ("1", "ФЛ", "ТСЖ", "юр. лицо", "3")] == [1, 1, 2, 3, 3]
        assert refusal(read_group, "4") == "group_unknown"

    def test_languages(self):
        assert [read_language(text) for text in ("ru", "рус.", "УКР", "en")] == ["ru", "ru", "uk", "en"]
        assert refusal(read_language, "фр") == "language_unknown"

    def test_contracts(self):
        assert [read_contract(text) for text in ("да", "есть", "№ 5/20 от 01.02.2020")] == [True] * 3
        assert [read_contract(text) for text in ("нет", "расторгнут 01.01.2020", "отсутствует")] == [
            False
        ] * 3
        assert refusal(read_contract, "не знаю") == "contract_unclear"


class TestValueClass:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("", "empty"),
            ("  ", "empty"),
            ("1,23E+12", "number in scientific form"),
            ("25.12.2026", "date"),
            ("-5,5", "negative number"),
            ("1 200,50", "number"),
            ("a@b", "e-mail"),
            ("+7 (900) 1", "phone"),
            ("=A1", "formula"),
            ("Иван", "text"),
            ("x" * 5000, "long text"),
        ],
    )
    def test_the_kind_is_named(self, text, expected):
        assert value_class(text) == expected
