"""Why a file as a whole cannot be imported, by code: key → Russian, Ukrainian, English.

On a Russian page the import's own words are shown, which name the place; these are for the others.
"""

from typing import Final

from reports.words import Words

_SAVE_RU: Final = "Сохраните список как CSV в UTF-8 или как книгу Excel и загрузите снова."
_SAVE_UK: Final = "Збережіть список як CSV в UTF-8 або як книгу Excel і завантажте знову."
_SAVE_EN: Final = "Save the list as CSV in UTF-8 or as an Excel workbook and upload it again."

FILE_FAULTS: Final[Words] = {
    "list_fault_binary": (
        f"Это не список. {_SAVE_RU}",
        f"Це не список. {_SAVE_UK}",
        f"This is no list. {_SAVE_EN}",
    ),
    "list_fault_duplicate_column": (
        "Два столбца означают одно и то же: выберите, какой из них брать.",
        "Два стовпці означають одне й те саме: виберіть, який із них брати.",
        "Two columns mean the same: choose which one to take.",
    ),
    "list_fault_empty": ("Файл пуст.", "Файл порожній.", "The file is empty."),
    "list_fault_encoding_broken": (
        f"Файл не читается в этой кодировке до конца. {_SAVE_RU}",
        f"Файл не читається в цьому кодуванні до кінця. {_SAVE_UK}",
        f"The file cannot be read in this encoding to its end. {_SAVE_EN}",
    ),
    "list_fault_encoding_unknown": (
        "Кодировка не определилась: выберите её сами, например cp1251.",
        "Кодування не визначилося: виберіть його самі, наприклад cp1251.",
        "The encoding could not be found out: choose it yourself, for instance cp1251.",
    ),
    "list_fault_encoding_unsupported": (
        "Такой кодировки нет в списке.",
        "Такого кодування немає у списку.",
        "There is no such encoding on the list.",
    ),
    "list_fault_encrypted": (
        "Книга защищена паролем: снимите защиту и загрузите снова.",
        "Книгу захищено паролем: зніміть захист і завантажте знову.",
        "The workbook has a password: take it off and upload the file again.",
    ),
    "list_fault_header_broken": (
        "Не читается строка с названиями столбцов: проверьте в ней кавычки.",
        "Не читається рядок з назвами стовпців: перевірте в ньому лапки.",
        "The row of titles cannot be read: check its quotes.",
    ),
    "list_fault_line_too_long": (
        "В файле слишком длинная строка: проверьте кавычки и разделители.",
        "У файлі задовгий рядок: перевірте лапки та роздільники.",
        "A line of the file is too long: check quotes and delimiters.",
    ),
    "list_fault_mapping_wrong": (
        "Столбцы выбраны неверно: проверьте каждый.",
        "Стовпці вибрано неправильно: перевірте кожен.",
        "The columns are chosen wrongly: check each of them.",
    ),
    "list_fault_source_needed": (
        "Чтобы запомнить столбцы, назовите источник.",
        "Щоб запам'ятати стовпці, назвіть джерело.",
        "To remember the columns, name the source.",
    ),
    "list_fault_same_title": (
        "Два столбца называются одинаково: переименуйте один из них в файле.",
        "Два стовпці називаються однаково: перейменуйте один із них у файлі.",
        "Two columns have the same title: rename one of them in the file.",
    ),
    "list_fault_missing_column": (
        "Нужны столбцы: лицевой счёт, ФИО и хотя бы e-mail или телефон. Укажите, где они.",
        "Потрібні стовпці: особовий рахунок, ПІБ і хоча б e-mail або телефон. Вкажіть, де вони.",
        "Needed are columns for the account, the name, and e-mail or telephone. Say which ones they are.",
    ),
    "list_fault_no_rows": (
        "В файле только названия столбцов: ни одной строки.",
        "У файлі лише назви стовпців: жодного рядка.",
        "The file has only titles, not one row.",
    ),
    "list_fault_no_good_rows": (
        "Ни одной годной строки: посмотрите замечания, исправьте файл и загрузите снова.",
        "Жодного придатного рядка: подивіться зауваження, виправте файл і завантажте знову.",
        "Not one good row: look at the remarks, mend the file and upload it again.",
    ),
    "list_fault_quote_open": (
        "Кавычка не закрыта до конца файла: исправьте её.",
        "Лапку не закрито до кінця файлу: виправте її.",
        "A quote is never closed: mend it in the file.",
    ),
    "list_fault_sheet_unknown": (
        "В книге нет такого листа.",
        "У книзі немає такого аркуша.",
        "The workbook has no such sheet.",
    ),
    "list_fault_superseded": (
        "Этот же список начали загружать заново.",
        "Цей самий список почали завантажувати заново.",
        "The same list was begun anew.",
    ),
    "list_fault_too_large": (
        "Файл слишком велик: разделите список на несколько.",
        "Файл завеликий: розділіть список на кілька.",
        "The file is too large: divide the list.",
    ),
    "list_fault_too_many_columns": (
        "В файле слишком много столбцов.",
        "У файлі забагато стовпців.",
        "The file has too many columns.",
    ),
    "list_fault_too_many_rows": (
        "В списке слишком много строк: разделите его на несколько.",
        "У списку забагато рядків: розділіть його на кілька.",
        "The list has too many rows: divide it.",
    ),
    "list_fault_too_old": (
        "Файл не удалось загрузить несколько дней, и он удалён. Загрузите его ещё раз.",
        "Файл не вдалося завантажити кілька днів, і його видалено. Завантажте його ще раз.",
        "The file could not be imported for days and was removed. Upload it again.",
    ),
    "list_fault_unreadable": (
        "Файл не читается: загрузите его ещё раз.",
        "Файл не читається: завантажте його ще раз.",
        "The file cannot be read: upload it again.",
    ),
    "list_fault_workbook_broken": (
        f"Книга повреждена. {_SAVE_RU}",
        f"Книгу пошкоджено. {_SAVE_UK}",
        f"The workbook is damaged. {_SAVE_EN}",
    ),
    "list_fault_workbook_too_large": (
        f"Лист слишком велик: разделите его. {_SAVE_RU}",
        f"Аркуш завеликий: розділіть його. {_SAVE_UK}",
        f"The sheet is too large: divide it. {_SAVE_EN}",
    ),
    "list_fault_zip_bomb": (
        f"Книга распаковывается в слишком большой файл. {_SAVE_RU}",
        f"Книга розпаковується в завеликий файл. {_SAVE_UK}",
        f"The workbook unpacks to far too much. {_SAVE_EN}",
    ),
    "list_fault_internal": (
        "Ошибка у нас, она записана. Загрузите файл ещё раз чуть позже.",
        "Помилка в нас, її записано. Завантажте файл ще раз трохи згодом.",
        "A fault of ours, which is recorded. Upload the file again a little later.",
    ),
    "list_fault_machine_gone": (
        "Файл пропал вместе с машиной, которая его приняла. Загрузите его ещё раз.",
        "Файл зник разом із машиною, яка його прийняла. Завантажте його ще раз.",
        "The file was lost with the machine that took it in. Upload it again.",
    ),
}
