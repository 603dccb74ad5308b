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
}
