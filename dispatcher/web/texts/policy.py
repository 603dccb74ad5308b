"""Profiles, purposes and the calendar: key → Russian, Ukrainian, English."""

from typing import Final

from reports.words import Words

POLICY: Final[Words] = {
    "policy_always": (
        "круглосуточно, без ограничений",
        "цілодобово, без обмежень",
        "round the clock, no limits",
    ),
    "policy_service_standard": (
        "стандарт обслуживания: рабочие дни, 08:00–17:00",
        "стандарт обслуговування: робочі дні, 08:00–17:00",
        "service standard: working days, 08:00–17:00",
    ),
    "policy_debtor_safe": (
        "должники, 230-ФЗ: звонки 1/2/8, сообщения 2/4/16",
        "боржники, 230-ФЗ: дзвінки 1/2/8, повідомлення 2/4/16",
        "debtors, law 230-FZ: calls 1/2/8, messages 2/4/16",
    ),
    "policy_survey": (
        "опросы: раз в 3 месяца, рабочие дни, 08:00–17:00",
        "опитування: раз на 3 місяці, робочі дні, 08:00–17:00",
        "surveys: once in 3 months, working days, 08:00–17:00",
    ),
    "policy_ukraine": (
        "Украина: рабочие дни, 09:00–19:00, с пределами",
        "Україна: робочі дні, 09:00–19:00, з межами",
        "Ukraine: working days, 09:00–19:00, with caps",
    ),
    "policy_emergency_outage": (
        "авария: круглосуточно, без пределов, срочно",
        "аварія: цілодобово, без меж, терміново",
        "emergency: round the clock, no caps, urgent",
    ),
    "policy_by_purpose": (
        "по таблице целей",
        "за таблицею цілей",
        "as the table of purposes says",
    ),
    "fault_cap_limit": (
        "Предел частоты — от 1 до {most}.",
        "Межа частоти — від 1 до {most}.",
        "A frequency cap is 1 to {most}.",
    ),
    "fault_cap_channels": (
        "Предел считает сообщения, звонки или всё вместе.",
        "Межа рахує повідомлення, дзвінки або все разом.",
        "A cap counts messages, calls or everything.",
    ),
    "fault_unknown_purpose_group": (
        "Такой группы целей нет: выберите из списка.",
        "Такої групи цілей немає: виберіть зі списку.",
        "There is no such purpose group: choose one of the list.",
    ),
    "fault_caps_many": (
        "Пределов в профиле не больше {most}.",
        "Меж у профілі не більше ніж {most}.",
        "A profile has at most {most} caps.",
    ),
    "fault_cap_twice": (
        "Предел на одни и те же каналы и срок указан дважды.",
        "Межу на ті самі канали і строк указано двічі.",
        "The same channels and period are capped twice.",
    ),
    "fault_days_off_twice": (
        "Часы выходных заданы, а рассылка разрешена только в рабочие дни. Уберите одно из двух.",
        "Години вихідних задано, а розсилка дозволена лише в робочі дні. Приберіть одне з двох.",
        "Days off have hours of their own, yet only working days are allowed. Take one of the two away.",
    ),
    "fault_profiles_differ": (
        "Эти профили считают пределы в разных группах целей. Выберите один из них.",
        "Ці профілі рахують межі в різних групах цілей. Виберіть один із них.",
        "These profiles count their caps in different purpose groups. Choose one of them.",
    ),
    "fault_profiles_count": (
        "Цели служат от 1 до {most} профилей.",
        "Цілі служать від 1 до {most} профілів.",
        "A purpose is served by 1 to {most} profiles.",
    ),
    "fault_profile_name": (
        "Имя профиля — строчные латинские буквы, цифры и «_», от 2 до 40 знаков.",
        "Ім’я профілю — малі латинські літери, цифри і «_», від 2 до 40 знаків.",
        "The name of a profile has 2 to 40 small Latin letters, digits and “_”.",
    ),
    "fault_profiles_many": (
        "Профилей не больше {most}: измените один из них.",
        "Профілів не більше ніж {most}: змініть один із них.",
        "There are at most {most} profiles: change one of them.",
    ),
    "fault_policy_changed": (
        "Профиль тем временем изменили. Посмотрите новый и решите снова.",
        "Профіль тим часом змінили. Подивіться новий і вирішіть знову.",
        "The profile was changed meanwhile. Look at the new one and decide anew.",
    ),
    "fault_customer_group": (
        "Группа клиентов — 1, 2 или 3.",
        "Група клієнтів — 1, 2 або 3.",
        "The customer group is 1, 2 or 3.",
    ),
    "fault_unknown_country": (
        "Календаря этой страны нет. Есть: {countries}.",
        "Календаря цієї країни немає. Є: {countries}.",
        "There is no calendar of this country. There are: {countries}.",
    ),
    "fault_unknown_region": (
        "Регион пишется кодом, как TA, или названием республики.",
        "Регіон пишеться кодом, як TA, або назвою республіки.",
        "A region is a code, as TA, or the name of a republic.",
    ),
    "fault_day_out_of_years": (
        "День — от {first} до {last} года.",
        "День — від {first} до {last} року.",
        "A day lies between the years {first} and {last}.",
    ),
    "fault_day_not_declared": (
        "Этот день никто не объявлял.",
        "Цей день ніхто не оголошував.",
        "Nobody declared this day.",
    ),
    "fault_note_long": (
        "Примечание не длиннее {most} знаков.",
        "Примітка не довша за {most} знаків.",
        "A note has at most {most} characters.",
    ),
}
