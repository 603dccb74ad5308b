"""Texts of notices and seed contacts: key → Russian, Ukrainian, English."""

from typing import Final

from reports.words import Words

LETTERS: Final[Words] = {
    "seeds": (
        "Контрольные адреса",
        "Контрольні адреси",
        "Seed contacts",
    ),
    "seeds_lead": (
        "Эти сотрудники получают текст каждого задания — с выдуманными данными, без данных абонентов.",
        "Ці працівники отримують текст кожного завдання — з вигаданими даними, без даних споживачів.",
        "These colleagues receive the text of every campaign, with made-up data and none of the customers.",
    ),
    "no_seeds": (
        "Контрольных адресов ещё нет.",
        "Контрольних адрес ще немає.",
        "No seed contacts yet.",
    ),
    "add_seed": (
        "Добавить сотрудника",
        "Додати працівника",
        "Add a colleague",
    ),
    "add": (
        "Добавить",
        "Додати",
        "Add",
    ),
    "remove": (
        "Убрать",
        "Прибрати",
        "Remove",
    ),
    "name": (
        "Имя",
        "Ім'я",
        "Name",
    ),
    "answer_seed_added": (
        "Сотрудник добавлен.",
        "Працівника додано.",
        "The colleague is added.",
    ),
    "answer_seed_removed": (
        "Сотрудник больше не получит писем.",
        "Працівник більше не отримає листів.",
        "The colleague will receive nothing more.",
    ),
    "letters": (
        "Тексты",
        "Тексти",
        "Texts",
    ),
    "letters_lead": (
        "Тексты уведомлений и их версии. Задание берёт новейшую версию и остаётся с ней.",
        "Тексти сповіщень та їхні версії. Завдання бере найновішу версію і залишається з нею.",
        "Texts of notices and their versions. A campaign takes the newest one and stays with it.",
    ),
    "letter_name": (
        "Текст",
        "Текст",
        "Text",
    ),
    "built_in": (
        "встроенный",
        "вбудований",
        "built in",
    ),
    "origin_builtin": (
        "встроенный",
        "вбудований",
        "built in",
    ),
    "origin_staff": (
        "сотрудник",
        "працівник",
        "by staff",
    ),
    "versions": (
        "Версии",
        "Версії",
        "Versions",
    ),
    "compare": (
        "Сравнить",
        "Порівняти",
        "Compare",
    ),
    "difference_with": (
        "Отличия от версии {number}",
        "Відмінності від версії {number}",
        "Differences from version {number}",
    ),
    "letter_source": (
        "Исходный текст",
        "Вихідний текст",
        "Source",
    ),
    "attachment": (
        "Вложение",
        "Вкладення",
        "Attachment",
    ),
    "try_letter": (
        "Посмотреть с получателем",
        "Подивитися з отримувачем",
        "Try it with a recipient",
    ),
    "by_account": (
        "Лицевой счёт (пусто — первый)",
        "Особовий рахунок (порожньо — перший)",
        "Account (empty: the first one)",
    ),
    "by_position": (
        "Или номер в списке",
        "Або номер у списку",
        "Or the place in the list",
    ),
    "letter_language": (
        "Язык текста",
        "Мова тексту",
        "Language of the text",
    ),
    "own_language": (
        "язык получателя",
        "мова отримувача",
        "the recipient's own",
    ),
    "show_preview_email": (
        "Показать письмо",
        "Показати лист",
        "Show the letter",
    ),
    "show_preview_sms": (
        "Показать СМС",
        "Показати СМС",
        "Show the short message",
    ),
    "show_preview_voice": (
        "Показать звонок",
        "Показати дзвінок",
        "Show the call",
    ),
    "check_list": (
        "Проверить весь список",
        "Перевірити весь список",
        "Check the whole list",
    ),
    "preview_email": (
        "Письмо получателю",
        "Лист отримувачу",
        "Letter to the recipient",
    ),
    "preview_sms": (
        "СМС получателю",
        "СМС отримувачу",
        "Short message to the recipient",
    ),
    "preview_voice": (
        "Звонок получателю",
        "Дзвінок отримувачу",
        "Call to the recipient",
    ),
    "preview_note": (
        "Ничего не отправляется; просмотр данных получателя записывается.",
        "Нічого не надсилається; перегляд даних отримувача записується.",
        "Nothing is sent; the look at the recipient's data is on record.",
    ),
    "check_fine": (
        "Все нужные поля заполнены, получателей: {count}.",
        "Усі потрібні поля заповнено, отримувачів: {count}.",
        "All needed fields are filled; recipients: {count}.",
    ),
    "field_missing": (
        "В списке нет поля «{field}».",
        "У списку немає поля «{field}».",
        "The list has no field “{field}”.",
    ),
    "field_empty": (
        "Поле «{field}» пусто у {count} из {all}.",
        "Поле «{field}» порожнє у {count} з {all}.",
        "The field “{field}” is empty for {count} of {all}.",
    ),
}
