"""Scenarios, their fields and what stands against a campaign: key → Russian, Ukrainian, English."""

from typing import Final

from campaigns.catalogue import BUILTIN
from reports.words import Words
from templates.notice_fields import NOTICE_FIELDS, OWN_TITLES

#: Said as a fault where a campaign is refused, and as a warning in the dry run.
_FINDINGS: Final[Words] = {
    "item_not_in_text": (
        "В тексте ({places}) нет обязательных сведений: {fields}. Вставьте поля в текст.",
        "У тексті ({places}) немає обов'язкових відомостей: {fields}. Додайте поля до тексту.",
        "The text ({places}) leaves out what it must say: {fields}. Put the fields into it.",
    ),
    "item_empty": (
        "Не заполнено обязательное поле {fields}, получателей: {count}{lines}. Заполните его в списке или"
        " в задании.",
        "Не заповнено обов'язкове поле {fields}, отримувачів: {count}{lines}. Заповніть його у списку або"
        " в завданні.",
        "The mandatory field {fields} is empty, recipients: {count}{lines}. Fill it in the list or in the"
        " campaign.",
    ),
    "text_refused": (
        "Такой текст отправлять нельзя: {fault}.",
        "Такий текст надсилати не можна: {fault}.",
        "This text may not be sent: {fault}.",
    ),
    "starts_too_late": (
        "Начинать поздно: сообщить нужно было не позднее {latest}. Опоздание для получателей: {count}.",
        "Починати пізно: повідомити потрібно було не пізніше {latest}. Запізнення для отримувачів: {count}.",
        "It is too late to begin: people had to be told by {latest}. Too late for {count} recipients.",
    ),
    "event_date_missing": (
        "Нет даты ({fields}), от которой считается срок уведомления, получателей: {count}.",
        "Немає дати ({fields}), від якої рахується строк повідомлення, отримувачів: {count}.",
        "The date ({fields}) from which the lead time counts is missing, recipients: {count}.",
    ),
    "advertising_forbidden": (
        "Автоматическая рассылка рекламы запрещена (38-ФЗ, ст. 18, ч. 2), и согласие этого не меняет.",
        "Автоматичне розсилання реклами заборонено (38-ФЗ, ст. 18, ч. 2), і згода цього не змінює.",
        "Sending advertising automatically is forbidden (38-FZ, article 18, part 2), whatever was agreed to.",
    ),
    "channel_left_out": (
        "Шаги пропущены, такого канала здесь нет: {channels}.",
        "Кроки пропущено, такого каналу тут немає: {channels}.",
        "Steps are left out, for there is no such channel here: {channels}.",
    ),
    "calls_read_out": (
        "Звонки идут через SMSC: текст зачитывается без вопросов и клавиш. Сообщённым считается каждый, кто"
        " снял трубку; сколько он услышал, неизвестно.",
        "Дзвінки йдуть через SMSC: текст зачитується без питань і клавіш. Сповіщеним вважається кожен, хто"
        " зняв слухавку; скільки він почув, невідомо.",
        "Calls go through SMSC: the text is read out without questions and keys. Whoever takes the call"
        " counts as told; how much was heard is not known.",
    ),
    "second_channel_missing": (
        "Нужны письмо и ещё один канал, а второго здесь нет. Второй способ — вручную (звонок, почта):"
        " получатели попадут в список «Уведомить вручную», их {count}.",
        "Потрібні лист і ще один канал, а другого тут немає. Другий спосіб — вручну (дзвінок, пошта):"
        " отримувачі потраплять до списку «Сповістити вручну», їх {count}.",
        "A letter and one more channel are needed, and there is no second one here. The other way is by hand"
        " (call, post): the recipients come to the list “To be told by hand”, {count} of them.",
    ),
}

SCENARIOS: Final[Words] = {
    **{f"scenario_{one.name}": one.titles for one in BUILTIN.values()},
    **{f"field_{one.name}": one.titles for one in NOTICE_FIELDS.values()},
    **{f"fault_{code}": words for code, words in _FINDINGS.items()},
    **{f"warning_{code}": words for code, words in _FINDINGS.items()},
    "fault_common_fields_many": (
        "Общих полей не больше {most}.",
        "Спільних полів не більше {most}.",
        "A campaign has at most {most} common fields.",
    ),
    "fault_common_field_name": (
        "Поле «{field}» не может быть общим: у каждого получателя оно своё, или такого имени быть не может.",
        "Поле «{field}» не може бути спільним: у кожного отримувача воно своє, або такого імені немає.",
        "The field “{field}” cannot be common: each recipient has an own one, or it is no name of a field.",
    ),
    "fault_common_field_long": (
        "{field}: не больше {most} знаков.",
        "{field}: не більше {most} знаків.",
        "{field}: at most {most} signs.",
    ),
    "fault_common_field_date": (
        "{field}: напишите дату как 25.12.2026.",
        "{field}: напишіть дату як 25.12.2026.",
        "{field}: write the date as 25.12.2026.",
    ),
    "fault_common_field_link": (
        "{field}: нужен адрес https без чьих-либо личных данных.",
        "{field}: потрібна адреса https без чиїхось особистих даних.",
        "{field}: an https address without anybody's personal data is needed.",
    ),
    "fault_not_an_administrator": (
        "Правила сценариев меняет только администратор.",
        "Правила сценаріїв змінює лише адміністратор.",
        "Only an administrator changes what holds for scenarios.",
    ),
    "fault_owner_bad": (
        "Владелец — название до 200 знаков.",
        "Власник — назва до 200 знаків.",
        "The owner is a name of at most 200 signs.",
    ),
    "fault_no_lead_time": (
        "У этого сценария нет даты, от которой считать срок.",
        "У цього сценарію немає дати, від якої рахувати строк.",
        "This scenario has no date to count from.",
    ),
    "fault_lead_time_bad": (
        "Дней — от {least} до {most}, месяцев — от 0 до {months}.",
        "Днів — від {least} до {most}, місяців — від 0 до {months}.",
        "Days are {least} to {most}, months 0 to {months}.",
    ),
    "common_fields": ("Общее для всех получателей", "Спільне для всіх отримувачів", "The same for all"),
    "common_fields_note": (
        "Заполните один раз; если в списке у получателя есть своё значение, возьмём его.",
        "Заповніть один раз; якщо у списку отримувач має своє значення, візьмемо його.",
        "Fill it in once; where the list has a recipient's own value, that is taken.",
    ),
    "is_mandatory": ("обязательно", "обов'язково", "mandatory"),
    "scenario_catalogue": ("Сценарии", "Сценарії", "Scenarios"),
    "scenario_lead": (
        "Что можно сообщить, кто отвечает за текст и за сколько нужно известить.",
        "Що можна повідомити, хто відповідає за текст і за скільки потрібно сповістити.",
        "What can be told, who answers for the text, and how long before.",
    ),
    "scenario_owner": ("Владелец", "Власник", "Owner"),
    "scenario_purpose": ("Цель", "Мета", "Purpose"),
    "scenario_lead_time": ("Срок уведомления", "Строк повідомлення", "Lead time"),
    "scenario_fields": ("Обязательные сведения", "Обов'язкові відомості", "Mandatory items"),
    "scenario_policy": ("Правила отправки", "Правила надсилання", "Rules of sending"),
    "scenario_channels": ("Каналы", "Канали", "Channels"),
    "scenario_combination_any": ("до первого успеха", "до першого успіху", "until one succeeds"),
    "scenario_combination_all": ("все вместе", "усі разом", "all of them"),
    "scenario_start": ("Начать задание", "Почати завдання", "Start a campaign"),
    "scenario_text": ("Текст", "Текст", "Text"),
    "scenario_change_rule": ("Изменить", "Змінити", "Change"),
    "answer_rule_saved": ("Сохранено.", "Збережено.", "Saved."),
    "field_company_name": OWN_TITLES["company_name"],
    "field_company_phone": OWN_TITLES["company_phone"],
    "scenario_days": ("Дней", "Днів", "Days"),
    "scenario_months": ("Месяцев", "Місяців", "Months"),
    "scenario_day_of_month": ("Число следующего месяца", "Число наступного місяця", "Day of the next month"),
    "scenario_strictness": ("Если поздно", "Якщо пізно", "When it is too late"),
    "strictness_refuse": ("не начинать", "не починати", "do not start"),
    "strictness_warn": ("предупредить", "попередити", "warn"),
    "strictness_off": ("не проверять", "не перевіряти", "do not check"),
    "lead_before": (
        "за {months} мес. {days} дн. до даты «{field}»",
        "за {months} міс. {days} дн. до дати «{field}»",
        "{months} months {days} days before “{field}”",
    ),
    "lead_after": (
        "не позже {months} мес. {days} дн. после даты «{field}»",
        "не пізніше {months} міс. {days} дн. після дати «{field}»",
        "within {months} months {days} days after “{field}”",
    ),
    "lead_day_of_next_month": (
        "до {days}-го числа месяца после даты «{field}»",
        "до {days}-го числа місяця після дати «{field}»",
        "by day {days} of the month after “{field}”",
    ),
    "no_lead": ("нет", "немає", "none"),
    "cannot_start": (
        "Так начать нельзя: исправьте то, что выделено красным.",
        "Так почати не можна: виправте те, що виділено червоним.",
        "It cannot start so: mend what is marked red.",
    ),
    "priority_of_scenario": ("как в сценарии", "як у сценарії", "as the scenario says"),
}
