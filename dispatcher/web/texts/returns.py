"""The stop list, paused domains and letters, in each language."""

from typing import Final

from reports.words import Words

RETURNS: Final[Words] = {
    "stop_list": (
        "Стоп-лист",
        "Стоп-лист",
        "Stop list",
    ),
    "stop_list_lead": (
        "Кому и куда не отправляется ничего, и какие почтовые домены ждут решения. Адреса попадают сюда"
        " сами: ящика нет, жалоба, нет такого номера.",
        "Кому і куди не надсилається нічого, і які поштові домени чекають на рішення. Адреси потрапляють"
        " сюди самі: скриньки немає, скарга, немає такого номера.",
        "Addresses that are sent nothing, and mail domains that wait for a decision. Addresses come here by"
        " themselves: no such mailbox, a complaint, no such number.",
    ),
    "paused_since": (
        "Ждёт с {moment}.",
        "Чекає з {moment}.",
        "Waits since {moment}.",
    ),
    "refused_of_sent": (
        "Отказов: {refused} из {sent} отправленных.",
        "Відмов: {refused} з {sent} надісланих.",
        "Refused: {refused} of {sent} sent.",
    ),
    "held_addresses": (
        "Адресов, по которым нужно решение: {count}. До него им ничего не отправляется.",
        "Адрес, щодо яких потрібне рішення: {count}. До нього їм нічого не надсилається.",
        "Addresses that wait for a decision: {count}. Until then they are sent nothing.",
    ),
    "review_reject": (
        "Сбой провайдера: адреса верны",
        "Збій провайдера: адреси правильні",
        "The provider was wrong: keep the addresses",
    ),
    "review_confirm": (
        "Ящиков нет: в стоп-лист",
        "Скриньок немає: до стоп-листа",
        "No such mailboxes: ban them",
    ),
    "domain_resume": (
        "Возобновить рассылку на домен",
        "Відновити розсилку на домен",
        "Send to this domain again",
    ),
    "domain_pause": (
        "Остановить рассылку на домен",
        "Зупинити розсилку на домен",
        "Pause a domain",
    ),
    "domain": (
        "Домен",
        "Домен",
        "Domain",
    ),
    "stop_list_imported": (
        "Файл загружен",
        "Файл завантажено",
        "The file is in",
    ),
    "stop_list_counts": (
        "Добавлено: {added}, уже были: {known}, отклонено: {rejected}.",
        "Додано: {added}, вже були: {known}, відхилено: {rejected}.",
        "Added: {added}, known: {known}, rejected: {rejected}.",
    ),
    "address_or_number": (
        "E-mail или телефон",
        "E-mail або телефон",
        "E-mail or telephone",
    ),
    "stop_list_address": ("Адрес", "Адреса", "Address"),
    "stop_list_channel": ("Канал", "Канал", "Channel"),
    "find": (
        "Найти",
        "Знайти",
        "Find",
    ),
    "stop_list_export": (
        "Выгрузить весь список",
        "Вивантажити весь список",
        "Export the whole list",
    ),
    "since_when": (
        "С какого времени",
        "З якого часу",
        "Since",
    ),
    "ban_lifted_at": (
        "снят {moment}",
        "знято {moment}",
        "lifted {moment}",
    ),
    "ban_lift": (
        "Снять",
        "Зняти",
        "Lift",
    ),
    "stop_list_empty": (
        "В стоп-листе никого нет.",
        "У стоп-листі нікого немає.",
        "Nobody is on the stop list.",
    ),
    "ban_add": (
        "Добавить адрес",
        "Додати адресу",
        "Add an address",
    ),
    "stop_list_import": (
        "Загрузить из файла",
        "Завантажити з файлу",
        "Import a file",
    ),
    "stop_list_import_hint": (
        "Столбцы: адрес или телефон, канал, код причины, действует по, примечание. Обязателен только адрес.",
        "Стовпці: адреса або телефон, канал, код причини, діє до, примітка. Обов’язкова лише адреса.",
        "Columns: address, channel, reason, until, note. Only the address is needed.",
    ),
    "answer_ban_added": (
        "Адрес в стоп-листе.",
        "Адреса у стоп-листі.",
        "The address is on the stop list.",
    ),
    "answer_ban_lifted": (
        "Адрес снова используется.",
        "Адреса знову використовується.",
        "The address is used again.",
    ),
    "answer_domain_paused": (
        "Рассылка на домен остановлена.",
        "Розсилку на домен зупинено.",
        "Nothing is sent to the domain.",
    ),
    "answer_domain_resumed": (
        "Рассылка на домен возобновлена.",
        "Розсилку на домен відновлено.",
        "The domain is sent to again.",
    ),
    "answer_review_confirmed": (
        "Адреса в стоп-листе, рассылка на домен возобновлена.",
        "Адреси у стоп-листі, розсилку на домен відновлено.",
        "The addresses are banned, the domain is sent to again.",
    ),
    "answer_review_rejected": (
        "Адреса остались в работе. Кто не получил, тем отправьте ещё раз со страницы рассылки.",
        "Адреси залишилися в роботі. Хто не отримав, тим надішліть ще раз зі сторінки розсилки.",
        "The addresses are kept. Send again to those not reached, from the page of the run.",
    ),
    "alarm_domains": (
        "Почтовые домены ждут вашего решения: {count}.",
        "Поштові домени чекають на ваше рішення: {count}.",
        "Mail domains wait for your decision: {count}.",
    ),
    "alarm_operators": (
        "Операторы отклоняют СМС подряд, рассылок: {count}. Проверьте договор и имя отправителя.",
        "Оператори відхиляють СМС поспіль, розсилок: {count}. Перевірте договір та ім'я відправника.",
        "Operators refuse SMS in series, runs: {count}. Check the contract and the sender's name.",
    ),
    "alarm_runs": (
        "Рассылки на паузе, потому что письма отвергают: {count}.",
        "Розсилки на паузі, бо листи відкидають: {count}.",
        "Runs paused because their text is refused: {count}.",
    ),
    "incoming": (
        "Ответы",
        "Відповіді",
        "Replies",
    ),
    "incoming_lead": (
        "Что люди ответили на письма и СМС. Автоответы и уведомления о недоставке сюда не попадают.",
        "Що люди відповіли на листи і СМС. Автовідповіді та сповіщення про недоставку сюди не потрапляють.",
        "What people answered to letters and SMS. Automatic answers and bounces do not come here.",
    ),
    "incoming_waiting": (
        "Ждут ответа",
        "Чекають на відповідь",
        "Waiting",
    ),
    "incoming_all": (
        "Все",
        "Усі",
        "All",
    ),
    "incoming_no_subject": (
        "Без темы",
        "Без теми",
        "No subject",
    ),
    "incoming_files": (
        "Вложения",
        "Вкладення",
        "Files",
    ),
    "incoming_reopen": (
        "Вернуть в работу",
        "Повернути в роботу",
        "Put back",
    ),
    "incoming_done": (
        "Что сделано",
        "Що зроблено",
        "What was done",
    ),
    "incoming_mark": (
        "Отметить",
        "Позначити",
        "Mark as done",
    ),
    "incoming_none": (
        "Ответов нет.",
        "Відповідей немає.",
        "There are no replies.",
    ),
    "answer_letter_handled": (
        "Отмечено.",
        "Позначено.",
        "Marked.",
    ),
    "answer_letter_reopened": (
        "Ответ снова ждёт.",
        "Відповідь знову чекає.",
        "The reply waits again.",
    ),
    "fault_no_address_typed": (
        "Это не адрес электронной почты и не номер телефона.",
        "Це не адреса електронної пошти і не номер телефону.",
        "This is neither an e-mail address nor a telephone number.",
    ),
    "fault_ban_note": (
        "Напишите причину, не длиннее {most} знаков.",
        "Напишіть причину, не довше {most} знаків.",
        "Say why, in at most {most} characters.",
    ),
    "fault_ban_channel": (
        "На e-mail только пишут, на телефон шлют SMS и звонят: выберите другой канал.",
        "На e-mail лише пишуть, на телефон шлють SMS і дзвонять: виберіть інший канал.",
        "An e-mail address is banned over e-mail, a number over SMS or calls.",
    ),
    "fault_ban_reason": (
        "Такой причины нет.",
        "Такої причини немає.",
        "There is no such reason.",
    ),
    "fault_ban_end": (
        "Срок уже прошёл.",
        "Строк уже минув.",
        "The ban would have ended already.",
    ),
    "fault_lift_reason": ("Напишите причину.", "Напишіть причину.", "Say why."),
    "fault_lift_reason_long": (
        "Причина длиннее {most} знаков: сократите.",
        "Причина довша за {most} знаків: скоротіть.",
        "The reason is longer than {most} characters: shorten it.",
    ),
    "fault_no_suppression": (
        "Этого адреса в стоп-листе (уже) нет.",
        "Цієї адреси в стоп-листі (вже) немає.",
        "This address is not on the stop list (any more).",
    ),
    "fault_no_domain_pause": (
        "Рассылка на этот домен (уже) не остановлена.",
        "Розсилку на цей домен (вже) не зупинено.",
        "This domain is not paused (any more).",
    ),
    "fault_pause_needs_review": (
        "Сначала решите об отказах этого домена: подтвердите их или отклоните.",
        "Спершу вирішіть про відмови цього домену: підтвердьте їх або відхиліть.",
        "Decide about the refusals of this domain first: confirm or reject them.",
    ),
    "fault_nothing_held": (
        "Здесь нечего проверять: просто возобновите рассылку.",
        "Тут нема чого перевіряти: просто відновіть розсилку.",
        "Nothing is held for review here: lift the pause.",
    ),
    "fault_no_domain": (
        "Это не имя домена: пишите как mail.ru.",
        "Це не ім’я домену: пишіть як mail.ru.",
        "This is no domain name: write it like mail.ru.",
    ),
    "fault_domain_paused_already": (
        "Рассылка на этот домен уже остановлена.",
        "Розсилку на цей домен уже зупинено.",
        "This domain is paused already.",
    ),
    "fault_letter_handling": (
        "Напишите, что сделано по ответу, не длиннее {most} знаков.",
        "Напишіть, що зроблено за відповіддю, не довше {most} знаків.",
        "Say what was done about the reply, in at most {most} characters.",
    ),
    "fault_no_letter": (
        "Такого ответа (уже) нет.",
        "Такої відповіді (вже) немає.",
        "There is no such reply (any more).",
    ),
}
