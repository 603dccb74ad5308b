"""Short messages: alphabets, parts, and where a text is cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.sms.alphabet import (
    Alphabet,
    alphabet_of,
    foreign_characters,
    from_septets,
    septets,
    units_of,
)
from channels.sms.parts import CHAINED, SINGLE, measure, split

GSM = "@£$¥èéùìòÇ\nØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡AZÄÖÑÜ§¿azäöñüà^{}\\[~]|€"


class TestAlphabet:
    def test_a_text_of_gsm_characters_needs_no_more(self) -> None:
        assert alphabet_of(GSM) is Alphabet.GSM7

    @pytest.mark.parametrize(
        "character", ["`", "№", "«", "»", "–", "—", "…", "’", "°", "×", "₽", "₴", "Ж", "\t", "😀"]
    )
    def test_one_other_character_makes_it_ucs2_and_is_named(self, character: str) -> None:
        assert alphabet_of(f"Dolg 100 {character}") is Alphabet.UCS2
        assert foreign_characters(f"a{character}b{character}") == (character,)

    @pytest.mark.parametrize("character", "^{}\\[~]|€\f")
    def test_extension_characters_take_two_septets(self, character: str) -> None:
        assert units_of(character, Alphabet.GSM7) == 2

    def test_characters_outside_the_first_plane_take_two_units(self) -> None:
        assert units_of("😀", Alphabet.UCS2) == 2
        assert units_of("Ж", Alphabet.UCS2) == 1

    @given(st.text(alphabet=GSM))
    def test_septets_can_be_read_back(self, text: str) -> None:
        assert from_septets(septets(text)) == text

    def test_the_codes_are_those_of_the_standard(self) -> None:
        assert septets("@ AZaz€[") == bytes([0, 0x20, 0x41, 0x5A, 0x61, 0x7A, 0x1B, 0x65, 0x1B, 0x3C])


class TestMeasure:
    @pytest.mark.parametrize(
        ("text", "parts", "left"),
        [
            ("a" * 160, 1, 0),
            ("a" * 161, 2, 145),
            ("a" * 306, 2, 0),
            ("a" * 307, 3, 152),
            ("Ж" * 70, 1, 0),
            ("Ж" * 71, 2, 63),
            ("Ж" * 134, 2, 0),
            ("Ж" * 135, 3, 66),
            ("€" * 80, 1, 0),
            ("€" * 81, 2, 143),
            ("😀" * 35, 1, 0),
            ("😀" * 36, 2, 61),
        ],
    )
    def test_parts_and_room(self, text: str, parts: int, left: int) -> None:
        length = measure(text)
        assert (length.parts, length.left) == (parts, left)

    def test_an_empty_text_has_no_parts(self) -> None:
        assert measure("").parts == 0

    def test_staff_see_what_one_character_costs(self) -> None:
        length = measure("Dolg po schetu №1: " + "a" * 100)
        assert length.foreign == ("№",)
        assert (length.parts, length.saved_parts) == (2, 1)

    def test_a_text_that_is_ucs2_anyway_loses_nothing_by_it(self) -> None:
        assert measure("№1").saved_parts == 0


class TestSplit:
    @given(st.text(alphabet=st.one_of(st.sampled_from(GSM), st.characters(codec="utf-8")), max_size=800))
    def test_nothing_is_lost_and_no_part_is_too_long(self, text: str) -> None:
        alphabet = alphabet_of(text)
        parts = split(text)
        assert "".join(parts) == text
        room = (SINGLE if len(parts) == 1 else CHAINED)[alphabet]
        for part in parts:
            assert 0 < sum(units_of(character, alphabet) for character in part) <= room

    @given(st.text(alphabet="a€", min_size=150, max_size=400))
    def test_an_escape_is_never_cut_from_its_character(self, text: str) -> None:
        assert all(from_septets(septets(part)) == part for part in split(text))

    @given(st.text(alphabet="Ж😀", min_size=60, max_size=200))
    def test_a_surrogate_pair_is_never_cut(self, text: str) -> None:
        for part in split(text):
            assert part.encode("utf-16-be").decode("utf-16-be") == part

    def test_a_unit_may_stay_unused(self) -> None:
        parts = split("a" * 152 + "€" * 100)
        assert len(parts[0]) == 152
