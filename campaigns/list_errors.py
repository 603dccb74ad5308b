"""What can be wrong with a recipient list: the whole file (an exception) or one row (a report line).

A report names line, column and the kind of the value, never the value: reports are kept, shown and
downloaded by people who may not see personal data (P10).
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from dispatcher.core.errors import DispatcherError


class ListFileError(DispatcherError):
    """Raised when a list cannot be read as a whole; `code` is stable, the message says what to do."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.list_id: UUID | None = None  #: the failed list, where its report is kept


class Severity(StrEnum):
    """What a problem means for its row."""

    ERROR = "error"  #: the row was not taken
    WARNING = "warning"  #: the row was taken; this value was left out, or should be looked at
    NOTE = "note"  #: not a recipient at all (totals, signatures): nothing was lost


#: reason → (Russian, English)
REASONS: dict[str, tuple[str, str]] = {
    "required_empty": ("не заполнено обязательное поле", "a required field is empty"),
    "account_scientific": (
        "номер испорчен таблицей (вид 1,23E+12); выгрузите столбец как текст",
        "the number was spoiled by a spreadsheet (1.23E+12); export the column as text",
    ),
    "account_zeros_lost": (
        "похоже, таблица отбросила нули в начале номера; выгрузите столбец как текст",
        "a spreadsheet seems to have dropped the leading zeros; export the column as text",
    ),
    "account_decimal": (
        "номер записан как дробное число; выгрузите столбец как текст",
        "the number is written with decimals; export the column as text",
    ),
    "too_long": ("значение слишком длинное", "the value is too long"),
    "duplicate_account": (
        "такой лицевой счёт уже есть в строке {first_line}",
        "the same account is already in line {first_line}",
    ),
    "sum_not_a_number": ("сумма не похожа на число", "the sum is not a number"),
    "sum_scientific": ("сумма записана в виде 1,23E+12", "the sum is in scientific form"),
    "sum_negative": ("сумма долга отрицательная", "the debt is negative"),
    "sum_ambiguous": (
        "непонятно, что отделяет рубли от копеек; пишите 1200,50",
        "it is not clear what separates the fraction; write 1200.50",
    ),
    "sum_too_precise": ("в сумме больше двух знаков после запятой", "the sum has more than two decimals"),
    "sum_too_large": ("сумма слишком велика", "the sum is too large"),
    "date_not_understood": (
        "дата не понятна; пишите 25.12.2026 или 2026-12-25",
        "the date is not understood; write 25.12.2026 or 2026-12-25",
    ),
    "date_impossible": ("такой даты нет", "there is no such date"),
    "date_serial": (
        "дата записана числом таблицы; проверьте, что она прочитана верно",
        "the date is a serial number of a spreadsheet; check that it was read right",
    ),
    "email_typo": (
        "похоже на опечатку: возможно, {suggestion}; адрес взят как написан",
        "this looks like a slip: perhaps {suggestion}; the address was taken as written",
    ),
    "email_bad": (
        "адрес e-mail с ошибкой; строка взята без него",
        "the e-mail address is not valid; dropped",
    ),
    "phone_bad": (
        "номер телефона с ошибкой; строка взята без него",
        "the phone number is not valid; dropped",
    ),
    "phone_other_country": (
        "номер другой страны или записан без «+»; строка взята без него",
        "a number of another country, or written without “+”; dropped",
    ),
    "phone_extension": (
        "добавочный номер не сохранён: автоматически его не набрать",
        "the extension was dropped: it cannot be dialled automatically",
    ),
    "consent_unclear": (
        "согласие не понятно и не учтено; пишите «да», «нет» или каналы: email, sms, звонок",
        "the consent is not understood and not counted; write yes, no or channels: email, sms, voice",
    ),
    "consent_was_withdrawn": (
        "человек отозвал согласие; согласие из списка не учтено",
        "the person has withdrawn the consent; the consent in the list is not counted",
    ),
    "person_two_names": (
        "у этого кода абонента в строке {first_line} другое имя",
        "the same customer id has another name in line {first_line}",
    ),
    "vulnerable_unclear": (
        "не понятно, относится ли к уязвимым абонентам; пишите да или нет",
        "vulnerable customer: write yes or no",
    ),
    "channel_unclear": (
        "канал не понятен; пишите email, sms или звонок",
        "the channel is not understood; write email, sms or voice",
    ),
    "zone_default": (
        "часовой пояс по адресу не найден; взят общий",
        "no time zone is known for the address; the default was taken",
    ),
    "zone_column_absent": (
        "нет столбца с адресом или часовым поясом; всем взят общий часовой пояс",
        "there is no column with an address or a time zone; everybody got the default",
    ),
    "zone_unclear": (
        "часовой пояс не понятен; взят по адресу или общий",
        "the time zone is not understood; taken from the address or the default",
    ),
    "group_unknown": ("группа клиента должна быть 1, 2 или 3", "the customer group must be 1, 2 or 3"),
    "language_unknown": (
        "язык должен быть ru, uk или en; взят ru",
        "the language must be ru, uk or en; ru taken",
    ),
    "contract_unclear": ("не понятно, есть ли договор; пишите да или нет", "contract: write yes or no"),
    "too_many_cells": (
        "в строке больше ячеек, чем столбцов; проверьте разделители и кавычки",
        "the row has more cells than the header; check delimiters and quotes",
    ),
    "row_cut": (
        "файл обрывается на этой строке: он скачан или скопирован не целиком",
        "the file ends in the middle of this line: it was not copied whole",
    ),
    "totals_row": ("строка итогов: не получатель", "a row of totals: not a recipient"),
    "footer_row": ("подпись под таблицей: не получатель", "a signature below the table: not a recipient"),
    "numbering_row": (
        "строка с номерами столбцов: не получатель",
        "a row of column numbers: not a recipient",
    ),
    "bad_quotes": (
        "кавычки расставлены неверно; кавычку внутри ячейки удваивают",
        "quotes are misplaced; a quote inside a cell is doubled",
    ),
    "swallowed_rows": (
        "незакрытая кавычка склеила строки {line}–{last_line}; ни одна из них не взята",
        "an unclosed quote has joined the lines {line}–{last_line}; none of them was taken",
    ),
    # Of files of consents and bans.
    "contact_unclear": (
        "не адрес e-mail и не номер телефона",
        "neither an e-mail address nor a telephone number",
    ),
    "contact_unknown": (
        "такого адреса ни у кого нет: сначала загрузите список с ним",
        "nobody has this address: import a list with it first",
    ),
    "choice_unknown": (
        "такого значения нет; есть: {suggestion}",
        "there is no such value; there are: {suggestion}",
    ),
    "until_passed": ("срок уже прошёл", "the time has passed already"),
    "consent_reference": (
        "не указан документ, который это подтверждает",
        "the document that proves it is not named",
    ),
    "consent_channel": (
        "на e-mail только пишут, на телефон шлют SMS и звонят",
        "an e-mail address is written to, a telephone number gets SMS and calls",
    ),
    "consent_end_before_begin": (
        "согласие закончилось бы раньше, чем началось",
        "the consent would end before it begins",
    ),
    "consent_end_of_no": ("срок бывает только у согласия", "only a consent has an end"),
    "consent_source_not_stated": (
        "такой источник сотрудник не записывает",
        "staff do not record such a source",
    ),
    "consent_word": ("неизвестный источник или основание", "no such source or legal basis"),
}


@dataclass(frozen=True, slots=True)
class RowProblem:
    """One line of the report. `value_class` tells the kind of the value: "empty", "text", "date"…"""

    line: int
    column: str
    value_class: str
    reason: str
    severity: Severity = Severity.ERROR
    first_line: int | None = None  #: where the other of two equal accounts is
    last_line: int | None = None  #: when the record goes over several lines of the file
    suggestion: str | None = None  #: a word of our own tables, never of the file

    @property
    def message(self) -> str:
        """Plain Russian words for staff."""
        return self._worded(REASONS[self.reason][0])

    @property
    def message_en(self) -> str:
        """The same in English."""
        return self._worded(REASONS[self.reason][1])

    def _worded(self, words: str) -> str:
        return words.format(
            line=self.line, first_line=self.first_line, last_line=self.last_line, suggestion=self.suggestion
        )


_CLASSES = (
    ("number in scientific form", re.compile(r"[+-]?\d+([.,]\d+)?[eE][+-]?\d+")),
    ("date", re.compile(r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}-\d{1,2}-\d{1,2}([T ].*)?")),
    ("negative number", re.compile(r"[-−]\s*\d[\d\s.,]*")),
    ("number", re.compile(r"\d[\d\s.,]*")),
    ("e-mail", re.compile(r"\S+@\S+")),
    ("phone", re.compile(r"\+?[\d\s().-]{5,}.{0,12}")),
    ("formula", re.compile(r"[=@].*", re.DOTALL)),
)
_LONG = 4000


def value_class(value: str) -> str:
    """Name the kind of a value without showing it."""
    text = value.strip()
    if not text:
        return "empty"
    if len(text) > _LONG:
        return "long text"
    return next((name for name, pattern in _CLASSES if pattern.fullmatch(text)), "text")
