"""The row-level report in the reader's language.

A report is kept with its Russian words, which hold a line or a suggestion. To say the same in another
language they are read back out of those words by the very pattern that made them.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

from jinja2 import pass_context
from jinja2.runtime import Context

from campaigns.list_errors import REASONS
from dispatcher.web.faults import list_fault
from reports.words import Language

UKRAINIAN: Final[Mapping[str, str]] = {
    "required_empty": "не заповнено обов'язкове поле",
    "account_scientific": "номер зіпсовано таблицею (вид 1,23E+12); вивантажте стовпець як текст",
    "account_zeros_lost": "схоже, таблиця відкинула нулі на початку номера; вивантажте стовпець як текст",
    "account_decimal": "номер записано як дробове число; вивантажте стовпець як текст",
    "too_long": "значення задовге",
    "duplicate_account": "такий особовий рахунок уже є в рядку {first_line}",
    "sum_not_a_number": "сума не схожа на число",
    "sum_scientific": "суму записано у вигляді 1,23E+12",
    "sum_negative": "сума боргу від'ємна",
    "sum_ambiguous": "незрозуміло, що відділяє гривні від копійок; пишіть 1200,50",
    "sum_too_precise": "у сумі більше двох знаків після коми",
    "sum_too_large": "сума завелика",
    "date_not_understood": "дата незрозуміла; пишіть 25.12.2026 або 2026-12-25",
    "date_impossible": "такої дати немає",
    "date_serial": "дату записано числом таблиці; перевірте, що її прочитано правильно",
    "email_typo": "схоже на описку: можливо, {suggestion}; адресу взято як написано",
    "email_bad": "адреса e-mail з помилкою; рядок узято без неї",
    "phone_bad": "номер телефону з помилкою; рядок узято без нього",
    "phone_other_country": "номер іншої країни або записаний без «+»; рядок узято без нього",
    "phone_extension": "додатковий номер не збережено: автоматично його не набрати",
    "consent_unclear": (
        "згода незрозуміла і не врахована; пишіть «так», «ні» або канали: email, sms, дзвінок"
    ),
    "consent_was_withdrawn": "людина відкликала згоду; згоду зі списку не враховано",
    "person_two_names": "у цього коду споживача в рядку {first_line} інше ім'я",
    "vulnerable_unclear": "незрозуміло, чи належить до вразливих споживачів; пишіть так або ні",
    "channel_unclear": "бажаний канал незрозумілий; пишіть email, sms або дзвінок",
    "zone_default": "часовий пояс за адресою не знайдено; узято загальний",
    "zone_column_absent": "немає стовпця з адресою або часовим поясом; усім узято загальний часовий пояс",
    "zone_unclear": "часовий пояс незрозумілий; узято за адресою або загальний",
    "group_unknown": "група клієнта має бути 1, 2 або 3",
    "language_unknown": "мова має бути ru, uk або en; узято ru",
    "contract_unclear": "незрозуміло, чи є договір; пишіть так або ні",
    "too_many_cells": "у рядку більше клітинок, ніж стовпців; перевірте роздільники та лапки",
    "row_cut": "файл обривається на цьому рядку: його завантажено або скопійовано не повністю",
    "totals_row": "рядок підсумків: не отримувач",
    "footer_row": "підпис під таблицею: не отримувач",
    "numbering_row": "рядок з номерами стовпців: не отримувач",
    "bad_quotes": "лапки розставлено неправильно; лапку всередині клітинки подвоюють",
    "swallowed_rows": "незакрита лапка склеїла рядки {line}–{last_line}; жодного з них не взято",
    "contact_unclear": "не адреса e-mail і не номер телефону",
    "contact_unknown": "такої адреси ні в кого немає: спочатку завантажте список з нею",
    "choice_unknown": "такого значення немає; є: {suggestion}",
    "until_passed": "строк уже минув",
    "consent_reference": "не вказано документ, який це підтверджує",
    "consent_channel": "на e-mail лише пишуть, на телефон надсилають SMS і дзвонять",
    "consent_end_before_begin": "згода закінчилася б раніше, ніж почалася",
    "consent_end_of_no": "строк буває лише у згоди",
    "consent_source_not_stated": "таке джерело працівник не записує",
    "consent_word": "невідоме джерело або підстава",
}
_PLACE: Final = re.compile(r"\\\{(\w+)\\\}")


def reword(reason: str, message: str, language: Language) -> str:
    """A line of the report in `language`; the Russian words where there are no others."""
    words = _words(reason, language)
    if words is None:
        return message
    places = _pattern(reason).fullmatch(message)
    # Words that were kept before the pattern changed lose their places, never their sense.
    values = places.groupdict() if places else dict.fromkeys(_names(reason), "…")
    return words.format(**values)


def _words(reason: str, language: Language) -> str | None:
    if language == "ru" or reason not in REASONS:
        return None
    return REASONS[reason][1] if language == "en" else UKRAINIAN.get(reason)


@cache
def _pattern(reason: str) -> re.Pattern[str]:
    return re.compile(_PLACE.sub(r"(?P<\1>.+?)", re.escape(REASONS[reason][0])))


@cache
def _names(reason: str) -> tuple[str, ...]:
    return tuple(_PLACE.findall(re.escape(REASONS[reason][0])))


@pass_context
def _remark(context: Context, message: str, reason: str) -> str:
    return reword(reason, message, context["language"])


@pass_context
def _import_fault(context: Context, code: str, message: str | None) -> str:
    return list_fault(code, message, context["language"])


LIST_FILTERS: Final[Mapping[str, Callable[..., Any]]] = {"remark": _remark, "import_fault": _import_fault}
