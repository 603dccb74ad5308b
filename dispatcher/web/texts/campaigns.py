"""Campaigns and their dry runs: key → Russian, Ukrainian, English."""

from typing import Final

from reports.words import Words

CAMPAIGNS: Final[Words] = {
    "more_options": (
        "Ещё настройки",
        "Ще налаштування",
        "More options",
    ),
    "max_per_second": (
        "Не быстрее, сообщений в секунду (пусто — без предела)",
        "Не швидше, повідомлень за секунду (порожньо — без межі)",
        "At most, messages per second (empty: no limit)",
    ),
    "max_per_second_is": (
        "Не быстрее {rate} в секунду",
        "Не швидше {rate} за секунду",
        "At most {rate} per second",
    ),
    "needs_approval": (
        "Должен согласовать другой сотрудник",
        "Має погодити інший працівник",
        "Somebody else must approve it",
    ),
    "approval_always": (
        "Начнётся только после согласования другим сотрудником.",
        "Почнеться лише після погодження іншим працівником.",
        "It begins only once somebody else has approved it.",
    ),
    "as_draft": (
        "Оставить черновиком",
        "Залишити чернеткою",
        "Leave it as a draft",
    ),
    "seeds_too": (
        "Контрольные письма сотрудникам с выдуманными данными: {count}.",
        "Контрольні листи працівникам з вигаданими даними: {count}.",
        "Letters to colleagues with made-up data: {count}.",
    ),
    "repeat_instead": (
        "Повторять по расписанию",
        "Повторювати за розкладом",
        "Repeat by a schedule",
    ),
    "first_then_wait": (
        "Сначала {count}, затем ждать решения",
        "Спочатку {count}, потім чекати на рішення",
        "First {count}, then wait for a decision",
    ),
    "save_draft": (
        "Сохранить черновик",
        "Зберегти чернетку",
        "Save the draft",
    ),
    "send_for_approval": (
        "Передать на согласование: {count}",
        "Передати на погодження: {count}",
        "Hand over for approval: {count}",
    ),
    "channels": (
        "Каналы, по очереди",
        "Канали, по черзі",
        "Channels, in turn",
    ),
    "resend_channels": (
        "как в первом задании",
        "як у першому завданні",
        "as in the first run",
    ),
    "correct_channels": (
        "по сценарию",
        "за сценарієм",
        "by the scenario",
    ),
    "sms_parts": (
        "Частей СМС",
        "Частин СМС",
        "SMS parts",
    ),
    "sms_length": (
        "Частей СМС: {parts}, свободно знаков: {left}",
        "Частин СМС: {parts}, вільно знаків: {left}",
        "SMS parts: {parts}, characters left: {left}",
    ),
    "sms_longest": (
        "самое длинное — {parts}",
        "найдовше — {parts}",
        "the longest has {parts}",
    ),
    "sms_price": (
        "около {price} по цене за часть",
        "близько {price} за ціною частини",
        "about {price} by the price of a part",
    ),
    "sms_price_provider": (
        "около {price} по ценам провайдера",
        "близько {price} за цінами провайдера",
        "about {price} by the provider's own prices",
    ),
    "sms_price_mixed": (
        "около {price} по ценам провайдера для {some} из {all}",
        "близько {price} за цінами провайдера для {some} з {all}",
        "about {price} by the provider's own prices for {some} of {all}",
    ),
    "sms_parts_later": (
        "Частей СМС, если другие каналы не дойдут, не больше",
        "Частин СМС, якщо інші канали не дійдуть, не більше",
        "SMS parts if other channels fail, at most",
    ),
    "sms_foreign": (
        "укорачивают место (нет в GSM-7): {characters}",
        "скорочують місце (немає в GSM-7): {characters}",
        "leave less room (not in GSM-7): {characters}",
    ),
    "fault_channel_not_configured": (
        "Канал не настроен: {channel}. Выберите другой или обратитесь к администратору.",
        "Канал не налаштовано: {channel}. Виберіть інший або зверніться до адміністратора.",
        "The channel is not set up: {channel}. Choose another or ask the administrator.",
    ),
    "fault_call_needs_keys": (
        "Звонок «{scenario}» нельзя сделать через SMSC: там текст только зачитывают, а этот звонок"
        " спрашивает, кто у телефона, принимает цифры, играет запись или ждёт подтверждения клавишей."
        " Выберите другие каналы или подключите SIP-транк.",
        "Дзвінок «{scenario}» не можна зробити через SMSC: там текст лише зачитують, а цей дзвінок питає, хто"
        " біля телефону, приймає цифри, програє запис або чекає підтвердження клавішею. Оберіть інші канали"
        " або підключіть SIP-транк.",
        "The call “{scenario}” cannot be made through SMSC: it only reads a text out, and this call asks who"
        " is speaking, takes digits, plays a recording or must be confirmed by a key. Choose other channels,"
        " or configure a SIP trunk.",
    ),
    "fault_no_text_for_channel": (
        "У сценария нет текста для этого канала: {channel}.",
        "У сценарію немає тексту для цього каналу: {channel}.",
        "The scenario has no text for this channel: {channel}.",
    ),
    "fault_no_call": (
        "Прослушать можно только звонок.",
        "Прослухати можна лише дзвінок.",
        "Only a call can be listened to.",
    ),
    "fault_channels_twice": (
        "Назовите каждый канал один раз.",
        "Назвіть кожен канал один раз.",
        "Name each channel once.",
    ),
    "rate_of": (
        "{rate} в секунду",
        "{rate} за секунду",
        "{rate} per second",
    ),
    "basis_provider_limit": (
        "предел провайдера",
        "межа провайдера",
        "the provider's limit",
    ),
    "basis_run_limit": (
        "предел задания",
        "межа завдання",
        "the campaign's limit",
    ),
    "basis_lines": (
        "столько звонков умещается на линиях",
        "стільки дзвінків уміщується на лініях",
        "as many calls as the lines carry",
    ),
    "basis_measured": (
        "по недавним заданиям",
        "за недавніми завданнями",
        "as recent campaigns went",
    ),
    "basis_assumed": (
        "предположение",
        "припущення",
        "an assumption",
    ),
    "sample": (
        "Образец: строка {line}",
        "Зразок: рядок {line}",
        "Sample: line {line}",
    ),
    "letter": (
        "Письмо",
        "Лист",
        "Letter",
    ),
    "letter_text": (
        "Текст без оформления",
        "Текст без оформлення",
        "Plain text",
    ),
    "warning_nobody_goes": (
        "Не уйдёт никому: посмотрите причины.",
        "Не піде нікому: подивіться причини.",
        "Nobody will get anything: look at the reasons.",
    ),
    "warning_phrase_not_audible": (
        "Фразу звонка не произнести: {reason}",
        "Фразу дзвінка не вимовити: {reason}",
        "A phrase of the call cannot be spoken: {reason}",
    ),
    "listen": ("Прослушать", "Прослухати", "Listen"),
    "warning_finish_after_end": (
        "До окончания не успеют уйти: {count}. Продлите срок или начните раньше.",
        "До закінчення не встигнуть піти: {count}. Продовжте строк або почніть раніше.",
        "Not sent before the end: {count}. Move the end or begin earlier.",
    ),
    "warning_missing_fields": (
        "Не заполнены поля шаблона: {fields}.",
        "Не заповнено поля шаблону: {fields}.",
        "Fields of the text are empty: {fields}.",
    ),
    "warning_abnormal_sums": (
        "Необычно большие ({large}) или малые ({small}) суммы: проверьте их до отправки.",
        "Незвично великі ({large}) або малі ({small}) суми: перевірте їх до надсилання.",
        "Unusually large ({large}) or small ({small}) sums: check them first.",
    ),
    "warning_bills_to_fetch": (
        "Счета по ссылкам загружаются после начала: {count}. Каждое письмо ждёт своего.",
        "Рахунки за посиланнями завантажуються після початку: {count}. Кожен лист чекає на свій.",
        "Bills by link are fetched after the start: {count}. Each letter waits for its own.",
    ),
    "warning_by_hand": (
        "Придётся уведомить вручную: {count}. Основание — договор или закон, поэтому никто не пропадёт:"
        " они попадут в список «Уведомить вручную».",
        "Доведеться сповістити вручну: {count}. Підстава — договір або закон, тому ніхто не зникне:"
        " вони потраплять до списку «Сповістити вручну».",
        "To be told by hand: {count}. The basis is the contract or the law, so nobody vanishes:"
        " they will be on the list “To be told by hand”.",
    ),
    "warning_zone_unknown": (
        "Часовой пояс не определён у {count}: взят пояс компании.",
        "Часовий пояс не визначено у {count}: узято пояс компанії.",
        "No time zone is known for {count}: the company's was taken.",
    ),
    "warning_newer_list_incomplete": (
        "Версия {passed_over} списка не загружена целиком: взята версия {version}.",
        "Версію {passed_over} списку не завантажено цілком: узято версію {version}.",
        "Version {passed_over} of the list is not complete: version {version} is taken.",
    ),
}
