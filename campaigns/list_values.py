"""Read the cells of a list: sums, dates, contacts, consent. Nothing is guessed.

Each function takes the cleaned text of a cell that is not empty and returns the value, or raises
`BadValueError` with a reason of `campaigns.list_errors.REASONS`.
"""

import re
import unicodedata
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

CHANNELS = frozenset({"email", "sms", "voice"})
MAX_ACCOUNT_CHARS = 64
MAX_SUM = Decimal(10) ** 12
MAX_PLAIN_EMAIL_CHARS = 150  #: far from all limits of lengths, so that parts may be checked apart

#: Countries whose numbers we call, and the region of a number typed without «+»
PHONE_REGIONS = frozenset({"RU", "UA", "KZ"})

#: Russian mobile numbers as lists write them. All of +7 9xx is Russian and valid, as the tests compare with
#: the library, which takes 100 µs for each.
_PLAIN_MOBILE = re.compile(r"(\+7|8|7|) ?[-(]?(9[0-9]{2})\)?[ -]?([0-9]{3})[ -]?([0-9]{2})[ -]?([0-9]{2})")
_PLAIN_LOCAL_PART = re.compile(r"(?=.{1,60}$)[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*")
_SPACES = " \u00a0\u2009\u202f"
_SCIENTIFIC = re.compile(r"[+-]?\d+(?:[.,]\d+)?[eEеЕ]\+?-?\d+")
_DECIMAL_ACCOUNT = re.compile(r"\d+[.,]0+")
_CURRENCY = re.compile(r"\s*(?:руб(?:\.|лей|ля|ль)?|р\.?|₽|rub|rur)$", re.IGNORECASE)
_ROUBLES_KOPECKS = re.compile(r"(\d[\d\s]*?)\s*(?:руб\.?|р\.?)\s*(\d{1,2})\s*(?:коп\.?|к\.?)", re.IGNORECASE)
_WHOLE = r"(?:\d+|\d{1,3}(?: \d{3})+)"
_PLAIN_SUM = re.compile(rf"(?P<whole>{_WHOLE})(?:[.,](?P<part>\d+))?")
#: 1,200.50 or 1.200,50: two different separators leave no doubt
_GROUPED_SUM = re.compile(
    r"(?P<whole>\d{1,3}(?P<group>[.,])\d{3}(?:(?P=group)\d{3})*)(?!(?P=group))[.,](?P<part>\d+)"
)
#: Nearly every sum: «1 200,50», «1200.50», «1200»
_SIMPLE_SUM = re.compile(r"(?:([0-9]{1,3})(?: ([0-9]{3}))?|([0-9]{4,9}))(?:[.,]([0-9]{2}))?")
_GROUPS_ONLY = re.compile(r"\d{1,3}(?:[.,]\d{3})+")
_RUSSIAN_DATE = re.compile(
    r"(?P<day>[0-9]{1,2})\.(?P<month>[0-9]{1,2})\.(?P<year>[0-9]{4})(?: г\.?)?(?: 0?0:00(?::00)?)?"
)
_ISO_DATE = re.compile(
    r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})(?:[T ]00:00(?::00(?:\.0+)?)?)?"
)

_SERIAL_DATE = re.compile(r"[3-7][0-9]{4}")
_SERIAL_ZERO = date(1899, 12, 30)  #: of Excel, whose 1900 has a 29 February

_YES = frozenset(("да", "yes", "y", "true", "1", "есть", "так", "истина", "согласен", "согласна", "+", "д"))
_NO = frozenset(
    ("нет", "no", "n", "false", "0", "отказ", "ні", "ложь", "против", "не согласен", "не согласна")
)
#: A bare «почта» is not here: it may be the post office.
_CHANNEL_WORDS = {
    **dict.fromkeys(("email", "e-mail", "mail", "имейл"), "email"),
    **dict.fromkeys(("sms", "смс"), "sms"),
    **dict.fromkeys(("voice", "звонок", "звонки", "автодозвон", "обзвон", "голос", "дзвінок"), "voice"),
}
_ELECTRONIC_MAIL = re.compile(r"эл(?:ектронная|\.)?\s*почта|електронна пошта")
_GROUP_WORDS = {
    **dict.fromkeys(("1", "1.0", "фл", "физлицо", "население", "гражданин"), 1),
    **dict.fromkeys(("2", "2.0", "ук", "тсж", "тсн", "жск", "исполнитель"), 2),
    **dict.fromkeys(("3", "3.0", "юл", "юрлицо", "ип", "организация"), 3),
}
_LANGUAGE_WORDS = {
    **dict.fromkeys(("ru", "рус", "русский", "rus"), "ru"),
    **dict.fromkeys(("uk", "ua", "укр", "украинский", "українська"), "uk"),
    **dict.fromkeys(("en", "eng", "англ", "английский"), "en"),
}
_VULNERABLE = (
    *("инвалид", "ветеран", "льгот", "многодет", "пенсион", "малоимущ", "участник вов", "уязвим"),
    *("вразлив", "інвалід", "пільг", "багатодіт"),
)
_NO_CONTRACT = frozenset(("расторгнут", "отсутствует", "без", "закрыт"))


class BadValueError(Exception):
    """Raised when a cell cannot be taken; `reason` is a key of `REASONS`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def clean_text(cell: str) -> str:
    """One line without control and invisible signs, composed letters, single spaces."""
    if cell.isprintable() and "  " not in cell and (cell.isascii() or unicodedata.is_normalized("NFC", cell)):
        return cell.strip()  # most cells: this road is ten times shorter
    composed = unicodedata.normalize("NFC", cell)
    visible = (
        sign for sign in composed if sign.isspace() or unicodedata.category(sign) not in ("Cc", "Cf", "Cs")
    )
    return " ".join("".join(visible).split())


def read_account(text: str) -> str:
    """An account number stays text, leading zeros and all."""
    if _SCIENTIFIC.fullmatch(text.replace(" ", "")):
        raise BadValueError("account_scientific")
    if _DECIMAL_ACCOUNT.fullmatch(text):
        raise BadValueError("account_decimal")
    if len(text) > MAX_ACCOUNT_CHARS:
        raise BadValueError("too_long")
    return text


def read_sum(text: str) -> Decimal:
    """«1 200,50», «1200.50», «1 200,50 руб.», «1 200 руб. 50 коп.»; a lone «1,200» is not guessed."""
    if simple := _SIMPLE_SUM.fullmatch(text):
        return Decimal(f"{simple[1] or ''}{simple[2] or ''}{simple[3] or ''}.{simple[4] or '00'}")
    if _SCIENTIFIC.fullmatch(text):
        raise BadValueError("sum_scientific")
    text = text.replace("−", "-")
    if re.match(r"-\s*\d", text):
        raise BadValueError("sum_negative")
    if words := _ROUBLES_KOPECKS.fullmatch(text):
        text = f"{words[1]},{words[2].zfill(2)}"
    amount = _sum_of(_CURRENCY.sub("", text).strip(_SPACES))
    if amount >= MAX_SUM:
        raise BadValueError("sum_too_large")
    return amount


def _sum_of(text: str) -> Decimal:
    if not text.isascii():
        raise BadValueError("sum_not_a_number")
    if _GROUPS_ONLY.fullmatch(text):
        raise BadValueError("sum_ambiguous")
    match = _PLAIN_SUM.fullmatch(text) or _GROUPED_SUM.fullmatch(text)
    if match is None:
        raise BadValueError("sum_not_a_number")
    part = match["part"] or ""
    if len(part.rstrip("0")) > 2:
        raise BadValueError("sum_too_precise")
    return Decimal(re.sub(r"[ .,]", "", match["whole"]) + "." + part.ljust(2, "0")[:2])


@lru_cache(maxsize=1024)  # the same few values on and on
def read_date(text: str) -> date:
    """«25.12.2026» or 2026-12-25, also with the midnight that spreadsheets add."""
    match = _RUSSIAN_DATE.fullmatch(text) or _ISO_DATE.fullmatch(text)
    if match is None:
        raise BadValueError("date_not_understood")
    try:
        day = date(int(match["year"]), int(match["month"]), int(match["day"]))
    except ValueError:
        raise BadValueError("date_impossible") from None
    if not 2000 <= day.year < 2100:
        raise BadValueError("date_impossible")
    return day


def read_serial_date(text: str) -> date | None:
    """The day that a spreadsheet shows for a number such as 46381, or None for anything else.

    Numbers of this century are meant: 36526 is 2000-01-01. Workbooks that count from 1904 keep dates as
    date cells, which never come this way.
    """
    if not _SERIAL_DATE.fullmatch(text):
        return None
    day = _SERIAL_ZERO + timedelta(days=int(text))
    return day if 2000 <= day.year < 2100 else None


def read_email(text: str) -> str:
    """Return the address as mail servers take it: an international domain in its ASCII form."""
    local_part, _, domain = text.partition("@")
    if len(text) <= MAX_PLAIN_EMAIL_CHARS and _PLAIN_LOCAL_PART.fullmatch(local_part):
        return f"{local_part}@{_domain_of(domain)}"
    return _whole_email(text)


@lru_cache(maxsize=4096)  # most customers share a few domains, and the full check costs 40 µs
def _domain_of(domain: str) -> str:
    return _whole_email(f"a@{domain}")[2:]


def _whole_email(text: str) -> str:
    try:
        checked = validate_email(text, check_deliverability=False)
    except EmailNotValidError:
        raise BadValueError("email_bad") from None
    return checked.ascii_email or checked.normalized


def read_phone(text: str, country: str) -> tuple[str, bool]:
    """Return the E.164 number and whether an extension had to be dropped.

    A Kazakh number typed without «+» into a Russian list parses as Kazakh by chance of the common code 7:
    such a number is refused, because the digits may as well be a Russian account number.
    """
    if match := _PLAIN_MOBILE.fullmatch(text):
        prefix, number = match[1], "".join(match.groups()[1:])
        if country == "RU" or prefix == "+7":
            return f"+7{number}", False
    return _whole_phone(text, country)


def _whole_phone(text: str, country: str) -> tuple[str, bool]:
    import phonenumbers  # half a second and many megabytes, for those who bring numbers alone

    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        raise BadValueError("phone_bad") from None
    region = phonenumbers.region_code_for_number(number)
    if region is None or not phonenumbers.is_valid_number_for_region(number, region):
        raise BadValueError("phone_bad")
    is_international = text.lstrip(" (").startswith("+")
    if region not in PHONE_REGIONS or (region != country and not is_international):
        raise BadValueError("phone_other_country")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), bool(number.extension)


@lru_cache(maxsize=1024)  # the same few values on and on
def read_consent(text: str) -> frozenset[str] | None:
    """The channels agreed to; «нет» is an empty set; a dash says nothing, like an empty cell."""
    folded = text.casefold().strip()
    if folded.strip("-—– ") == "":
        return None
    if folded in _YES:
        return CHANNELS
    if folded in _NO:
        return frozenset()
    words = re.split(r"[,;/+&\s]+", _ELECTRONIC_MAIL.sub("email", folded))
    channels = {_CHANNEL_WORDS.get(word) for word in words if word not in {"", "и", "та", "and"}}
    found = frozenset(channel for channel in channels if channel is not None)
    if not found or None in channels:
        raise BadValueError("consent_unclear")
    return found


def read_vulnerable(text: str) -> bool | None:
    """Yes, no, or the category («инвалид 2 группы»); the category itself is not kept (domain.md 57)."""
    folded = text.casefold().strip()
    if folded.strip("-—– ") == "":
        return None
    if folded in _YES or folded.startswith(_VULNERABLE):
        return True
    if folded in _NO:
        return False
    raise BadValueError("vulnerable_unclear")


def read_channel(text: str) -> str:
    """The one channel that the customer prefers (requirement 49)."""
    channel = _CHANNEL_WORDS.get(_ELECTRONIC_MAIL.sub("email", text.casefold()).strip(" ."))
    if channel is None:
        raise BadValueError("channel_unclear")
    return channel


@lru_cache(maxsize=1024)  # the same few values on and on
def read_group(text: str) -> int:
    """1 households, 2 providers of utilities, 3 legal entities (requirement 62)."""
    group = _GROUP_WORDS.get(text.casefold().rstrip(".").replace(". ", ""))
    if group is None:
        raise BadValueError("group_unknown")
    return group


@lru_cache(maxsize=1024)  # the same few values on and on
def read_language(text: str) -> str:
    """ru, uk or en."""
    language = _LANGUAGE_WORDS.get(text.casefold().rstrip("."))
    if language is None:
        raise BadValueError("language_unknown")
    return language


@lru_cache(maxsize=1024)  # the same few values on and on
def read_contract(text: str) -> bool:
    """Yes, no, or the number of a contract, which means yes."""
    folded = text.casefold()
    first = re.split(r"\s", folded)[0]
    if folded in _NO or first in _NO_CONTRACT:
        return False
    if folded in _YES or any(sign.isdigit() for sign in folded):
        return True
    raise BadValueError("contract_unclear")
