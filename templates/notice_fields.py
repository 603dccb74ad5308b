"""The fields that built-in texts speak in, besides those every list has: what they are, with words and an
example in each language (requirements 37–42).

A value comes from a recipient's row, or once from the campaign, where all its recipients share it: an
outage has one time, one reason and one responsible person.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Final

Words = tuple[str, str, str]  #: Russian, Ukrainian, English


class FieldKind(StrEnum):
    """How a value is read and kept."""

    TEXT = "text"
    #: kept as 2026-12-25
    DATE = "date"
    #: an address for people to open: https, and nobody's data in it
    LINK = "link"


@dataclass(frozen=True, slots=True)
class NoticeField:
    """One field; `example` is what trial texts show."""

    name: str
    kind: FieldKind
    titles: Words
    example: Words


def _text(name: str, titles: Words, example: Words) -> NoticeField:
    return NoticeField(name, FieldKind.TEXT, titles, example)


def _date(name: str, titles: Words, example: str) -> NoticeField:
    return NoticeField(name, FieldKind.DATE, titles, (example, example, example))


_ALL: Final = (
    _text(
        "work_kind",
        ("Вид работ", "Вид робіт", "Kind of works"),
        ("ремонт линии 0,4 кВ", "ремонт лінії 0,4 кВ", "repair of a 0.4 kV line"),
    ),
    _text(
        "reason",
        ("Причина", "Причина", "Reason"),
        ("износ опор", "знос опор", "worn poles"),
    ),
    _date("event_date", ("Дата события", "Дата події", "Date of the event"), "2026-12-22"),
    _text(
        "event_time",
        ("Время", "Час", "Time"),
        ("с 9:00 до 17:00", "з 9:00 до 17:00", "9:00 to 17:00"),
    ),
    _text(
        "duration",
        ("Продолжительность, сроки", "Тривалість, строки", "Duration, terms"),
        ("8 часов, один день", "8 годин, один день", "8 hours, one day"),
    ),
    _text(
        "responsible_position",
        ("Должность ответственного", "Посада відповідального", "Position of the person responsible"),
        ("главный инженер участка", "головний інженер дільниці", "chief engineer of the section"),
    ),
    _text(
        "responsible_name",
        ("ФИО ответственного", "ПІБ відповідального", "Full name of the person responsible"),
        ("Сидоров Илья Петрович", "Сидоренко Ілля Петрович", "Sidorov Ilya Petrovich"),
    ),
    _text(
        "contact_phone",
        ("Телефон для связи по этому вопросу", "Телефон для зв'язку з цього питання", "Contact phone"),
        ("8-800-000-00-01", "0-800-000-001", "8-800-000-00-01"),
    ),
    _text(
        "restore_time",
        ("Когда ожидается восстановление", "Коли очікується відновлення", "Expected restoration"),
        ("сегодня до 18:00", "сьогодні до 18:00", "today by 18:00"),
    ),
    _text(
        "change",
        ("Что меняется", "Що змінюється", "What changes"),
        (
            "цена одного киловатт-часа будет 5,38 рубля",
            "ціна однієї кіловат-години буде 4,32 гривні",
            "one kilowatt-hour will cost 5.38 roubles",
        ),
    ),
    _text(
        "document",
        ("Документ-основание", "Документ-підстава", "Document it rests on"),
        ("приказ комитета по тарифам № 17", "постанова НКРЕКП № 17", "order No 17 of the tariff committee"),
    ),
    _text(
        "contract_number",
        ("Номер договора", "Номер договору", "Contract number"),
        ("Д-104", "Д-104", "D-104"),
    ),
    _date(
        "contract_end", ("Договор действует до", "Договір діє до", "The contract runs until"), "2027-02-28"
    ),
    _date("submit_by", ("Передать до", "Передати до", "Submit by"), "2026-12-25"),
    _text(
        "application_number",
        ("Номер заявки или обращения", "Номер заявки або звернення", "Number of the application"),
        ("З-2026-311", "З-2026-311", "A-2026-311"),
    ),
    _date(
        "application_date",
        ("Дата заявки или обращения", "Дата заявки або звернення", "Date of the application"),
        "2026-11-30",
    ),
    _text(
        "missing_documents",
        ("Недостающие документы", "Документи, яких бракує", "Documents that are missing"),
        ("выписка из реестра прав", "витяг з реєстру прав", "extract from the register of titles"),
    ),
    _text(
        "progress",
        ("Ход рассмотрения", "Хід розгляду", "How far it is"),
        (
            "запрошены показания прибора учёта у сетевой организации",
            "запитано показання лічильника в оператора мережі",
            "the readings were asked for at the grid operator",
        ),
    ),
    _text(
        "answer",
        ("Ответ", "Відповідь", "Answer"),
        ("начисления за октябрь исправлены", "нарахування за жовтень виправлено", "October was corrected"),
    ),
    _date("new_date", ("Новый срок ответа", "Новий строк відповіді", "New date of the answer"), "2026-12-18"),
    _text(
        "executor_name",
        ("Исполнитель", "Виконавець", "Executor"),
        ("Орлова Мария Ивановна", "Орленко Марія Іванівна", "Orlova Maria Ivanovna"),
    ),
    _text(
        "executor_phone",
        ("Телефон исполнителя", "Телефон виконавця", "Executor's phone"),
        ("8-800-000-00-02", "0-800-000-002", "8-800-000-00-02"),
    ),
    _text(
        "appeal_to",
        ("Куда обжаловать", "Куди оскаржити", "Where to appeal"),
        (
            "директору компании или в государственную жилищную инспекцию",
            "до директора компанії або до НКРЕКП",
            "to the company's director or the state housing inspection",
        ),
    ),
    _date(
        "period_end",
        ("Последний день расчётного периода", "Останній день розрахункового періоду", "End of the period"),
        "2026-11-30",
    ),
    _text(
        "volume", ("Объём потребления", "Обсяг споживання", "Volume"), ("120 кВт·ч", "120 кВт·год", "120 kWh")
    ),
    _text(
        "calculation",
        ("Как рассчитано", "Як розраховано", "How it is calculated"),
        ("по показаниям, пени нет", "за показаннями, пені немає", "by readings, no penalty"),
    ),
    _text(
        "place", ("Место", "Місце", "Place"), ("ул. Тихая, 5, кабинет 3", "вул. Тиха, 5, каб. 3", "room 3")
    ),
    _text("year", ("Год", "Рік", "Year"), ("2027", "2027", "2027")),
    _text(
        "tariff_menu",
        ("Варианты тарифов", "Варіанти тарифів", "Kinds of tariffs"),
        (
            "одноставочный; по двум зонам суток; по трём зонам суток",
            "однозонний; двозонний; тризонний",
            "one rate; two zones of the day; three zones of the day",
        ),
    ),
    NoticeField(
        "survey_url",
        FieldKind.LINK,
        ("Ссылка на опрос", "Посилання на опитування", "Link to the survey"),
        (
            "https://survey.example.org/2026",
            "https://survey.example.org/2026",
            "https://survey.example.org/2026",
        ),
    ),
)

NOTICE_FIELDS: Final[Mapping[str, NoticeField]] = MappingProxyType({field.name: field for field in _ALL})

#: Titles of the fields that every list, or the company itself, gives.
OWN_TITLES: Final[Mapping[str, Words]] = MappingProxyType(
    {
        "full_name": ("ФИО", "ПІБ", "Full name"),
        "account_number": ("Лицевой счёт", "Особовий рахунок", "Account"),
        "debt": ("Сумма", "Сума", "Sum"),
        "due_date": ("Срок оплаты", "Термін сплати", "Due date"),
        "company_name": ("Название организации", "Назва організації", "Organisation's name"),
        "company_phone": ("Телефон организации", "Телефон організації", "Organisation's phone"),
        "period": ("Период", "Період", "Period"),
    }
)


def field_title(name: str, place: int = 0) -> str:
    """A field's words; `place` is 0 for Russian, 1 for Ukrainian, 2 for English."""
    known = NOTICE_FIELDS.get(name)
    words = OWN_TITLES.get(name) if known is None else known.titles
    return name if words is None else words[place]


def typed_value(name: str, value: object) -> object:
    """A kept value in the type that templates print; text that is no date stays as it is."""
    known = NOTICE_FIELDS.get(name)
    if known is None or known.kind is not FieldKind.DATE or not isinstance(value, str):
        return value
    try:
        return date.fromisoformat(value)
    except ValueError:
        return value
