"""Kinds of personal data: for what purpose we hold them, on what legal ground, and how long (requirement 51).

Every column of every table is declared to hold one of these or none (`dispatcher.privacy.register`). The
words are those of law 152-FZ; what an installation's lawyer sees differently is changed here, once.
"""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from reports.words import LANGUAGES, Language

Text = tuple[str, str, str]  #: Russian, Ukrainian, English


class DataKind(StrEnum):
    """What a column holds."""

    #: who the person is: name, customer id
    IDENTITY = "identity"
    #: account, supply address, sums and other fields of lists
    SUPPLY = "supply"
    #: addresses and numbers
    CONTACT = "contact"
    #: group, language, vulnerability, preferred way
    NEEDS = "needs"
    #: what the person agreed to and took back
    CONSENT = "consent"
    #: that the person was told, when, how, with what result; ids only
    NOTICE = "notice"
    #: the exact text that was sent, and the files with it
    CONTENT = "content"
    #: what the called person said, as sound
    RECORDING = "recording"
    #: what providers and the person answered
    ANSWER = "answer"
    #: rows of lists that were not taken, as they stood
    REJECTED = "rejected"
    #: who of the company did something
    STAFF = "staff"


@dataclass(frozen=True, slots=True)
class Rule:
    """Why and how long. `setting` names the days of `retention` that purge it; empty: until erased."""

    title: Text
    purpose: Text
    ground: Text
    setting: str = ""


_CONTRACT: Final = (
    "договор энергоснабжения (152-ФЗ, ст. 6 ч. 1 п. 5)",
    "договір постачання (про захист персональних даних, ст. 11)",
    "the supply contract (152-FZ, article 6.1.5)",
)
_DUTY: Final = (
    "обязанность по закону (152-ФЗ, ст. 6 ч. 1 п. 2)",
    "обов'язок за законом",
    "a duty by law (152-FZ, article 6.1.2)",
)
_PROOF: Final = (
    "обязанность доказать согласие (152-ФЗ, ст. 9 ч. 3)",
    "обов'язок довести згоду",
    "the duty to prove consent (152-FZ, article 9.3)",
)
_CONSENT: Final = (
    "согласие (152-ФЗ, ст. 6 ч. 1 п. 1)",
    "згода",
    "consent (152-FZ, article 6.1.1)",
)

RULES: Final = MappingProxyType(
    {
        DataKind.IDENTITY: Rule(
            ("кто это", "хто це", "who it is"),
            (
                "обращаться к абоненту и не путать его с другими",
                "звертатися до споживача і не плутати його з іншими",
                "to address the customer and tell him from others",
            ),
            _CONTRACT,
        ),
        DataKind.SUPPLY: Rule(
            ("лицевой счёт и поставка", "рахунок і постачання", "account and supply"),
            (
                "сообщать о поставке, счетах и долге по этому адресу",
                "повідомляти про постачання, рахунки і борг за цією адресою",
                "to inform about supply, bills and debt at this address",
            ),
            _CONTRACT,
            "list_days",
        ),
        DataKind.CONTACT: Rule(
            ("адрес для сообщений", "адреса для повідомлень", "address for messages"),
            ("доставлять сообщения", "доставляти повідомлення", "to deliver messages"),
            _CONSENT,
        ),
        DataKind.NEEDS: Rule(
            ("как обращаться", "як звертатися", "how to be spoken to"),
            (
                "выбрать язык, способ и бережный подход",
                "обрати мову, спосіб і дбайливий підхід",
                "to choose language, way and a careful approach",
            ),
            _CONTRACT,
        ),
        DataKind.CONSENT: Rule(
            ("согласия и отказы", "згоди і відмови", "consents and refusals"),
            (
                "писать только тем, кто согласен, и доказать это",
                "писати лише тим, хто згоден, і довести це",
                "to write only to who agreed, and to prove it",
            ),
            _PROOF,
        ),
        DataKind.NOTICE: Rule(
            ("уведомления и их исход", "повідомлення та їх результат", "notices and their results"),
            (
                "доказать, что, когда и как было сообщено",
                "довести, що, коли і як було повідомлено",
                "to prove what was told, when and how",
            ),
            _DUTY,
        ),
        DataKind.CONTENT: Rule(
            ("текст сообщений", "текст повідомлень", "text of messages"),
            (
                "показать, что именно было отправлено",
                "показати, що саме було надіслано",
                "to show what exactly was sent",
            ),
            _DUTY,
            "content_days",
        ),
        DataKind.RECORDING: Rule(
            ("записи звонков", "записи дзвінків", "recordings of calls"),
            (
                "доказать, что сообщение выслушано",
                "довести, що повідомлення вислухано",
                "to prove that the message was listened to",
            ),
            _CONSENT,
            "recording_days",
        ),
        DataKind.ANSWER: Rule(
            ("ответы и квитанции", "відповіді та квитанції", "answers and receipts"),
            (
                "знать, дошло ли сообщение, и ответить",
                "знати, чи дійшло повідомлення, і відповісти",
                "to know whether a message arrived, and to answer",
            ),
            _DUTY,
            "answer_days",
        ),
        DataKind.REJECTED: Rule(
            ("непринятые строки списков", "неприйняті рядки списків", "rows of lists that were not taken"),
            ("исправить и загрузить снова", "виправити й завантажити знову", "to mend and import them again"),
            _CONTRACT,
            "rejected_row_days",
        ),
        DataKind.STAFF: Rule(
            ("действия сотрудников", "дії працівників", "actions of staff"),
            ("знать, кто за что отвечает", "знати, хто за що відповідає", "to know who answers for what"),
            _DUTY,
            "audit_days",
        ),
    }
)


def in_words(text: Text, language: Language) -> str:
    """One of the three."""
    return text[LANGUAGES.index(language)]
