"""Header spellings of the columns that only some lists have: dates, reasons, people responsible.

Like `list_header.ALIASES`, in Russian, Ukrainian and English. Words that may mean anything («Год», «Ответ»)
are not among them: such columns stay merge fields under their own names, and «Причина» is the last column
of the file of rejected rows. A field's own name (`event_date`) is always understood.
"""

from typing import Final

NOTICE_ALIASES: Final[dict[str, tuple[str, ...]]] = {
    "work_kind": ("вид работ", "вид робіт", "kind of works", "work kind"),
    "reason": (
        *("причина отключения", "причина работ", "причина отказа", "причина изменения", "причина задержки"),
        *("причина відключення", "причина робіт", "причина відмови", "причина зміни", "reason of the outage"),
    ),
    "event_date": (
        *("дата события", "дата отключения", "дата работ", "дата начала работ", "дата визита", "дата сверки"),
        *("дата снятия показаний", "дата ограничения", "дата введения ограничения", "дата изменения"),
        *("дата вступления в силу", "дата події", "дата відключення", "дата робіт", "дата обмеження"),
        *("дата візиту", "дата звірки", "дата зміни", "event date", "outage date", "visit date"),
    ),
    "event_time": (
        *("время отключения", "время работ", "время визита", "время сверки", "час відключення", "час робіт"),
        *("час візиту", "event time", "outage time"),
    ),
    "duration": ("продолжительность", "сроки работ", "тривалість", "строки робіт", "duration"),
    "responsible_position": ("должность ответственного", "посада відповідального", "responsible position"),
    "responsible_name": (
        *("ответственный", "ФИО ответственного", "ответственное лицо", "відповідальний"),
        *("ПІБ відповідального", "responsible person", "responsible name"),
    ),
    "contact_phone": ("телефон ответственного", "телефон відповідального", "contact phone"),
    "restore_time": ("время восстановления", "час відновлення", "restore time", "restoration"),
    "change": ("что меняется", "суть изменения", "що змінюється", "суть зміни", "what changes"),
    "document": ("документ-основание", "документ-підстава", "document it rests on"),
    "contract_number": ("номер договора", "№ договора", "номер договору", "№ договору", "contract number"),
    "contract_end": (
        *("срок действия договора", "договор действует до", "окончание договора", "дата окончания договора"),
        *("строк дії договору", "договір діє до", "закінчення договору", "contract end", "contract end date"),
    ),
    "submit_by": ("передать до", "срок передачи показаний", "передати до", "submit by"),
    "application_number": (
        *("номер заявки", "номер заявления", "номер обращения", "№ заявки", "№ обращения"),
        *("номер звернення", "№ звернення", "application number", "complaint number"),
    ),
    "application_date": (
        *("дата заявки", "дата заявления", "дата обращения", "дата звернення", "application date"),
        *("complaint date",),
    ),
    "missing_documents": (
        *("недостающие документы", "не хватает документов", "документи, яких бракує"),
        *("missing documents",),
    ),
    "progress": ("ход рассмотрения", "хід розгляду", "progress"),
    "answer": ("ответ на обращение", "відповідь на звернення", "answer to the complaint"),
    "new_date": ("новый срок", "новый срок ответа", "новий строк", "новий строк відповіді", "new date"),
    "executor_name": ("исполнитель", "ФИО исполнителя", "виконавець", "ПІБ виконавця", "executor"),
    "executor_phone": ("телефон исполнителя", "телефон виконавця", "executor phone"),
    "appeal_to": ("куда обжаловать", "обжалование", "куди оскаржити", "оскарження", "appeal to"),
    "period_end": ("последний день периода", "конец периода", "кінець періоду", "period end"),
    "volume": ("объём потребления", "объём, кВт·ч", "обсяг споживання", "volume, kwh"),
    "calculation": ("как рассчитано", "порядок расчёта", "як розраховано", "calculation"),
    "place": ("место сверки", "місце звірки", "place of the meeting"),
    "year": ("год тарифного меню", "рік тарифного меню"),
    "tariff_menu": ("варианты тарифов", "тарифное меню", "варіанти тарифів", "tariff menu"),
    "survey_url": ("ссылка на опрос", "посилання на опитування", "survey link", "survey url"),
}
