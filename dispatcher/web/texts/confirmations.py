"""Confirming an address: key → Russian, Ukrainian, English."""

from typing import Final

from reports.words import Words

CONFIRMATIONS: Final[Words] = {
    "confirm_title": ("Подтверждение адреса", "Підтвердження адреси", "Confirming the address"),
    "confirm_lead": (
        "Вы разрешаете присылать на этот адрес:",
        "Ви дозволяєте надсилати на цю адресу:",
        "You allow us to send to this address:",
    ),
    "confirm_button": ("Подтверждаю", "Підтверджую", "Confirm"),
    "confirm_done": ("Адрес подтверждён", "Адресу підтверджено", "The address is confirmed"),
    "confirm_done_lead": ("Теперь сюда приходят:", "Тепер сюди надходять:", "From now on you get here:"),
    "confirm_failed": ("Подтвердить не получилось", "Підтвердити не вдалося", "It could not be confirmed"),
    "confirm_expired": (
        "Срок ссылки истёк. Попросите новую.",
        "Строк посилання минув. Попросіть нове.",
        "The link has run out. Ask for a new one.",
    ),
    "confirm_withdrawn_since": (
        "После этого письма вы отозвали согласие. Если передумали, попросите новую ссылку.",
        "Після цього листа ви відкликали згоду. Якщо передумали, попросіть нове посилання.",
        "After this letter you withdrew. If you have changed your mind, ask for a new link.",
    ),
    "confirm_not_sent": (
        "Эта ссылка не действует. Попросите новую.",
        "Це посилання не діє. Попросіть нове.",
        "This link does not hold. Ask for a new one.",
    ),
    "confirmation_ask": (
        "Попросить подтвердить самого абонента",
        "Попросити підтвердити самого абонента",
        "Ask the person to confirm",
    ),
    "confirmation_ask_note": (
        "На e-mail придёт ссылка, на телефон — код. Пока не подтверждено, ничего не отправляем.",
        "На e-mail надійде посилання, на телефон — код. Доки не підтверджено, нічого не надсилаємо.",
        "A link is sent by e-mail, a code by SMS. Nothing is sent until it is confirmed.",
    ),
    "confirmation_code": ("Код из SMS", "Код із SMS", "Code of the SMS"),
    "confirmation_check": ("Проверить", "Перевірити", "Check"),
    "answer_confirmation_asked": (
        "Сообщение с просьбой подтвердить отправляется.",
        "Повідомлення з проханням підтвердити надсилається.",
        "The message that asks for it is being sent.",
    ),
    "answer_proof_confirmed": ("Подтверждено.", "Підтверджено.", "Confirmed."),
    "answer_proof_already": ("Уже подтверждено.", "Уже підтверджено.", "Confirmed already."),
    "answer_proof_wrong_code": ("Код не подходит.", "Код не підходить.", "This is not the code."),
    "answer_proof_expired": (
        "Срок кода истёк: попросите новый.",
        "Строк коду минув: попросіть новий.",
        "The code has run out: ask for a new one.",
    ),
    "answer_proof_too_many_tries": (
        "Слишком много неверных кодов: попросите новый.",
        "Забагато неправильних кодів: попросіть новий.",
        "Too many wrong codes: ask for a new one.",
    ),
    "answer_proof_withdrawn_since": (
        "Абонент отозвал согласие после запроса.",
        "Абонент відкликав згоду після запиту.",
        "The person withdrew after asking.",
    ),
    "answer_proof_not_sent": (
        "Код ещё не отправлен.",
        "Код ще не надіслано.",
        "The code has not been sent.",
    ),
    "fault_confirmation_channel": (
        "Подтверждают по e-mail или по SMS.",
        "Підтверджують через e-mail або SMS.",
        "An address is proven by e-mail or SMS.",
    ),
    "fault_confirmation_purposes": (
        "Укажите, для чего.",
        "Вкажіть, для чого.",
        "Say for what.",
    ),
    "fault_confirmation_suppressed": (
        "Адрес в стоп-листе: сначала снимите запрет.",
        "Адреса у стоп-листі: спершу зніміть заборону.",
        "The address is suppressed: lift that first.",
    ),
    "fault_confirmation_too_many": (
        "На этот адрес сегодня уже просили подтверждение {most} раза. Попробуйте завтра.",
        "На цю адресу сьогодні вже просили підтвердження {most} рази. Спробуйте завтра.",
        "Confirmations were asked {most} times today for this address. Try tomorrow.",
    ),
    "fault_confirmation_too_soon": (
        "Только что уже просили: подождите минуту.",
        "Щойно вже просили: зачекайте хвилину.",
        "One was asked for a moment ago: wait a minute.",
    ),
    "fault_confirmation_no_channel": (
        "Этот канал не настроен: отправить нечем. Для SMS нужен договор с провайдером.",
        "Цей канал не налаштовано: надіслати нічим. Для SMS потрібен договір із провайдером.",
        "This channel is not configured: nothing can be sent. SMS needs a provider.",
    ),
}
