"""The region of a supply address: only what is plainly said counts."""

import pytest

from consent.calendar import WorkingCalendar
from consent.place import Place, place_of
from consent.regions import REPUBLICS, region_code, region_of


class TestRegionOf:
    @pytest.mark.parametrize(
        ("address", "region"),
        [
            ("420000, Респ. Татарстан, г. Казань, ул. Баумана, д. 1", "TA"),
            ("Республика Башкортостан, г Уфа, ул Ленина, 1", "BA"),
            ("Чеченская Республика, г. Грозный", "CE"),
            ("Удмуртская респ, г Ижевск", "UD"),
            ("г. Саранск, ул. Советская, д. 1", "MO"),
            ("Татарстан, Казань", "TA"),
            ("г. Москва, ул. Татарстана, д. 5", ""),
            ("г. Москва, ул. Тихая, д. 1", ""),
            ("Пермский край, г. Пермь", ""),
            ("", ""),
        ],
    )
    def test_republics_and_their_capitals_are_found(self, address: str, region: str) -> None:
        assert region_of(address) == region

    def test_what_the_list_states_beats_the_address(self) -> None:
        assert region_of("г. Москва", "RU-TA") == region_of("г. Москва", "Татарстан") == "TA"

    @pytest.mark.parametrize("code", REPUBLICS)
    def test_each_is_found_by_its_code_and_by_its_name(self, code: str) -> None:
        name = REPUBLICS[code][0]
        assert region_code(code.lower()) == code
        assert region_code(name) == code


class TestPlaceOf:
    def test_a_region_without_days_of_its_own_is_the_country(self) -> None:
        place = place_of("Europe/Moscow", 1, address="г. Казань", region=None, calendar=WorkingCalendar("RU"))
        assert place == Place("Europe/Moscow", 1, "")
