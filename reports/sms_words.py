"""What providers of short messages mean by their codes, for staff: SMSC's numbers and SMPP's names.

The codes are those of `channels.sms.smsc.codes` and `channels.sms.smpp.codes`; a test asks for words for
each of them. What only a technician could mend shares words that say so; the page shows its digits beside.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_Words = tuple[str, str, str]

_REPORT_IT: Final = (
    "провайдер СМС не понял запрос: сообщите администратору",
    "провайдер СМС не зрозумів запит: повідомте адміністратора",
    "the SMS provider did not understand the request: tell the administrator",
)
_ACCOUNT: Final = (
    "провайдер СМС не принимает наш доступ: проверьте настройки",
    "провайдер СМС не приймає наш доступ: перевірте налаштування",
    "the SMS provider does not take our account: check the settings",
)
_NAME: Final = (
    "имя отправителя СМС не зарегистрировано у провайдера",
    "ім'я відправника СМС не зареєстровано у провайдера",
    "the SMS sender's name is not registered with the provider",
)
_BAD_NUMBER: Final = ("неверный номер телефона", "неправильний номер телефону", "the number is wrong")
_AWAY: Final = (
    "провайдер СМС недоступен",
    "провайдер СМС недоступний",
    "the SMS provider cannot be reached",
)
_SILENT: Final = (
    "провайдер СМС не ответил: ушло ли, неизвестно",
    "провайдер СМС не відповів: чи пішло, невідомо",
    "the SMS provider did not answer: nobody knows whether it left",
)
_BUSY: Final = (
    "провайдер СМС просит подождать",
    "провайдер СМС просить зачекати",
    "the SMS provider asks to wait",
)
_REFUSED: Final = ("провайдер СМС отказал", "провайдер СМС відмовив", "the SMS provider refused it")
_NOT_NOW: Final = (
    "провайдер СМС сейчас не принял",
    "провайдер СМС зараз не прийняв",
    "the SMS provider did not take it for now",
)
_TOO_LONG: Final = ("СМС слишком длинная", "СМС задовга", "the SMS is too long")

_PLAIN: Final[Mapping[str, _Words]] = MappingProxyType(
    {
        "sms_too_long": _TOO_LONG,
        "sms_empty": ("текст СМС пуст", "текст СМС порожній", "the SMS has no text"),
        "sms_no_route": (
            "для этого номера не назначен провайдер СМС",
            "для цього номера не призначено провайдера СМС",
            "no SMS provider is set for this number",
        ),
        "sms_window_too_short": (
            "до конца часов отправки слишком мало времени",
            "до кінця годин надсилання замало часу",
            "too little is left of the sending hours",
        ),
        "sms_broken_off": _SILENT,
        "sms_no_answer": _SILENT,
        "smsc_call_needs_keys": (
            "этот звонок нельзя сделать через SMSC: нужны ответы клавишами",
            "цей дзвінок не можна зробити через SMSC: потрібні відповіді клавішами",
            "not a call that can go through SMSC: it needs keys",
        ),
        "smsc_unreachable": _AWAY,
        "smsc_not_configured": (
            "провайдер СМС не настроен",
            "провайдера СМС не налаштовано",
            "no SMS provider is configured",
        ),
        "smsc_no_answer": _SILENT,
        "smsc_found_afterwards": (
            "принято, хотя ответ провайдера пропал",
            "прийнято, хоча відповідь провайдера зникла",
            "taken, though the provider's answer was lost",
        ),
        "smsc_low_balance": (
            "на счёте СМС мало денег: пополните",
            "на рахунку СМС мало грошей: поповніть",
            "there is too little money on the SMS account: pay it in",
        ),
        "smsc_no_funds": (
            "на счёте СМС нет денег: пополните",
            "на рахунку СМС немає грошей: поповніть",
            "there is no money on the SMS account: pay it in",
        ),
        "smsc_too_many": _BUSY,
        "smsc_duplicate": _BUSY,
        "smsc_parameters": _REPORT_IT,
        "smsc_date_format": _REPORT_IT,
        "smsc_login_refused": _ACCOUNT,
        "smsc_address_blocked": (
            "провайдер СМС временно заблокировал наш сервер",
            "провайдер СМС тимчасово заблокував наш сервер",
            "the SMS provider has blocked our server for a while",
        ),
        "smsc_message_forbidden": (
            "текст или имя отправителя запрещены: согласуйте с провайдером",
            "текст або ім'я відправника заборонені: узгодьте з провайдером",
            "the text or the sender's name is forbidden: agree it with the provider",
        ),
        "smsc_number_format": _BAD_NUMBER,
        "smsc_number_undeliverable": (
            "на этот номер доставить нельзя",
            "на цей номер доставити не можна",
            "nothing can be delivered to this number",
        ),
        "smpp_unreachable": _AWAY,
        "smpp_not_bound": ("нет связи с оператором СМС", "немає зв'язку з оператором СМС", "not connected"),
        "smpp_tls_refused": (
            "защищённое соединение с оператором СМС не установлено: проверьте сертификат",
            "захищене з'єднання з оператором СМС не встановлено: перевірте сертифікат",
            "no protected connection to the SMS operator: check the certificate",
        ),
        "smpp_no_answer": _SILENT,
        "smpp_connection_lost": (
            "связь с оператором СМС прервалась: ушло ли, неизвестно",
            "зв'язок з оператором СМС перервався: чи пішло, невідомо",
            "the connection to the SMS operator broke: nobody knows whether it left",
        ),
        "smpp_partly_sent": (
            "ушла только часть длинной СМС",
            "пішла лише частина довгої СМС",
            "only a part of the long SMS has left",
        ),
        "smpp_queried": ("оператор СМС ответил на запрос", "оператор СМС відповів на запит", "asked about"),
        "smpp_incoming": ("входящая СМС", "вхідна СМС", "an incoming SMS"),
        "smpp_rinvmsglen": _TOO_LONG,
        "smpp_rinvsrcadr": _NAME,
        "smpp_rinvsrcton": _NAME,
        "smpp_rinvsrcnpi": _NAME,
        "smpp_rinvdstadr": _BAD_NUMBER,
        "smpp_rinvdstton": _BAD_NUMBER,
        "smpp_rinvdstnpi": _BAD_NUMBER,
        "smpp_rinvbndsts": _ACCOUNT,
        "smpp_ralybnd": _ACCOUNT,
        "smpp_rbindfail": _ACCOUNT,
        "smpp_rinvpaswd": _ACCOUNT,
        "smpp_rinvsysid": _ACCOUNT,
        "smpp_rinvsystyp": _ACCOUNT,
        "smpp_rmsgqful": _BUSY,
        "smpp_rthrottled": _BUSY,
        "smpp_rsyserr": (
            "сбой у оператора СМС: ушло ли, неизвестно",
            "збій в оператора СМС: чи пішло, невідомо",
            "a fault at the SMS operator: nobody knows whether it left",
        ),
        "smpp_runknownerr": (
            "неизвестный ответ оператора СМС: ушло ли, неизвестно",
            "невідома відповідь оператора СМС: чи пішло, невідомо",
            "an unknown answer of the SMS operator: nobody knows whether it left",
        ),
        "smpp_rsubmitfail": _NOT_NOW,
        "smpp_rx_t_appn": _NOT_NOW,
        "smpp_rdeliveryfailure": _NOT_NOW,
        "smpp_rx_p_appn": _REFUSED,
        "smpp_rx_r_appn": _REFUSED,
        "smpp_rok": ("принято", "прийнято", "taken"),
    }
)
_EXPIRED: Final = (
    "СМС не доставлена за отведённое время",
    "СМС не доставлено за відведений час",
    "the SMS could not be delivered in its time",
)
_UNDELIVERED: Final = ("СМС не доставлена", "СМС не доставлено", "the SMS was not delivered")
_DELIVERED: Final = ("доставлено", "доставлено", "delivered")
_UNDER_WAY: Final = ("в пути", "у дорозі", "under way")
_NO_REPORT: Final = (
    "оператор не сообщил, доставлена ли СМС",
    "оператор не повідомив, чи доставлено СМС",
    "the operator did not say whether the SMS was delivered",
)
_BLOCKED: Final = (
    "СМС запрещена оператором или провайдером",
    "СМС заборонено оператором або провайдером",
    "the SMS was forbidden by the operator or the provider",
)
#: `status` of SMSC (domain: 2.5).
_STATUSES: Final[Mapping[int, _Words]] = MappingProxyType(
    {
        -3: ("провайдер не знает этой СМС", "провайдер не знає цієї СМС", "not known to the provider"),
        -2: ("рассылка у провайдера остановлена", "розсилку у провайдера зупинено", "paused at the provider"),
        -1: _UNDER_WAY,
        0: _UNDER_WAY,
        1: _DELIVERED,
        2: ("прочитано", "прочитано", "read"),
        3: _EXPIRED,
        4: ("открыта ссылка из СМС", "відкрито посилання з СМС", "its link was opened"),
        20: _UNDELIVERED,
        22: _BAD_NUMBER,
        23: _BLOCKED,
        24: _PLAIN["smsc_no_funds"],
        25: ("номер недоступен", "номер недоступний", "the number cannot be reached"),
    }
)
#: `err` of SMSC: says more than the status.
_DETAILS: Final[Mapping[int, _Words]] = MappingProxyType(
    {
        1: ("нет такого абонента", "немає такого абонента", "no such subscriber"),
        6: ("телефон выключен или вне сети", "телефон вимкнено або поза мережею", "the telephone is off"),
        11: ("у абонента не подключены СМС", "в абонента не підключено СМС", "no SMS for this subscriber"),
        12: ("неисправен телефон или SIM", "несправний телефон або SIM", "telephone or card at fault"),
        13: ("номер заблокирован", "номер заблоковано", "the number is blocked"),
        21: ("номер не принимает СМС", "номер не приймає СМС", "the number takes no SMS"),
        219: ("SIM-карта недавно заменена", "SIM-картку нещодавно замінено", "the card was just replaced"),
        220: _BUSY,
        237: ("не ответил на звонок", "не відповів на дзвінок", "the call was not answered"),
        238: ("текст не согласован с оператором", "текст не узгоджено з оператором", "no template agreed"),
        239: _ACCOUNT,
        240: (
            "занято или звонок отклонён",
            "зайнято або дзвінок відхилено",
            "busy, or the call was declined",
        ),
        241: ("звук не создан", "звук не створено", "the sound could not be made"),
        242: ("автоответчик", "автовідповідач", "an answering machine"),
        243: ("нет договора на рассылку", "немає договору на розсилку", "no contract for mass sending"),
        244: ("абонент запретил рассылки", "абонент заборонив розсилки", "the subscriber forbids mailings"),
        245: _NO_REPORT,
        246: (
            "вне часов, разрешённых у провайдера",
            "поза годинами провайдера",
            "outside the account's hours",
        ),
        247: ("дневной лимит у провайдера", "денний ліміт у провайдера", "the account's daily limit"),
        248: ("нет маршрута к номеру", "немає маршруту до номера", "no route to the number"),
        249: _BAD_NUMBER,
        250: (
            "номер запрещён в кабинете провайдера",
            "номер заборонено у провайдера",
            "barred at the provider",
        ),
        251: ("слишком много СМС на номер", "забагато СМС на номер", "too many SMS to the number"),
        252: ("номер запрещён", "номер заборонено", "the number is forbidden"),
        253: ("спам-фильтр оператора", "спам-фільтр оператора", "the operator's spam filter"),
        254: _NAME,
        255: ("оператор отклонил СМС", "оператор відхилив СМС", "the operator rejected the SMS"),
    }
)
#: `message_state` of SMPP 3.4, table 5-6.
_STATES: Final[Mapping[int, _Words]] = MappingProxyType(
    {
        0: _UNDER_WAY,
        1: _UNDER_WAY,
        2: _DELIVERED,
        3: _EXPIRED,
        4: ("СМС удалена у оператора", "СМС видалено в оператора", "deleted at the operator"),
        5: _UNDELIVERED,
        6: _UNDER_WAY,
        7: _NO_REPORT,
        8: ("оператор отклонил СМС", "оператор відхилив СМС", "the operator rejected the SMS"),
        9: _UNDELIVERED,
    }
)
_SMSC: Final = re.compile(r"smsc_(-?\d{1,3})(?:_(\d{1,3}))?", re.ASCII)
_STATE: Final = re.compile(r"smpp_state_(\d{1,2}|none)(?:_\w+)?", re.ASCII)


def sms_words(code: str) -> _Words | None:
    """What a code of the SMS channel means, in Russian, Ukrainian and English; None: it is none of them."""
    if code in _PLAIN:
        return _PLAIN[code]
    if match := _SMSC.fullmatch(code):
        detail = _DETAILS.get(int(match[2])) if match[2] else None
        return detail or _STATUSES.get(int(match[1]), _NO_REPORT)
    if match := _STATE.fullmatch(code):
        return _NO_REPORT if match[1] == "none" else _STATES.get(int(match[1]), _NO_REPORT)
    if code.startswith("smpp_0x"):  # a vendor's own: refused for now
        return _NOT_NOW
    return _REPORT_IT if code.startswith("smpp_r") else None
