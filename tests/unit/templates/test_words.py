"""Filters for names, counted words and sums, as templates use them."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from templates.errors import BadFieldValueError
from templates.number_words import number_in_words, sum_in_words
from templates.rendering import TemplateText, compile_template


def say(source, language="ru", **fields):
    text = compile_template(TemplateText("x", source), language).render(fields).text
    return text.replace("\xa0", " ")


class TestNames:
    def test_a_letter_to_a_person(self):
        source = "{{ n | by_gender('Уважаемый', 'Уважаемая', 'Здравствуйте,') }} {{ n | name_short }}!"
        assert say(source, n="Иванова Анна Петровна") == "Уважаемая Анна Петровна!"
        assert say(source, n="ООО «Заря»") == "Здравствуйте, ООО «Заря»!"

    @pytest.mark.parametrize("case", ["dative", "дательный", "давальний", "Дательный"])
    def test_cases_by_their_names(self, case):
        assert (
            say(f"{{{{ n | name_case('{case}') }}}}", n="Иванов Иван Иванович") == "Иванову Ивану Ивановичу"
        )

    def test_the_name_of_a_company_is_never_declined(self):
        source = "{{ n | name_case('dative') }} {{ n | name_initials }}"
        assert say(source, n="Иванов Иван", customer_group=3) == "Иванов Иван Иванов Иван"

    def test_an_unknown_case_and_a_number_are_refused(self):
        with pytest.raises(BadFieldValueError):
            say("{{ n | name_case('x') }}", n="Иванов Иван Иванович")
        with pytest.raises(BadFieldValueError):
            say("{{ n | name_short }}", n=5)

    def test_names_are_escaped_in_html(self):
        texts = TemplateText("x", "x", "<p>{{ n | name_short }}</p>")
        assert compile_template(texts).render({"n": "<b>"}).html == "<p>&lt;b&gt;</p>"


class TestCounted:
    @pytest.mark.parametrize(
        ("number", "expected"),
        [
            *((1, "1 день"), (2, "2 дня"), (5, "5 дней"), (11, "11 дней"), (12, "12 дней"), (21, "21 день")),
            *((0, "0 дней"), (Decimal("1.5"), "1,5 дня"), (1_000_001, "1000001 день"), (-2, "-2 дня")),
        ],
    )
    def test_russian_days(self, number, expected):
        assert say("{{ n | days }}", n=number) == expected

    def test_other_languages_and_words(self):
        assert say("{{ n | days }}", "uk", n=3) == "3 дні"
        assert say("{{ n | kwh }}", "en", n=1) == "1 kilowatt-hour"
        assert say("{{ n | kwh }}", n=120) == "120 киловатт-часов"
        assert say("{{ n | plural('месяц', 'месяца', 'месяцев') }}", n=3) == "месяца"
        assert say("{{ v | number | kwh }}", v="1 201,5") == "1 201,5 киловатт-часа"

    @pytest.mark.parametrize("source", ["{{ n | counted('день') }}", "{{ n | counted(1, 2, 3) }}"])
    def test_missing_forms_are_refused(self, source):
        with pytest.raises(BadFieldValueError):
            say(source, n=1)

    @pytest.mark.parametrize("value", ["пять", "NaN", "1.2.3", "", "1E+999999999"])
    def test_text_that_is_no_number_is_refused(self, value):
        with pytest.raises(BadFieldValueError):
            say("{{ n | number | days }}", n=value)


class TestSums:
    @pytest.mark.parametrize(
        ("language", "amount", "expected"),
        [
            ("ru", "1200.50", "одна тысяча двести рублей 50 копеек"),
            ("ru", "1", "один рубль 00 копеек"),
            ("ru", "2002.01", "две тысячи два рубля 01 копейка"),
            ("ru", "11012.02", "одиннадцать тысяч двенадцать рублей 02 копейки"),
            ("ru", "1000000", "один миллион рублей 00 копеек"),
            ("ru", "0", "ноль рублей 00 копеек"),
            ("ru", "0.995", "один рубль 00 копеек"),
            ("uk", "1200.50", "одна тисяча двісті гривень 50 копійок"),
            ("uk", "2.21", "дві гривні 21 копійка"),
        ],
    )
    def test_in_words(self, language, amount, expected):
        assert say("{{ d | money_words }}", language, d=Decimal(amount)) == expected

    def test_digits_with_words(self):
        assert say("{{ d | money_long }}", d=Decimal("1200.50")) == "1 200 рублей 50 копеек"
        assert say("{{ d | money_long }}", "uk", d=Decimal("21.02")) == "21 гривня 02 копійки"
        assert say("{{ d | money_long }}", d=Decimal("-0.02")) == "-0 рублей 02 копейки"

    @pytest.mark.parametrize("amount", [Decimal("-1"), Decimal(10**13)])
    def test_what_cannot_be_written_is_refused(self, amount):
        with pytest.raises(BadFieldValueError):
            say("{{ d | money_words }}", d=amount)

    def test_english_has_no_sums_in_words(self):
        with pytest.raises(BadFieldValueError):
            say("{{ d | money_words }}", "en", d=Decimal(1))

    @settings(deadline=None)
    @given(st.integers(1, 10**12 - 1), st.sampled_from(["ru", "uk"]))
    def test_different_numbers_are_different_words(self, number, language):
        words = number_in_words(number, language)
        assert words != number_in_words(number - 1, language)
        assert "  " not in words
        assert words == words.strip()

    @settings(deadline=None)
    @given(st.decimals(0, 10**11, places=2), st.sampled_from(["ru", "uk"]))
    def test_any_sum_can_be_written(self, amount, language):
        assert sum_in_words(amount, language, "UAH").endswith(("ка", "йки", "йок", "пеек"))


class TestDates:
    @pytest.mark.parametrize(
        ("language", "expected"),
        [("ru", "25 декабря 2026 года"), ("uk", "25 грудня 2026 року"), ("en", "25 December 2026")],
    )
    def test_in_full(self, language, expected):
        assert say("{{ d | date_full }}", language, d=date(2026, 12, 25)) == expected

    def test_out_of_a_text_column(self):
        assert say("{{ d | day | date_full }}", d="25.12.2026") == "25 декабря 2026 года"
        with pytest.raises(BadFieldValueError):
            say("{{ d | day }}", d="31.02.2026")
