"""The calls of a run: key → Russian, Ukrainian, English."""

from typing import Final

from reports.words import Words

CALLS: Final[Words] = {
    "calls": ("Звонки", "Дзвінки", "Calls"),
    "calls_of_run": ("Каждый звонок", "Кожен дзвінок", "Each call"),
    "calls_all": ("Все", "Усі", "All"),
    "calls_entered": ("С введёнными цифрами", "З введеними цифрами", "With digits entered"),
    "calls_first": ("К началу", "На початок", "To the first"),
    "call_filter": ("Чем закончились", "Чим закінчилися", "How they ended"),
    "calls_none": ("Таких звонков нет.", "Таких дзвінків немає.", "There are no such calls."),
    "calls_none_hint": (
        "Здесь звонки, сделанные через наши линии. О звонках через SMSC известен только итог: он на странице"
        " запуска.",
        "Тут дзвінки, зроблені через наші лінії. Про дзвінки через SMSC відомий лише підсумок: він на"
        " сторінці запуску.",
        "Calls over our own trunks are shown here. Of calls through SMSC only the outcome is known: it is on"
        " the page of the run.",
    ),
    "call_person": ("Абонент", "Споживач", "Person"),
    "call_when": ("Когда", "Коли", "When"),
    "call_attempt": ("попытка\u00a0{number}", "спроба\u00a0{number}", "attempt\u00a0{number}"),
    "call_outcome": ("Итог", "Підсумок", "Outcome"),
    "call_answered_by": ("Кто ответил", "Хто відповів", "Answered by"),
    "call_identified": ("подтвердил, что это он", "підтвердив, що це він", "said that it is them"),
    "call_seconds": ("Гудки / разговор, с", "Гудки / розмова, с", "Rang / talked, s"),
    "call_heard": ("Прослушано", "Прослухано", "Heard"),
    "call_heard_of": ("{heard} из {all} с", "{heard} з {all} с", "{heard} of {all} s"),
    "call_keys": ("Клавиши", "Клавіші", "Keys"),
    "call_wrong_person": ("сказал: не тот человек", "сказав: не та людина", "said: the wrong person"),
    "call_no_more": ("просил больше не звонить", "просив більше не дзвонити", "asked for no more calls"),
    "call_transferred": ("переведён на оператора", "переведено на оператора", "handed over to the operator"),
    "call_trunk": ("Линия", "Лінія", "Trunk"),
    "entered_export_csv": ("Введённые показания: CSV", "Введені показання: CSV", "Entered readings: CSV"),
    "entered_export_xlsx": ("Excel", "Excel", "Excel"),
    "entered_export_hint": (
        "Всё, что люди ввели цифрами во всех звонках запуска: лицевой счёт, что введено, цифры, когда.",
        "Усе, що люди ввели цифрами в усіх дзвінках запуску: особовий рахунок, що введено, цифри, коли.",
        "All digits that people entered in the calls of the run: account, what was entered, digits, when.",
    ),
}
