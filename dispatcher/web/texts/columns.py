"""Columns of files and fields of recipients: key → Russian, Ukrainian, English."""

from typing import Final

from reports.words import Words

COLUMNS: Final[Words] = {
    "columns_title": (
        "Столбцы файла",
        "Стовпці файлу",
        "Columns of the file",
    ),
    "columns_lead": (
        "Проверьте, что значит каждый столбец. Обязательны лицевой счёт, ФИО и хотя бы e-mail или телефон.",
        "Перевірте, що означає кожен стовпець. Обов'язкові особовий рахунок, ПІБ і хоча б e-mail або "
        "телефон.",
        "Check what each column means. Needed are the account, the name, and e-mail or telephone.",
    ),
    "correct_columns": (
        "Исправить столбцы",
        "Виправити стовпці",
        "Correct the columns",
    ),
    "taken_for": (
        "Что это",
        "Що це",
        "What it is",
    ),
    "first_values": (
        "Первые значения",
        "Перші значення",
        "First values",
    ),
    "no_title": (
        "без названия",
        "без назви",
        "no title",
    ),
    "no_titles": (
        "В файле, похоже, нет строки с названиями столбцов. Добавьте её и загрузите файл снова.",
        "У файлі, схоже, немає рядка з назвами стовпців. Додайте його і завантажте файл знову.",
        "The file seems to have no row of titles. Add one and upload the file again.",
    ),
    "other_sheets": (
        "Не прочитаны листы: {names}.",
        "Не прочитано аркуші: {names}.",
        "Sheets that were not read: {names}.",
    ),
    "read_again": (
        "Прочитать так",
        "Прочитати так",
        "Read it so",
    ),
    "saves_mapping": (
        "Запомнить столбцы для этого источника",
        "Запам'ятати стовпці для цього джерела",
        "Remember the columns for this source",
    ),
    "import_so": (
        "Загрузить с этими столбцами",
        "Завантажити з цими стовпцями",
        "Import with these columns",
    ),
    "sample_note": (
        "Здесь персональные данные; просмотр записывается. Файл хранится сутки.",
        "Тут персональні дані; перегляд записується. Файл зберігається добу.",
        "This is personal data; the look is on record. The file is kept for a day.",
    ),
    "file_gone": (
        "Файла уже нет: он хранится сутки после загрузки. Загрузите его ещё раз.",
        "Файлу вже немає: він зберігається добу після завантаження. Завантажте його ще раз.",
        "The file is gone: it is kept for a day. Upload it again.",
    ),
    "field_account_number": (
        "Лицевой счёт",
        "Особовий рахунок",
        "Account",
    ),
    "field_person_id": (
        "Код абонента",
        "Код споживача",
        "Customer id",
    ),
    "field_full_name": (
        "ФИО",
        "ПІБ",
        "Name",
    ),
    "field_address": (
        "Адрес поставки",
        "Адреса постачання",
        "Supply address",
    ),
    "field_time_zone": (
        "Часовой пояс",
        "Часовий пояс",
        "Time zone",
    ),
    "field_email": (
        "E-mail",
        "E-mail",
        "E-mail",
    ),
    "field_phone": (
        "Телефон",
        "Телефон",
        "Telephone",
    ),
    "field_debt": (
        "Сумма долга",
        "Сума боргу",
        "Debt",
    ),
    "field_due_date": (
        "Срок оплаты",
        "Термін сплати",
        "Due date",
    ),
    "field_consent": (
        "Согласие",
        "Згода",
        "Consent",
    ),
    "field_customer_group": (
        "Группа клиента",
        "Група клієнта",
        "Customer group",
    ),
    "field_language": (
        "Язык",
        "Мова",
        "Language",
    ),
    "field_vulnerable": (
        "Уязвимый абонент",
        "Вразливий споживач",
        "Vulnerable customer",
    ),
    "field_preferred_channel": (
        "Предпочтительный канал",
        "Бажаний канал",
        "Preferred channel",
    ),
    "field_contract": (
        "Договор",
        "Договір",
        "Contract",
    ),
    "field_further": (
        "как есть: в текст письма",
        "як є: у текст листа",
        "as it is: for the text",
    ),
    "field_ignore": (
        "не загружать",
        "не завантажувати",
        "leave out",
    ),
}
