"""Find the region of a supply address, for days that only a region has off (republics of Russia).

Codes are those of ISO 3166-2 without the country: `TA` is Tatarstan. The list may state the region in a
column of its own, as a code or as a name; else the address is read. Only what is plainly said counts. What
is not known has the country's days.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final

#: Code → (name for staff, how addresses begin the name, its capital).
REPUBLICS: Final[Mapping[str, tuple[str, str, str]]] = MappingProxyType(
    {
        "AD": ("Адыгея", "адыге", "майкоп"),
        "AL": ("Республика Алтай", "алтай", "горно-алтайск"),
        "BA": ("Башкортостан", "башк", "уфа"),
        "BU": ("Бурятия", "бурят", "улан-удэ"),
        "CE": ("Чеченская Республика", "чечен", "грозный"),
        "CU": ("Чувашия", "чуваш", "чебоксары"),
        "DA": ("Дагестан", "дагестан", "махачкала"),
        "IN": ("Ингушетия", "ингуш", "магас"),
        "KB": ("Кабардино-Балкария", "кабардино", "нальчик"),
        "KC": ("Карачаево-Черкесия", "карачаево", "черкесск"),
        "KK": ("Хакасия", "хакас", "абакан"),
        "KL": ("Калмыкия", "калмык", "элиста"),
        "KO": ("Коми", "коми", "сыктывкар"),
        "KR": ("Карелия", "карел", "петрозаводск"),
        "ME": ("Марий Эл", "марий", "йошкар-ола"),
        "MO": ("Мордовия", "мордов", "саранск"),
        "SA": ("Саха (Якутия)", "саха", "якутск"),
        "SE": ("Северная Осетия", "северная осетия", "владикавказ"),
        "TA": ("Татарстан", "татарстан", "казань"),
        "TY": ("Тыва", "тыва", "кызыл"),
        "UD": ("Удмуртия", "удмурт", "ижевск"),
    }
)
MAX_CODE_CHARS: Final = 20
_CODE: Final = re.compile(r"[A-Z0-9-]{2,20}")
_REPUBLIC: Final = re.compile(
    r"респ(?:ублика|\.)?\s+([а-я][а-я -]*)|([а-я][а-я -]*?)\s+респ(?:ублика|\.)?(?![а-я])"
)
_CITY: Final = re.compile(r"(?:^|,|\s)г(?:ород|\.)?\s*([а-я]+(?:-[а-я]+)?)")


def region_code(stated: str | None) -> str:
    """The region that a list states, as a code («TA», «RU-TA») or as a name («Татарстан»); "" is none."""
    text = " ".join((stated or "").split())
    upper = text.upper().removeprefix("RU-").removeprefix("UA-").removeprefix("KZ-")
    return upper if _CODE.fullmatch(upper) else _by_name(_folded(text))


@lru_cache(maxsize=4096)
def region_of(address: str, stated: str | None = None) -> str:
    """The code of the region that the list states, else of that which the address names; "" is not known."""
    found = region_code(stated)
    if found:
        return found
    text = _folded(address)
    for match in _REPUBLIC.finditer(text):
        code = _by_name(match[1] or match[2])
        if code:
            return code
    for part in text.split(","):
        if code := _by_whole_name(part.strip()):
            return code
    cities = {match[1] for match in _CITY.finditer(text)}
    return next((code for code, (_, _, capital) in REPUBLICS.items() if capital in cities), "")


def _by_name(name: str) -> str:
    bare = name.strip().removeprefix("республика ").removeprefix("респ ")
    return next((code for code, (_, stem, _) in REPUBLICS.items() if bare.startswith(stem)), "")


def _by_whole_name(part: str) -> str:
    """«Татарстан, Казань, …»: a part that is the name and nothing else."""
    return next((code for code, (name, _, _) in REPUBLICS.items() if part == _folded(name)), "")


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold().replace("ё", "е")
