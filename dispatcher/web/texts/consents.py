"""The ledger of consent: key → Russian, Ukrainian, English."""

from typing import Final

from reports.words import Words

CONSENTS: Final[Words] = {
    "fault_consent_word": (
        "Такого значения нет. Есть: {allowed}.",
        "Такого значення немає. Є: {allowed}.",
        "There is no such value. There are: {allowed}.",
    ),
    "fault_consent_end_of_no": (
        "Срок бывает только у согласия.",
        "Строк буває лише у згоди.",
        "Only a permission has an end.",
    ),
    "fault_consent_end_before_begin": (
        "Согласие закончилось бы раньше, чем началось.",
        "Згода закінчилася б раніше, ніж почалася.",
        "The permission would end before it begins.",
    ),
    "fault_consent_source_not_stated": (
        "Так сотрудник согласие не записывает: выберите источник из списка.",
        "Так працівник згоду не записує: виберіть джерело зі списку.",
        "Staff do not record a statement that way: choose a source of the list.",
    ),
    "fault_consent_reference": (
        "Укажите, чем это подтверждается: номер бумаги, запись звонка, номер обращения.",
        "Вкажіть, чим це підтверджується: номер паперу, запис дзвінка, номер звернення.",
        "Say what proves it: the number of the paper, the recording, the number of the request.",
    ),
    "fault_consent_channel": (
        "На адрес e-mail можно только писать, на телефон — SMS и звонить.",
        "На адресу e-mail можна лише писати, на телефон — SMS і дзвонити.",
        "An e-mail address is reached by e-mail, a telephone number by SMS and calls.",
    ),
    "contacts": ("Контакты и согласия", "Контакти і згоди", "Contacts and consent"),
    "contact": ("Контакт", "Контакт", "Contact"),
    "contacts_lead": (
        "Кто на что согласился, когда, как и в каких словах.",
        "Хто на що погодився, коли, як і якими словами.",
        "Who agreed to what, when, how and in which words.",
    ),
    "contacts_wanted": (
        "Лицевой счёт, e-mail, телефон (+7…) или код абонента",
        "Особовий рахунок, e-mail, телефон (+38…) або код абонента",
        "Account, e-mail, telephone (+7…) or customer id",
    ),
    "contacts_find": ("Найти", "Знайти", "Find"),
    "contacts_nothing": ("Ничего нет.", "Нічого немає.", "There is nothing."),
    "contacts_import": ("Загрузить согласия из файла", "Завантажити згоди з файлу", "Consents out of a file"),
    "file_codes": ("Что писать в столбцах", "Що писати у стовпцях", "What to write into the columns"),
    "fault_no_file": (
        "Не получилось прочитать форму: выберите файл, в котором что-то есть.",
        "Не вдалося прочитати форму: виберіть файл, у якому щось є.",
        "The form could not be read: choose a file with something in it.",
    ),
    "contacts_import_lead": (
        "CSV или таблица, строка на каждое заявление. Столбцы: «Адрес или телефон», «Канал», «Цель», "
        "«Действие» "
        "(да, нет, подтверждено), «Источник», «Документ», «Основание», «Редакция текста», «Действует с», "
        "«Действует по».",
        "CSV або таблиця, рядок на кожну заяву. Стовпці: «Адреса або телефон», «Канал», «Мета», «Дія» (так, "
        "ні, підтверджено), «Джерело», «Документ», «Підстава», «Редакція тексту», «Діє з», «Діє до».",
        "CSV or a workbook, one statement a row. Columns: contact, channel, purpose, action (given, "
        "withdrawn, "
        "confirmed), source, reference, basis, text version, valid from, valid until.",
    ),
    "contacts_import_done": (
        "Взято: {taken}, было и раньше: {unchanged}, не взято: {rejected}; отправлялось в этот миг: "
        "{in_flight}.",
        "Взято: {taken}, було й раніше: {unchanged}, не взято: {rejected}; надсилалося цієї миті: "
        "{in_flight}.",
        "Taken: {taken}, known before: {unchanged}, not taken: {rejected}; in flight then: {in_flight}.",
    ),
    "contact_confirmed_at": ("Подтверждён", "Підтверджено", "Confirmed"),
    "contact_never_confirmed": ("не подтверждался", "не підтверджувався", "never confirmed"),
    "contact_confirm": (
        "Абонент подтвердил этот контакт",
        "Абонент підтвердив цей контакт",
        "The person confirmed this contact",
    ),
    "stale_contacts": ("Давно не подтверждённые", "Давно не підтверджені", "Not confirmed for long"),
    "stale_months": ("Не подтверждались месяцев", "Не підтверджувалися місяців", "Not confirmed for months"),
    "stale_in_use": ("Есть согласие", "Є згода", "Has a consent"),
    "yes": ("да", "так", "yes"),
    "no": ("нет", "ні", "no"),
    "ledger_says": ("Что разрешено", "Що дозволено", "What is permitted"),
    "ledger_permitted": ("можно", "можна", "permitted"),
    "ledger_at": ("На момент (пусто — сейчас)", "На момент (порожньо — зараз)", "At (empty: now)"),
    "ledger_known_at": ("Как было известно на", "Як було відомо на", "As it was known at"),
    "ledger_show": ("Показать", "Показати", "Show"),
    "ledger_record": ("Записать, что сказал абонент", "Записати, що сказав абонент", "Record what was said"),
    "ledger_channel": ("Канал", "Канал", "Channel"),
    "ledger_source": ("Как сказано", "Як сказано", "Source"),
    "ledger_reference": (
        "Документ: номер бумаги, скан, запись звонка",
        "Документ: номер паперу, скан, запис дзвінка",
        "Document: number of the paper, scan, recording",
    ),
    "ledger_text": ("Редакция текста", "Редакція тексту", "Wording"),
    "ledger_from": ("Действует с (пусто — сейчас)", "Діє з (порожньо — зараз)", "Valid from (empty: now)"),
    "ledger_until": ("Действует по", "Діє до", "Valid until"),
    "ledger_give": ("Согласен", "Згоден", "Agreed"),
    "ledger_withdraw": ("Отозвал", "Відкликав", "Withdrew"),
    "ledger_stop": ("Больше ничего не отправлять", "Більше нічого не надсилати", "Stop everything"),
    "ledger_stop_note": (
        "Отзовёт всё: для всех адресов и телефонов этого абонента.",
        "Відкличе все: для всіх адрес і телефонів цього абонента.",
        "Withdraws everything, for every address and telephone of this person.",
    ),
    "ledger_valid": ("Действует", "Діє", "Valid"),
    "ledger_history": ("История", "Історія", "History"),
    "ledger_recorded": ("Записано", "Записано", "Recorded"),
    "answer_consent_given": ("Согласие записано.", "Згоду записано.", "The consent is recorded."),
    "answer_consent_withdrawn": (
        "Отзыв записан: больше не отправляем.",
        "Відкликання записано: більше не надсилаємо.",
        "Withdrawn: nothing more is sent.",
    ),
    "answer_consent_stopped": (
        "Этому абоненту больше ничего не отправляем.",
        "Цьому абоненту більше нічого не надсилаємо.",
        "Nothing more is sent to this person.",
    ),
    "answer_contact_confirmed": (
        "Контакт подтверждён.",
        "Контакт підтверджено.",
        "The contact is confirmed.",
    ),
}
