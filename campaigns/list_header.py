"""Which column is what: header spellings of billing systems in Russian, Ukrainian and English.

Spellings are compared without case, spaces, punctuation and «ё». A column that no spelling matches is a
further merge field under its own name. Two columns of one meaning are never chosen between: staff say.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from campaigns.list_errors import ListFileError
from campaigns.notice_columns import NOTICE_ALIASES

ALIASES: dict[str, tuple[str, ...]] = {
    "account_number": (
        *("лицевой счёт", "л/с", "лс", "лиц. счёт", "№ л/с", "номер л/с", "номер лицевого счёта", "лицевой"),
        *(
            "account",
            "account number",
            "account no",
            "особовий рахунок",
            "о/р",
            "№ лицевого счёта",
            "лицсчёт",
        ),
    ),
    "person_id": (
        *("код абонента", "ID абонента", "код клиента", "ID клиента", "номер абонента", "абонент ID"),
        *("person_id", "customer_id", "client_id", "код контрагента"),
    ),
    "full_name": (
        *("ФИО", "Ф.И.О. абонента", "ФИО абонента", "абонент", "потребитель", "наименование", "клиент"),
        *(
            "фамилия имя отчество",
            "ПІБ",
            "споживач",
            "name",
            "full name",
            "customer",
            "customer name",
            "ФИО клиента",
        ),
    ),
    "address": (
        *("адрес", "адрес поставки", "адрес объекта", "адрес помещения", "адрес потребителя", "адреса"),
        *("address", "supply address", "адрес энергоснабжения"),
    ),
    "time_zone": ("часовой пояс", "часовий пояс", "time zone", "timezone", "tz", "регион", "region"),
    "email": (
        *("e-mail", "mail", "эл. почта", "электронная почта", "почта", "адрес эл. почты", "email address"),
        *("адрес электронной почты", "електронна пошта", "эл. адрес", "электронный адрес", "имейл"),
    ),
    "phone": (
        *("телефон", "номер телефона", "мобильный телефон", "мобильный", "сотовый", "сотовый телефон", "тел"),
        *("phone", "mobile", "phone number", "контактный телефон", "мобільний телефон", "телефон абонента"),
    ),
    "debt": (
        *(
            "сумма долга",
            "долг",
            "задолженность",
            "сумма задолженности",
            "сумма",
            "сумма к оплате",
            "к оплате",
        ),
        *("сума боргу", "борг", "заборгованість", "debt", "amount", "debt amount", "sum", "долг руб"),
    ),
    "due_date": (
        *("срок оплаты", "оплатить до", "дата оплаты", "срок", "термін сплати", "сплатити до"),
        *("due date", "due", "pay by", "срок платежа", "оплатить не позднее"),
    ),
    "consent": ("согласие", "согласие на уведомления", "згода", "consent", "согласие на рассылку", "каналы"),
    "customer_group": ("группа", "группа клиента", "группа потребителя", "група", "group", "customer group"),
    "language": ("язык", "мова", "language", "lang"),
    "vulnerable": (
        *("уязвимый", "уязвимая группа", "социально уязвимый", "льготник", "льготная категория"),
        *("соц. категория", "вразлива група", "vulnerable", "vulnerable customer", "is_vulnerable"),
    ),
    "preferred_channel": (
        *("предпочтительный канал", "канал связи", "способ связи", "предпочтительный способ связи"),
        *("бажаний канал", "preferred channel", "channel"),
    ),
    "contract": ("договор", "наличие договора", "есть договор", "договір", "contract"),
}
FIELDS = (*ALIASES, *NOTICE_ALIASES)
IGNORE = ""  #: value of a mapping for a column to leave out
FURTHER = "*"  #: value of a mapping for a column to keep as a merge field under its own name
#: The last column of the file of rejected rows; it is passed over when the file comes back.
REASON_TITLE = "Причина"

_TITLES = {
    "account_number": "Лицевой счёт",
    "full_name": "ФИО",
    "email": "E-mail",
    "phone": "Телефон",
}
_LOOKS_LIKE_DATA = re.compile(r"@|\d{3}")
_SHOWN_CHARS = 40


@dataclass(frozen=True, slots=True)
class HeaderMap:
    """Position of each known field, names of further columns by position, titles as in the file."""

    positions: Mapping[str, int]  #: field → position
    extras: Mapping[int, str]
    titles: tuple[str, ...]

    def title(self, field: str) -> str:
        """The column's title in the file, for reports."""
        position = self.positions.get(field)
        return self.titles[position] if position is not None else _TITLES.get(field, field)


def normalise_title(title: str) -> str:
    """«Л/С № » → «лс»."""
    return re.sub(r"[^\w]|_", "", title.casefold().replace("ё", "е"))


_BY_TITLE = {
    normalise_title(alias): field
    for field, aliases in (ALIASES | NOTICE_ALIASES).items()
    for alias in (*aliases, field)
}


def count_known(titles: Sequence[str], further: Collection[str] = ()) -> int:
    """How many of these titles are known, or among the further ones; finds header and delimiter."""
    more = {normalise_title(title) for title in further}
    keys = (normalise_title(title) for title in titles)
    return sum(key in _BY_TITLE or key in more for key in keys)


def map_header(
    titles: Sequence[str],
    mapping: Mapping[str, str] | None = None,
    saved: Mapping[str, str] | None = None,
) -> HeaderMap:
    """Find the fields; `mapping` (title in the file → field, `IGNORE` or `FURTHER`) beats the table.

    `saved` is the source's saved mapping: `mapping` beats it, and titles that are absent today are passed
    over. Raises `ListFileError` when a required column is missing or two columns claim one field.
    """
    positions: dict[str, int] = {}
    extras: dict[int, str] = {}
    for position, field in enumerate(guess_fields(titles, mapping, saved)):
        title = titles[position]
        if field == IGNORE:
            continue
        if field == FURTHER:
            extras[position] = _free_name(title, position, extras)
        elif field in positions:
            pair = f"«{_shown(titles[positions[field]])}» и «{_shown(title)}»"
            raise ListFileError(
                "duplicate_column", f"Столбцы {pair} означают одно и то же. Укажите сопоставление столбцов."
            )
        else:
            positions[field] = position
    _check_required(positions, titles)
    return HeaderMap(
        positions, extras, tuple(title.strip() or f"столбец {n}" for n, title in enumerate(titles, 1))
    )


def guess_fields(
    titles: Sequence[str],
    mapping: Mapping[str, str] | None = None,
    saved: Mapping[str, str] | None = None,
) -> tuple[str, ...]:
    """What each column is taken for: a field, `IGNORE` or `FURTHER`; two columns may claim one field."""
    chosen = _checked_mapping(titles, mapping or {}, saved or {})
    names = {normalise_title(field) for field in chosen.values()}
    fields = []
    for position, title in enumerate(titles):
        key = normalise_title(title)
        # A field that the mapping gives to one column is not also taken by the table from another.
        known = _BY_TITLE.get(key)
        field = chosen.get(key, known if known is None or normalise_title(known) not in names else None)
        is_left_out = field == IGNORE or _is_reason(key, position, titles, chosen)
        fields.append(IGNORE if is_left_out else FURTHER if field is None else field)
    return tuple(fields)


def is_without_titles(titles: Sequence[str]) -> bool:
    """Whether the first row seems to be somebody's data, because the file has no titles at all."""
    return not count_known(titles) and any(map(_LOOKS_LIKE_DATA.search, titles))


def _is_reason(key: str, position: int, titles: Sequence[str], chosen: Mapping[str, str]) -> bool:
    is_last = position == len(titles) - 1
    return is_last and key == normalise_title(REASON_TITLE) and key not in chosen


def check_fields(mapping: Mapping[str, str]) -> None:
    """Raise `ListFileError` when a mapping names a field that does not exist."""
    unknown = sorted(
        field for field in mapping.values() if field not in (IGNORE, FURTHER) and field not in FIELDS
    )
    if unknown:
        raise ListFileError(
            "mapping_wrong", f"Нет таких полей: {', '.join(unknown)}. Есть: {', '.join(FIELDS)}."
        )


def _checked_mapping(
    titles: Sequence[str], mapping: Mapping[str, str], saved: Mapping[str, str]
) -> dict[str, str]:
    present = {normalise_title(title) for title in titles}
    check_fields(mapping)
    absent = [title for title in mapping if normalise_title(title) not in present]
    if absent:
        raise ListFileError("mapping_wrong", f"В файле нет столбцов из сопоставления: {', '.join(absent)}.")
    chosen = {normalise_title(title): field for title, field in mapping.items()}
    remembered = {normalise_title(title): field for title, field in saved.items()}
    for title, field in remembered.items():
        # A correction today may give the remembered field to another column.
        if title in present and (field in (IGNORE, FURTHER) or field not in chosen.values()):
            chosen.setdefault(title, field)
    return chosen


def _check_required(positions: Mapping[str, int], titles: Sequence[str]) -> None:
    missing = [f"«{_TITLES[field]}»" for field in ("account_number", "full_name") if field not in positions]
    if not {"email", "phone"} & positions.keys():
        missing.append("«E-mail» или «Телефон»")
    if missing:
        # Without a header the first row is somebody's data, and this message may be kept in a log.
        found = (
            "похоже, там уже данные"
            if is_without_titles(titles)
            else ", ".join(f"«{_shown(title)}»" for title in titles[:30])
        )
        raise ListFileError(
            "missing_column",
            f"В первой строке должны быть названия столбцов. Не найдены: {', '.join(missing)}. "
            f"Найдены: {found}. Исправьте названия или укажите сопоставление столбцов.",
        )


def _free_name(title: str, position: int, taken: Mapping[int, str]) -> str:
    name = " ".join(title.split()) or f"столбец {position + 1}"
    return name if name not in taken.values() else f"{name} ({position + 1})"


def _shown(title: str) -> str:
    short = " ".join(title.split())
    return "(похоже на данные)" if _LOOKS_LIKE_DATA.search(short) or len(short) > _SHOWN_CHARS else short
