"""Steering runs, runs made from runs, and repeats: key → Russian, Ukrainian, English."""

from typing import Final

from reports.words import Words

RUNS: Final[Words] = {
    "made_by": (
        "автор {name}",
        "автор {name}",
        "made by {name}",
    ),
    "run_kind_main": (
        "основной",
        "основний",
        "main",
    ),
    "run_kind_resend": (
        "повтор не уведомлённым",
        "повтор не сповіщеним",
        "resend to those not reached",
    ),
    "run_kind_correction": (
        "исправление",
        "виправлення",
        "correction",
    ),
    "run_kind_seed": (
        "контрольные письма сотрудникам",
        "контрольні листи працівникам",
        "letters to our own staff",
    ),
    "parent_run": (
        "к исходному запуску",
        "до вихідного запуску",
        "to the first run",
    ),
    "release_rest": (
        "Отправить остальным",
        "Надіслати решті",
        "Send to all the others",
    ),
    "extend": (
        "Продлить",
        "Продовжити",
        "Extend",
    ),
    "extend_title": (
        "Продлить срок?",
        "Продовжити строк?",
        "Move the end?",
    ),
    "ends_now": (
        "сейчас до {end}",
        "зараз до {end}",
        "now until {end}",
    ),
    "new_end": (
        "Новое окончание",
        "Нове закінчення",
        "The new end",
    ),
    "extend_note": (
        "Окончание можно только отодвинуть.",
        "Закінчення можна лише відсунути.",
        "The end can only be moved forward.",
    ),
    "answer_extended": (
        "Срок продлён.",
        "Строк продовжено.",
        "The end is moved.",
    ),
    "answer_made": (
        "Запуск создан.",
        "Запуск створено.",
        "The run is made.",
    ),
    "reject_title": (
        "Отклонить задание?",
        "Відхилити завдання?",
        "Reject the campaign?",
    ),
    "reject_explained": (
        "Отклонённое задание никогда не начнётся. Причину увидит автор.",
        "Відхилене завдання ніколи не почнеться. Причину побачить автор.",
        "A rejected campaign never begins. Its author will see the reason.",
    ),
    "reject_reason": (
        "Причина",
        "Причина",
        "Reason",
    ),
    "resend_title": (
        "Отправить ещё раз тем, до кого не дошло",
        "Надіслати ще раз тим, до кого не дійшло",
        "Send again to those not reached",
    ),
    "resend_explained": (
        "Тот же текст получат ровно те, кого запуск не уведомил:",
        "Той самий текст отримають рівно ті, кого запуск не сповістив:",
        "The same text goes to exactly those whom the run did not reach:",
    ),
    "resend_unknown": (
        "И тем, о ком неизвестно, дошло ли ({count}): кто-то получит дважды",
        "І тим, про кого невідомо, чи дійшло ({count}): хтось отримає двічі",
        "Also whom nobody knows to be told ({count}): some will get it twice",
    ),
    "resend_blocked": (
        "И тем, кому было нельзя ({count}): согласие проверится снова",
        "І тим, кому було не можна ({count}): згоду буде перевірено знову",
        "Also who was not permitted ({count}): consent is asked for again",
    ),
    "resend_button": (
        "Отправить ещё раз",
        "Надіслати ще раз",
        "Send again",
    ),
    "correct_title": (
        "Отправить исправление",
        "Надіслати виправлення",
        "Send a correction",
    ),
    "correct_explained": (
        "Исправление получат все, кому запуск сообщил или мог сообщить:",
        "Виправлення отримають усі, кому запуск повідомив або міг повідомити:",
        "It goes to everybody whom the run has told, or may have told:",
    ),
    "correct_button": (
        "Отправить исправление",
        "Надіслати виправлення",
        "Send a correction",
    ),
    "nobody_taken": (
        "Таких получателей нет.",
        "Таких отримувачів немає.",
        "There are no such recipients.",
    ),
    "follower_note": (
        "Часы, правила и скорость — как у исходного запуска.",
        "Години, правила і швидкість — як у вихідного запуску.",
        "Hours, rules and speed are those of the first run.",
    ),
    "repeats": (
        "Повторы",
        "Повтори",
        "Repeats",
    ),
    "new_repeat": (
        "Новое повторяющееся задание",
        "Нове повторюване завдання",
        "New recurring campaign",
    ),
    "no_repeats": (
        "Повторяющихся заданий ещё нет.",
        "Повторюваних завдань ще немає.",
        "No recurring campaigns yet.",
    ),
    "schedule": (
        "Расписание",
        "Розклад",
        "Schedule",
    ),
    "next_time": (
        "Следующий раз",
        "Наступний раз",
        "Next time",
    ),
    "runs_made": (
        "Запусков",
        "Запусків",
        "Runs",
    ),
    "own_cron": (
        "Или своё расписание (cron)",
        "Або свій розклад (cron)",
        "Or a schedule of your own (cron)",
    ),
    "cron_hint": (
        "Минута, час, день, месяц, день недели — по времени компании.",
        "Хвилина, година, день, місяць, день тижня — за часом компанії.",
        "Minute, hour, day, month, day of the week, in the company's time.",
    ),
    "cron_daily": (
        "каждый день в {time}",
        "щодня о {time}",
        "every day at {time}",
    ),
    "cron_workdays": (
        "с понедельника по пятницу в {time}",
        "з понеділка по п'ятницю о {time}",
        "Monday to Friday at {time}",
    ),
    "cron_weekdays": (
        "по дням {days} в {time}",
        "по днях {days} о {time}",
        "on {days} at {time}",
    ),
    "cron_month_days": (
        "{days} числа в {time}",
        "{days} числа о {time}",
        "on day {days} of the month at {time}",
    ),
    "cron_other": (
        "по расписанию {cron}",
        "за розкладом {cron}",
        "by the schedule {cron}",
    ),
    "window_hours": (
        "Сколько часов отправлять в каждый раз",
        "Скільки годин надсилати щоразу",
        "How many hours each run may send",
    ),
    "repeat_from": (
        "Не раньше (пусто — сразу)",
        "Не раніше (порожньо — одразу)",
        "Not before (empty: at once)",
    ),
    "repeat_until": (
        "Не позже (пусто — без конца)",
        "Не пізніше (порожньо — без кінця)",
        "Until (empty: without end)",
    ),
    "repeat_count": (
        "Сколько раз (пусто — без предела)",
        "Скільки разів (порожньо — без межі)",
        "How many times (empty: no limit)",
    ),
    "repeat_unchanged": (
        "И тогда, когда список не изменился с прошлого раза",
        "І тоді, коли список не змінився з минулого разу",
        "Also when the list is the same as last time",
    ),
    "repeat_note": (
        "Каждый раз берётся новейшая готовая версия списка.",
        "Щоразу береться найновіша готова версія списку.",
        "Each time the newest complete version of the list is taken.",
    ),
    "make_repeat": (
        "Повторять",
        "Повторювати",
        "Repeat it",
    ),
    "repeat_pause": (
        "Пауза",
        "Пауза",
        "Pause",
    ),
    "repeat_resume": (
        "Продолжить",
        "Продовжити",
        "Resume",
    ),
    "repeat_end": (
        "Больше не повторять",
        "Більше не повторювати",
        "Repeat no more",
    ),
    "answer_repeat_made": (
        "Задание будет повторяться.",
        "Завдання повторюватиметься.",
        "The campaign will repeat.",
    ),
    "answer_repeat_paused": (
        "Повторы на паузе.",
        "Повтори на паузі.",
        "The repeats are paused.",
    ),
    "answer_repeat_resumed": (
        "Повторы продолжены.",
        "Повтори продовжено.",
        "The repeats go on.",
    ),
    "answer_repeat_ended": (
        "Больше не повторится; идущие запуски продолжатся.",
        "Більше не повториться; поточні запуски триватимуть.",
        "It will repeat no more; runs that exist go on.",
    ),
    "what_became": (
        "Что стало с каждым разом",
        "Що сталося з кожним разом",
        "What became of each time",
    ),
    "time": (
        "Время",
        "Час",
        "Time",
    ),
}
