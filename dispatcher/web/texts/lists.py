"""Lists, their uploads and versions: key → Russian, Ukrainian, English."""

from typing import Final

from reports.words import Words

LISTS: Final[Words] = {
    "consent_purpose": (
        "О чём столбец «Согласие»",
        "Про що стовпець «Згода»",
        "What the consent column speaks about",
    ),
    "consent_purpose_hint": (
        "Согласие из списка будет учтено только для этой цели.",
        "Згоду зі списку буде враховано лише для цієї мети.",
        "A consent of the list will count for this purpose only.",
    ),
    "how_to_read": (
        "Как читать файл",
        "Як читати файл",
        "How to read the file",
    ),
    "source": (
        "Источник (биллинг)",
        "Джерело (білінг)",
        "Source (billing system)",
    ),
    "source_hint": (
        "По источнику запоминается, какой столбец что значит.",
        "За джерелом запам'ятовується, який стовпець що означає.",
        "What the columns mean is remembered by the source.",
    ),
    "encoding": (
        "Кодировка",
        "Кодування",
        "Encoding",
    ),
    "found_out": (
        "определить саму",
        "визначити саме",
        "find it out",
    ),
    "sheet": (
        "Лист книги",
        "Аркуш книги",
        "Sheet of the workbook",
    ),
    "look_first": (
        "Сначала показать столбцы, потом загружать",
        "Спочатку показати стовпці, потім завантажувати",
        "Show the columns first, then import",
    ),
    "file_hint": (
        "Не больше {most} МБ.",
        "Не більше {most} МБ.",
        "At most {most} MB.",
    ),
    "upload_next": (
        "Загрузить следующую версию",
        "Завантажити наступну версію",
        "Upload the next version",
    ),
    "imports": (
        "Загрузки",
        "Завантаження",
        "Uploads",
    ),
    "import_waits": (
        "Файл ждёт очереди…",
        "Файл чекає на чергу…",
        "The file waits for its turn…",
    ),
    "import_state_held": (
        "ждёт вас",
        "чекає на вас",
        "waits for you",
    ),
    "import_state_waiting": (
        "в очереди",
        "у черзі",
        "waiting",
    ),
    "import_state_running": (
        "читается",
        "читається",
        "being read",
    ),
    "import_state_done": (
        "готово",
        "готово",
        "done",
    ),
    "import_state_failed": (
        "не подошёл",
        "не підійшов",
        "unusable",
    ),
    "compare_versions": (
        "Сравнить версии",
        "Порівняти версії",
        "Compare versions",
    ),
    "version_earlier": (
        "Раньше",
        "Раніше",
        "Earlier",
    ),
    "version_later": (
        "Позже",
        "Пізніше",
        "Later",
    ),
    "show": (
        "Показать",
        "Показати",
        "Show",
    ),
    "all_changes": (
        "Все изменения",
        "Усі зміни",
        "All changes",
    ),
    "change_added": (
        "добавлены",
        "додано",
        "added",
    ),
    "change_removed": (
        "убраны",
        "прибрано",
        "gone",
    ),
    "change_changed": (
        "изменены",
        "змінено",
        "changed",
    ),
    "change_same": (
        "без изменений",
        "без змін",
        "same",
    ),
    "account_added": (
        "добавлен",
        "додано",
        "added",
    ),
    "account_removed": (
        "убран",
        "прибрано",
        "gone",
    ),
    "account_changed": (
        "изменён",
        "змінено",
        "changed",
    ),
    "among_changed": (
        "Среди изменённых:",
        "Серед змінених:",
        "Among the changed:",
    ),
    "what_changed": (
        "Что изменилось",
        "Що змінилося",
        "What changed",
    ),
    "nothing_differs": (
        "Различий нет.",
        "Відмінностей немає.",
        "Nothing differs.",
    ),
}
