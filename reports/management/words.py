"""Titles of the sections and columns of the report to managers."""

from typing import Final

from reports.words import Words

RUN_KINDS: Final[Words] = {
    "main": ("основной", "основний", "main"),
    "resend": ("повтор тем, кто не получил", "повтор тим, хто не отримав", "resend to those not reached"),
    "correction": ("исправление", "виправлення", "correction"),
}
GENERAL_PURPOSE: Final[Words] = {
    "*": (
        "каждая цель, о которой отдельно не сказано",
        "кожна мета, про яку окремо не сказано",
        "each purpose without a word of its own",
    ),
}
TABLES: Final[Words] = {
    "scenarios": ("Уведомления по сценариям", "Сповіщення за сценаріями", "Notices by scenario"),
    "channels": ("Каналы и стоимость", "Канали і вартість", "Channels and cost"),
    "reasons": ("Чем закончились уведомления", "Чим закінчилися сповіщення", "How notices ended"),
    "runs": ("Запуски", "Запуски", "Runs"),
    "consents": ("Согласия за период", "Згоди за період", "Consent in the period"),
    "standing": ("Согласия на конец периода", "Згоди на кінець періоду", "Consent at the end"),
    "bans": ("Стоп-лист", "Стоп-лист", "Stop list"),
    "returns": ("Возвраты и жалобы", "Повернення та скарги", "Returns and complaints"),
    "terms": ("Сроки по сценариям", "Строки за сценаріями", "Terms by scenario"),
    "entered": ("Введено в звонках", "Введено у дзвінках", "Entered in calls"),
    "terms_by_run": ("Сроки по запускам", "Строки за запусками", "Terms by run"),
}
#: What is counted, where a title alone would mislead.
NOTES: Final[Words] = {
    "scenarios": (
        "Запланировано = все итоги + ещё в работе. Запуск относится ко дню, когда начался.",
        "Заплановано = усі підсумки + ще в роботі. Запуск належить до дня, коли почався.",
        "Planned = all outcomes + still going on. A run belongs to the day on which it began.",
    ),
    "channels": (
        "Здесь считаются попытки: одному человеку их может быть несколько. Стоимость — у тех, чью цену"
        " назвал провайдер, в валюте его счёта.",
        "Тут рахуються спроби: одній людині їх може бути кілька. Вартість — у тих, чию ціну назвав"
        " провайдер, у валюті його рахунку.",
        "Attempts are counted here: a person may have several. The cost is of those that the provider named"
        " a price for, in its account's currency.",
    ),
    "consents": (
        "Записи журнала согласий, внесённые за период.",
        "Записи журналу згод, внесені за період.",
        "Entries of the ledger that were recorded in the period.",
    ),
    "standing": (
        "Адреса и номера по тому, что о них говорил журнал в конце периода.",
        "Адреси й номери за тим, що про них говорив журнал наприкінці періоду.",
        "Addresses and numbers by what the ledger said of them at the end of the period.",
    ),
    "bans": (
        "Запрет действует для адреса, поэтому по целям, сценариям и группам не делится.",
        "Заборона діє для адреси, тому за цілями, сценаріями і групами не ділиться.",
        "A ban holds for an address, so it is not divided by purpose, scenario or group.",
    ),
    "returns": (
        "Домены, где отказов меньше трёх, сложены в строку «…».",
        "Домени, де відмов менше трьох, складено в рядок «…».",
        "Domains with fewer than three refusals are added up in the row “…”.",
    ),
    "terms": (
        "Считается каждое уведомление: день, когда человеку сообщили, сравнивается с последним днём,"
        " который допускает правило сценария сегодня.",
        "Рахується кожне сповіщення: день, коли людині повідомили, порівнюється з останнім днем, який"
        " допускає правило сценарію сьогодні.",
        "Each notice is looked at: the day on which the person was told against the last day that the"
        " scenario's rule of today allows.",
    ),
}
COLUMNS: Final[Words] = {
    "account": ("Лицевой счёт", "Особовий рахунок", "Account"),
    "entered_name": ("Что введено", "Що введено", "What was entered"),
    "entered_digits": ("Цифры", "Цифри", "Digits"),
    "called_at": ("Когда", "Коли", "When"),
    "attempt_number": ("Попытка", "Спроба", "Attempt"),
    "attempt_id": ("Номер попытки в системе", "Номер спроби в системі", "Attempt id"),
    "purpose": ("Цель", "Мета", "Purpose"),
    "scenario": ("Сценарий", "Сценарій", "Scenario"),
    "runs": ("Запусков", "Запусків", "Runs"),
    "planned": ("Запланировано", "Заплановано", "Planned"),
    "notified": ("Уведомлены", "Сповіщені", "Notified"),
    "notified_share": ("Доля", "Частка", "Share"),
    "partly_notified": ("Частично", "Частково", "Partly"),
    "failed": ("Не удалось", "Не вдалося", "Failed"),
    "blocked": ("Нельзя", "Не можна", "Not permitted"),
    "expired": ("Срок вышел", "Строк вийшов", "Expired"),
    "stopped": ("Остановлены", "Зупинені", "Stopped"),
    "unknown": ("Неизвестно", "Невідомо", "Unknown"),
    "going_on": ("Ещё в работе", "Ще в роботі", "Going on"),
    "cost": ("Стоимость", "Вартість", "Cost"),
    "channel": ("Канал", "Канал", "Channel"),
    "attempts_delivered": ("Доставлено", "Доставлено", "Delivered"),
    "attempts_accepted": ("Принято", "Прийнято", "Accepted"),
    "attempts_failed": ("Отказ", "Відмова", "Refused"),
    "attempts_unknown": ("Неизвестно", "Невідомо", "Unknown"),
    "parts": ("Частей СМС", "Частин СМС", "SMS parts"),
    "priced": ("С ценой", "З ціною", "Priced"),
    "state": ("Итог", "Підсумок", "Outcome"),
    "reason": ("Почему или насколько точно", "Чому або наскільки певно", "Why, or how surely"),
    "notices": ("Уведомлений", "Сповіщень", "Notices"),
    "campaign": ("Задание", "Завдання", "Campaign"),
    "run_number": ("Запуск №", "Запуск №", "Run No"),
    "run_kind": ("Вид", "Вид", "Kind"),
    "began_at": ("Начат", "Почато", "Began"),
    "run_state": ("Состояние", "Стан", "State"),
    "source": ("Как получено", "Як отримано", "How it came"),
    "consent_given": ("Дано", "Надано", "Given"),
    "consent_confirmed": ("Подтверждено", "Підтверджено", "Confirmed"),
    "consent_withdrawn": ("Отозвано", "Відкликано", "Withdrawn"),
    "consent_refused": ("Отказ", "Відмова", "Refused"),
    "consent_expired": ("Истекло", "Минуло", "Expired"),
    "consent_pending": ("Ждёт подтверждения", "Чекає на підтвердження", "Waits for confirmation"),
    "standing_permitted": ("Можно", "Можна", "Permitted"),
    "standing_refused": ("Отозвано или отказ", "Відкликано або відмова", "Withdrawn or refused"),
    "standing_expired": ("Срок истёк", "Строк минув", "Expired"),
    "ban_reason": ("Причина", "Причина", "Reason"),
    "bans_added": ("Добавлено", "Додано", "Added"),
    "bans_lifted": ("Снято", "Знято", "Lifted"),
    "bans_expired": ("Истекло само", "Минуло саме", "Ran out"),
    "bans_in_force": ("Действует на конец", "Діє на кінець", "In force at the end"),
    "domain": ("Домен", "Домен", "Domain"),
    "class_hard": ("Нет адреса", "Немає адреси", "No such address"),
    "class_disabled": ("Ящик отключён", "Скриньку вимкнено", "Mailbox disabled"),
    "class_full": ("Ящик полон", "Скринька повна", "Mailbox full"),
    "class_wrong_number": ("Нет номера", "Немає номера", "No such number"),
    "class_operator_refusal": ("Отказ оператора", "Відмова оператора", "Refused by operator"),
    "class_sender": ("Не принимают нас", "Не приймають нас", "We are refused"),
    "class_content": ("Не принят текст", "Не прийнято текст", "Text refused"),
    "class_complaint": ("Жалобы", "Скарги", "Complaints"),
    "term_kept": ("В срок", "У строк", "In time"),
    "term_late": ("Позже срока", "Пізніше строку", "Late"),
    "term_untold": ("Не уведомлены", "Не сповіщені", "Not told"),
    "term_ahead": ("Срок впереди", "Строк попереду", "Still time"),
    "term_no_date": ("Без даты", "Без дати", "No date"),
    "kept_share": ("В срок, доля", "У строк, частка", "In time, share"),
}
