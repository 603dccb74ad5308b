"""Sums, dates and greetings as people write them."""

from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal

import pytest
from babel.numbers import format_currency
from hypothesis import given
from hypothesis import strategies as st

from templates.errors import BadFieldValueError
from templates.formats import LANGUAGES, date_long, date_short, filters_for, greeting, money


class TestMoney:
    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            (Decimal("1200.5"), "1\xa0200,50\xa0₽"),
            (Decimal("0.005"), "0,01\xa0₽"),
            (Decimal("0.015"), "0,02\xa0₽"),
            (Decimal("1234567.89"), "1\xa0234\xa0567,89\xa0₽"),
            (Decimal("-15"), "-15,00\xa0₽"),
            (1200, "1\xa0200,00\xa0₽"),
        ],
    )
    def test_a_sum_has_groups_kopecks_and_no_break_spaces(self, value, expected):
        assert money(value, "ru") == expected

    @pytest.mark.parametrize("value", [1200.5, "1200,50", None, True, date(2026, 1, 1)])
    def test_what_is_not_an_exact_number_is_refused(self, value):
        with pytest.raises(BadFieldValueError):
            money(value, "ru")

    def test_the_currency_follows_the_language_or_the_template(self):
        assert money(Decimal(1), "uk") == "1,00\xa0₴"
        assert money(Decimal(1), "ru", "KZT") == "1,00\xa0₸"
        with pytest.raises(BadFieldValueError, match="валюта"):
            money(Decimal(1), "ru", "XXX")

    @given(
        st.decimals(-(10**14), 10**14, allow_nan=False, places=4),
        st.sampled_from([("ru", "RUB", "₽"), ("uk", "UAH", "₴"), ("en", "RUB", "₽")]),
    )
    def test_it_is_what_babel_prints(self, value, currency):
        language, code, sign = currency
        rounded = value.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
        number = format_currency(rounded, code, format="#,##0.00", locale=language)
        assert money(value, language) == number.replace("\u202f", "\xa0") + f"\xa0{sign}"

    @given(st.decimals(min_value=0, max_value=10**12, places=2))
    def test_the_digits_printed_are_the_digits_given(self, value):
        printed = money(value, "ru").removesuffix("\xa0₽").replace("\xa0", "").replace(",", ".")
        assert Decimal(printed) == value


class TestDates:
    def test_a_long_date_is_in_words(self):
        assert date_long(date(2026, 12, 25), "ru") == "25 декабря 2026\xa0г."
        assert date_long(date(2026, 12, 25), "uk") == "25 грудня 2026\xa0р."
        assert date_long(date(2026, 12, 25), "en") == "25 December 2026"

    def test_a_short_date_is_in_digits(self):
        assert date_short(date(2026, 2, 5), "ru") == "05.02.2026"

    @pytest.mark.parametrize("value", [datetime(2026, 1, 1, tzinfo=UTC), "2026-01-01", None])
    def test_only_a_date_without_time_is_taken(self, value):
        with pytest.raises(BadFieldValueError):
            date_long(value, "ru")


class TestGreeting:
    @pytest.mark.parametrize(
        ("hour", "expected"),
        [
            (0, "Доброй ночи"),
            (4, "Доброй ночи"),
            (5, "Доброе утро"),
            (11, "Доброе утро"),
            (12, "Добрый день"),
            (17, "Добрый день"),
            (18, "Добрый вечер"),
            (22, "Добрый вечер"),
            (23, "Доброй ночи"),
        ],
    )
    def test_the_greeting_follows_the_local_hour(self, hour, expected):
        assert greeting(hour, "ru") == expected

    @pytest.mark.parametrize("hour", [-1, 24, "9", True, None])
    def test_what_is_not_an_hour_is_refused(self, hour):
        with pytest.raises(BadFieldValueError):
            greeting(hour, "ru")


class TestFiltersFor:
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_every_language_has_every_filter(self, language):
        filters = filters_for(language)
        assert filters["greeting"](9)
        assert filters["money"](Decimal(1), "RUB")
        assert filters["date_long"](date(2026, 1, 1))
        assert filters["date_short"](date(2026, 1, 1))
