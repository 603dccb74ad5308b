"""Texts of the pages about one person's data: key → Russian, Ukrainian, English."""

from typing import Final

from reports.words import Words

PERSONS: Final[Words] = {
    "person_data": ("Данные об абоненте", "Дані про споживача", "Data about a person"),
    "person_lead": (
        "Рядом с каждым полем — зачем и на каком основании оно хранится.",
        "Поруч із кожним полем — навіщо і на якій підставі воно зберігається.",
        "Beside every field stands why, and on what ground, it is held.",
    ),
    "person_erased_at": (
        "Персональные данные удалены {at}. Осталось только то, что нужно для доказательства.",
        "Персональні дані видалено {at}. Залишилося лише потрібне для доказу.",
        "Personal data were erased on {at}. Only what proof needs is left.",
    ),
    "person_recordings": ("Записи звонков", "Записи дзвінків", "Recordings of calls"),
    "person_recordings_lead": (
        "Что человек сказал в звонке. Каждое прослушивание записывается в журнал.",
        "Що людина сказала у дзвінку. Кожне прослуховування записується в журнал.",
        "What the person said in a call. Every look is on record.",
    ),
    "person_export": ("Выгрузить или удалить", "Вивантажити або видалити", "Hand out or erase"),
    "person_export_lead": (
        "В файле — всё, что хранится: списки, уведомления, тексты, квитанции, согласия, записи о действиях.",
        "У файлі — усе, що зберігається: списки, повідомлення, тексти, квитанції, згоди, записи про дії.",
        "The file holds everything: lists, notices, texts, receipts, consents, the record of actions.",
    ),
    "person_readable": ("Для чтения (HTML)", "Для читання (HTML)", "To read (HTML)"),
    "person_erase": ("Удалить данные", "Видалити дані", "Erase the data"),
    "person_erase_lead": (
        "Имя, адреса, счета, тексты и ответы будут удалены. Вернуть их нельзя.",
        "Ім'я, адреси, рахунки, тексти та відповіді буде видалено. Повернути їх не можна.",
        "Name, addresses, accounts, texts and answers will be gone. This cannot be undone.",
    ),
    "person_erase_stays": (
        "Без имени останется: что и когда было отправлено, с каким исходом, какие были согласия и отказы."
        " Отозванный адрес и после удаления останется под запретом.",
        "Без імені залишиться: що і коли було надіслано, з яким результатом, які були згоди й відмови."
        " Відкликана адреса і після видалення залишиться під забороною.",
        "What stays has no name: what was sent when, with what result, and which consents and refusals"
        " there were. A refused address stays refused.",
    ),
    "person_erase_reason": (
        "Почему и по какому документу (без имени и адреса)",
        "Чому і за яким документом (без імені та адреси)",
        "Why, and by which document (no name, no address)",
    ),
    "person_erase_button": ("Удалить навсегда", "Видалити назавжди", "Erase for good"),
    "person_erase_back": ("Не удалять", "Не видаляти", "Do not erase"),
    "answer_person_erased": (
        "Персональные данные удалены.",
        "Персональні дані видалено.",
        "The personal data are erased.",
    ),
    "answer_person_was_erased": (
        "Эти данные уже были удалены раньше.",
        "Ці дані вже було видалено раніше.",
        "These data had been erased before.",
    ),
    "fault_erasure_reason": (
        "Напишите, почему и по какому документу.",
        "Напишіть, чому і за яким документом.",
        "Say why, and by which document.",
    ),
    "fault_erasure_reason_long": (
        "Причина — не длиннее {most} знаков.",
        "Причина — не довша за {most} знаків.",
        "A reason has at most {most} characters.",
    ),
    "fault_erasure_needed": (
        "Сейчас нельзя: эти задания ещё не закончены: {runs}. Остановите их или дождитесь конца.",
        "Зараз не можна: ці завдання ще не закінчено: {runs}. Зупиніть їх або дочекайтеся кінця.",
        "Not now: these campaigns are not over: {runs}. Stop them or wait for their end.",
    ),
    "held_person": ("Абонент", "Споживач", "Person"),
    "held_account": ("Лицевые счета", "Особові рахунки", "Accounts"),
    "held_contact_point": ("Адреса для сообщений", "Адреси для повідомлень", "Addresses for messages"),
    "held_consent_event": ("Согласия и отказы", "Згоди і відмови", "Consents and refusals"),
    "held_nothing": ("Нет записей.", "Немає записів.", "No records."),
    "held_purpose": ("Зачем и на каком основании", "Навіщо і на якій підставі", "Purpose and ground"),
    "held_kept": ("Хранится", "Зберігається", "Kept"),
    "held_field_external_id": ("Код абонента", "Код споживача", "Customer id"),
    "held_field_full_name": ("Имя", "Ім'я", "Name"),
    "held_field_customer_group": ("Группа", "Група", "Group"),
    "held_field_language": ("Язык", "Мова", "Language"),
    "held_field_is_vulnerable": ("Нужен бережный подход", "Потрібен дбайливий підхід", "Careful approach"),
    "held_field_preferred_channel": ("Удобный способ", "Зручний спосіб", "Preferred way"),
    "held_field_number": ("Лицевой счёт", "Особовий рахунок", "Account number"),
    "held_field_address": ("Адрес", "Адреса", "Address"),
    "held_field_time_zone": ("Часовой пояс", "Часовий пояс", "Time zone"),
    "held_field_has_contract": ("Есть договор", "Є договір", "Has a contract"),
    "held_field_kind": ("Вид", "Вид", "Kind"),
    "held_field_confirmed_at": ("Подтверждён", "Підтверджено", "Confirmed"),
    "held_field_channel": ("Способ", "Спосіб", "Way"),
    "held_field_purpose": ("О чём", "Про що", "About what"),
    "held_field_action": ("Что сказано", "Що сказано", "What was said"),
    "held_field_basis": ("Основание", "Підстава", "Basis"),
    "held_field_source": ("Откуда", "Звідки", "Source"),
    "held_field_source_reference": ("Документ", "Документ", "Document"),
    "held_field_text_version": ("Текст согласия", "Текст згоди", "Wording"),
    "held_field_valid_from": ("Действует с", "Діє з", "In force from"),
    "held_field_valid_until": ("Действует до", "Діє до", "In force until"),
    "held_field_recorded_at": ("Записано", "Записано", "Recorded at"),
    "held_field_recorded_by": ("Кто записал", "Хто записав", "Recorded by"),
}
