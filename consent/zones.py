"""Find the time zone of a supply address, or read one that the list states outright.

Sending hours are the recipient's (P6), so a wrong zone breaks the law at breakfast. Only what is plainly
said counts: «Омская обл.», «г. Омск», a part of the address that is just «Омск». «ул. Омская» says
nothing. What is not known gets the company's default, marked as not known, so that staff see how many.
"""

import re
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from consent.zone_names import DISTRICT_ADJECTIVES, PLACES, REGION_ADJECTIVES

_IANA = re.compile(r"[A-Za-z][A-Za-z_]+(?:/[A-Za-z0-9_+-]+){1,2}")
_OFFSET = re.compile(r"(?P<base>utc|gmt|мск|msk)?\s*(?:(?P<sign>[+-])\s*(?P<hours>\d{1,2})(?::?00)?)?")
_MOSCOW_OFFSET = 3  #: hours, all year round since 2014
_MIN_OFFSET, _MAX_OFFSET = -12, 14

_ADJECTIVE = r"([а-яёіїєґ]+(?:-[а-яёіїєґ]+)?)"
#: «Омская обл.», «Ямало-Ненецкий автономный округ», «Еврейская АО»
_REGION = re.compile(
    _ADJECTIVE + r"\s+(?:область|обл|край|автономный округ|автономная область|ао|авт)(?![а-яё])"
)
#: «обл. Омская», «край Пермский»
_REGION_BEFORE = re.compile(r"(?<![а-яё])(?:область|обл\.?|край)\s+" + _ADJECTIVE)
_DISTRICT = re.compile(_ADJECTIVE + r"\s+(?:улус|район|р-н|городской округ|муниципальный округ)(?![а-яё])")
_DISTRICT_BEFORE = re.compile(r"(?<![а-яё])(?:улус|район|р-н)\s+" + _ADJECTIVE)
_WORD = r"[а-яёіїєґ]+(?:-[а-яёіїєґ]+)*"
#: «г. Нижний Новгород», «Респ. Марий Эл», «г.Омск ул. Ленина»
_NAMED = re.compile(
    rf"(?<![а-яё-])(?:город|гор\.|г\.|г\s|м\.\s|місто|республика|респ\.?\s)\s*({_WORD})(?:\s+({_WORD}))?"
)
_TYPE_WORDS = re.compile(
    r"(?<![а-яёіїєґ-])(?:город|гор|г|м|місто|республика|республіка|респ|рф|россия"
    r"|российская федерация|город-герой|городской округ|го)(?![а-яёіїєґ-])"
)
_NOT_NAMES = re.compile(r"[^a-zа-яёіїєґқ -]+")
_STREET = re.compile(
    r"(?<![а-яёіїєґ])(?:ул|улица|вул|вулиця|пр|пр-т|просп|проспект|пер|переулок|пл|площадь|ш|шоссе|бул|бульвар"
    r"|б-р|наб|набережная|проезд|мкр|микрорайон|тракт|тупик|аллея|снт|днт|тер)(?![а-яёіїєґ])"
)


def zone_of(address_or_zone: str | None, default: ZoneInfo) -> tuple[ZoneInfo, bool]:
    """Return the zone and whether it is known; when it is not, the zone is `default`.

    Understands an IANA name, «UTC+7», «МСК+4», «+07:00», and addresses or region names in Russian,
    Ukrainian cities and regions included. Fixed offsets become `Etc/GMT…` zones.
    """
    text = " ".join((address_or_zone or "").split())
    name = _stated_zone(text) or _zone_of_address(text)
    return (ZoneInfo(name), True) if name else (default, False)


def _stated_zone(text: str) -> str | None:
    if _IANA.fullmatch(text):
        return text if _exists(text) else None
    folded = text.casefold().replace("−", "-")  # Word puts the real minus sign
    if folded in {"utc", "gmt", "z"}:
        return "Etc/UTC"
    match = _OFFSET.fullmatch(folded)
    if match is None or not folded:
        return None
    base = match["base"]
    if match["sign"] is None:
        return "Europe/Moscow" if base else None
    hours = int(match["sign"] + match["hours"]) + (_MOSCOW_OFFSET if base in {"мск", "msk"} else 0)
    if not _MIN_OFFSET <= hours <= _MAX_OFFSET:
        return None
    # The names of these zones count westwards: Etc/GMT-7 is seven hours ahead of Greenwich.
    return "Etc/UTC" if hours == 0 else f"Etc/GMT{-hours:+d}"


@lru_cache(maxsize=1024)
def _exists(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _zone_of_address(address: str) -> str | None:
    text = address.casefold().replace("ё", "е")
    return (
        _by_adjective(text, (_DISTRICT, _DISTRICT_BEFORE), DISTRICT_ADJECTIVES)
        or _by_adjective(text, (_REGION, _REGION_BEFORE), REGION_ADJECTIVES)
        or _by_part(text)
        or _by_named_place(text)
    )


def _by_adjective(text: str, patterns: tuple[re.Pattern[str], ...], zones: dict[str, str]) -> str | None:
    for pattern in patterns:
        for match in pattern.finditer(text):
            if zone := zones.get(match[1]):
                return zone
    return None


def _by_part(text: str) -> str | None:
    """A part between commas that is nothing but a place: «644000, Омск, ул. Ленина, 1»."""
    for part in re.split(r"[,;]", text):
        if _STREET.search(part):
            continue
        bare = " ".join(_NOT_NAMES.sub(" ", _TYPE_WORDS.sub(" ", part)).split())
        bare = re.sub(r"\s*-\s*", "-", bare).strip(" -")
        if zone := PLACES.get(bare):
            return zone
    return None


def _by_named_place(text: str) -> str | None:
    """«г. Омск ул. Ленина 1», where no comma helps."""
    for match in _NAMED.finditer(text):
        if _STREET.search(text[max(0, match.start() - 12) : match.start()]):
            continue  # «ул. города Омска», «пл. г. Омск»
        for name in (f"{match[1]} {match[2]}", match[1]):
            if zone := PLACES.get(name):
                return zone
    return None
