"""The stop list, paused domains and letters, in each language."""

from typing import Final

from reports.words import Words

RETURNS: Final[Words] = {
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
        "Напишите, что сделано по письму, не длиннее {most} знаков.",
        "Напишіть, що зроблено за листом, не довше {most} знаків.",
        "Say what was done about the letter, in at most {most} characters.",
    ),
    "fault_no_letter": (
        "Такого письма (уже) нет.",
        "Такого листа (вже) немає.",
        "There is no such letter (any more).",
    ),
}
