"""Time zones from what lists say about an address."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.zone_names import DISTRICT_ADJECTIVES, PLACES, REGION_ADJECTIVES
from consent.zones import zone_of

DEFAULT = ZoneInfo("Asia/Omsk")
WINTER = datetime(2026, 12, 1, tzinfo=UTC)


def offset_hours(text):
    zone, known = zone_of(text, DEFAULT)
    assert known, text
    return WINTER.astimezone(zone).utcoffset() / timedelta(hours=1)


#: All federal subjects with an undisputed clock, as lists name them, with their offset from UTC.
REGIONS = {
    2: ["Калининградская область"],
    3: """Республика Адыгея;Республика Дагестан;Республика Ингушетия;Кабардино-Балкарская Республика
        Республика Калмыкия;Карачаево-Черкесская Республика;Республика Карелия;Республика Коми;Респ. Марий Эл
        Республика Мордовия;Республика Северная Осетия - Алания;Республика Татарстан;Чеченская Республика
        Чувашская Республика - Чувашия;Краснодарский край;Ставропольский край;Архангельская область
        Белгородская область;Брянская обл;Владимирская обл.;Волгоградская область;Вологодская область
        Воронежская область;Ивановская область;Калужская область;Кировская область;Костромская область
        Курская область;Ленинградская область;Липецкая область;Московская область;Мурманская область
        Нижегородская область;Новгородская область;Орловская область;Пензенская область;Псковская область
        Ростовская область;Рязанская область;Смоленская область;Тамбовская область;Тверская область
        Тульская область;Ярославская область;г. Москва;г. Санкт-Петербург;Ненецкий автономный округ
        Республика Крым;г. Севастополь""",
    4: "Удмуртская Республика;Самарская область;Саратовская область;Ульяновская область;Астраханская область",
    5: """Республика Башкортостан;Пермский край;Курганская область;Оренбургская область;Свердловская область
        Тюменская область;Челябинская область;Ханты-Мансийский автономный округ - Югра;ХМАО - Югра;ЯНАО
        Ямало-Ненецкий автономный округ""",
    6: "Омская область",
    7: """Республика Алтай;Республика Тыва;Республика Хакасия;Алтайский край;Красноярский край
        Кемеровская область - Кузбасс;Новосибирская область;Томская область""",
    8: "Республика Бурятия;Иркутская область",
    9: "Республика Саха (Якутия);Забайкальский край;Амурская область",
    10: "Приморский край;Хабаровский край;Еврейская автономная область",
    11: "Магаданская область;Сахалинская область",
    12: "Камчатский край;Чукотский автономный округ",
}
CASES = [
    (region.strip(), offset)
    for offset, names in REGIONS.items()
    for region in (names if isinstance(names, list) else names.replace("\n", ";").split(";"))
]


class TestZoneOfRegions:
    @pytest.mark.parametrize(("region", "offset"), CASES)
    def test_every_region_of_russia_is_known(self, region, offset):
        assert offset_hours(region) == offset
        assert offset_hours(f"430000, {region}, дом 5, кв. 7") == offset
        assert offset_hours(region.upper()) == offset

    def test_no_region_is_forgotten(self):
        assert len(CASES) == 85 + 2  # all but the four with disputed clocks; two are named twice

    @pytest.mark.parametrize(
        "name", ["Київська область", "м. Київ, вул. Хрещатик, 1", "Україна", "Волинська обл."]
    )
    def test_ukraine_is_known(self, name):
        assert zone_of(name, DEFAULT) == (ZoneInfo("Europe/Kyiv"), True)

    @pytest.mark.parametrize(
        "name", ["Казахстан", "г. Алматы, пр. Абая, 1", "Карагандинская область", "Астана"]
    )
    def test_kazakhstan_has_one_zone(self, name):
        assert offset_hours(name) == 5

    @pytest.mark.parametrize(
        ("address", "offset"),
        [
            ("Республика Саха (Якутия), г. Якутск", 9),
            ("Республика Саха (Якутия), Оймяконский улус, п. Усть-Нера", 10),
            ("Саха, Среднеколымский улус", 11),
        ],
    )
    def test_parts_of_a_region_with_another_clock_are_known(self, address, offset):
        assert offset_hours(address) == offset

    @pytest.mark.parametrize("table", [REGION_ADJECTIVES, DISTRICT_ADJECTIVES, PLACES])
    def test_every_row_of_the_tables_is_spelled_as_it_is_searched(self, table):
        for name, zone in table.items():
            assert name == " ".join(name.split()).casefold().replace("ё", "е")
            assert ZoneInfo(zone).key == zone


class TestZoneOfAddresses:
    @pytest.mark.parametrize(
        "address",
        [
            "г. Омск, ул. Московская, 1",
            "644000, Омск, ул. Ленина, д. 1",
            "г.Омск ул.Киевская 5",
            "обл. Омская, р-н Омский, с. Лузино",
            "РФ, Омская обл., г. Киров",
            "город Омск ул Ленина 7",
        ],
    )
    def test_the_town_or_region_decides_and_not_the_street(self, address):
        assert zone_of(address, ZoneInfo("Europe/Moscow")) == (ZoneInfo("Asia/Omsk"), True)

    @pytest.mark.parametrize(
        "address",
        [
            "",
            None,
            "   ",
            "ул. Омская, 5",
            "пр. Казахстан, 4",
            "ул. города Владивосток, 1",
            "дом 5",
            "с. Ивановка",
        ],
    )
    def test_what_says_nothing_gets_the_default_and_is_marked(self, address):
        assert zone_of(address, DEFAULT) == (DEFAULT, False)

    def test_a_town_whose_name_exists_in_several_zones_is_not_guessed(self):
        assert zone_of("г. Благовещенск, ул. Ленина, 1", DEFAULT) == (DEFAULT, False)
        assert offset_hours("Амурская обл., г. Благовещенск") == 9

    @given(st.text(max_size=80))
    def test_any_text_has_an_answer(self, text):
        zone, known = zone_of(text, DEFAULT)
        assert known or zone is DEFAULT


class TestZoneStated:
    @pytest.mark.parametrize(
        ("text", "offset"),
        [
            ("Asia/Kamchatka", 12),
            ("UTC+7", 7),
            ("utc +07:00", 7),
            ("GMT+3", 3),
            ("UTC", 0),
            ("UTC-3", -3),
            ("МСК", 3),
            ("МСК+4", 7),
            ("мск-1", 2),
            ("MSK+9", 12),
            ("+07:00", 7),
            ("+0700", 7),
            ("+7", 7),
            ("МСК−1", 2),
        ],
    )
    def test_stated_zones_are_read(self, text, offset):
        assert offset_hours(text) == offset

    @pytest.mark.parametrize(
        "text",
        ["UTC+15", "UTC+5:30", "+", "7", "Asia/Nowhere", "../../etc/passwd", "Asia", "МСК+99", "Etc/../UTC"],
    )
    def test_what_is_no_zone_is_not_taken_for_one(self, text):
        assert zone_of(text, DEFAULT) == (DEFAULT, False)
