"""Cyrillic in Latin letters: every scheme that is offered fits into GSM-7."""

import pytest

from channels.sms.alphabet import Alphabet, alphabet_of, foreign_characters
from channels.sms.parts import measure
from channels.sms.transliteration import Scheme, plain_signs, transliterate

RUSSIAN = "АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдеёжзийклмнопрстуфхцчшщъыьэюя"
UKRAINIAN = "АБВГҐДЕЄЖЗИІЇЙКЛМНОПРСТУФХЦЧШЩЬЮЯабвгґдеєжзиіїйклмнопрстуфхцчшщьюя"


class TestTransliterate:
    @pytest.mark.parametrize("scheme", Scheme)
    @pytest.mark.parametrize("letters", [RUSSIAN, UKRAINIAN, "«Объём» — №1…, 100 ₽ ‘съезд’ п’ять ґанків"])
    def test_every_letter_fits_into_gsm7(self, scheme: Scheme, letters: str) -> None:
        assert foreign_characters(transliterate(letters, scheme)) == ()

    @pytest.mark.parametrize(
        ("name", "latin"),
        [
            ("Алушта", "Alushta"),
            ("Борщагівка", "Borshchahivka"),
            ("Згурський", "Zghurskyi"),
            ("Єнакієве", "Yenakiieve"),
            ("Їжакевич", "Yizhakevych"),
            ("Кадиївка", "Kadyivka"),
            ("Йосипівка", "Yosypivka"),
            ("Стрий", "Stryi"),
            ("Знам'янка", "Znamianka"),
            ("Ґалаґан", "Galagan"),
            ("ЩЕРБУХИ Ї", "SHCHERBUKHY Yi"),
        ],
    )
    def test_ukrainian_goes_by_the_resolution_of_2010(self, name: str, latin: str) -> None:
        assert transliterate(name + " і", Scheme.MOSMETRO) == latin + " i"

    def test_russian_goes_by_the_scheme(self) -> None:
        assert transliterate("Подъезд Щукина", Scheme.MOSMETRO) == "Podyezd Schukina"

    def test_two_parts_become_one(self) -> None:
        text = (
            "Уважаемый Иванов Иван! Долг по л/с №123456 — 1200,50 ₽. Оплатите до 25.12.2026, тел. 88000000000"
        )
        assert measure(text).parts == 2
        assert measure(transliterate(text, Scheme.MOSMETRO)).parts == 1

    def test_what_nobody_knows_stays_to_be_named(self) -> None:
        assert transliterate("Привет 😀", Scheme.MOSMETRO).endswith("😀")


class TestPlainSigns:
    def test_letters_stay(self) -> None:
        assert plain_signs("«Долг» — №1") == '"Долг" - N1'

    def test_a_latin_text_with_typography_is_gsm7_again(self) -> None:
        assert alphabet_of(plain_signs("“Debt” – 5 × 2…")) is Alphabet.GSM7
