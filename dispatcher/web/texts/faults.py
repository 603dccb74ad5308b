"""What went wrong, by the code of the error: key → Russian, Ukrainian, English."""

from typing import Final

from reports.words import Words

FAULTS: Final[Words] = {
    "fault_end_before_start": (
        "Окончание должно быть позже начала.",
        "Закінчення має бути пізніше за початок.",
        "The end must be after the start.",
    ),
    "fault_end_passed": (
        "Окончание уже прошло: никому ничего не ушло бы. Выберите время в будущем.",
        "Закінчення вже минуло: нікому нічого не пішло б. Виберіть час у майбутньому.",
        "The end has passed already: nothing could be sent. Choose a time in the future.",
    ),
    "fault_priority_unknown": (
        "Очередь бывает обычная и срочная.",
        "Черга буває звичайна і термінова.",
        "The queue is either usual or urgent.",
    ),
    "fault_first_count_small": (
        "Сначала можно отправить не меньше одного.",
        "Спочатку можна надіслати щонайменше одному.",
        "At least one must be sent first.",
    ),
    "fault_no_moment_to_send": (
        "Между началом и окончанием нет ни минуты, когда отправлять разрешают и часы задания, и правила"
        " «{profile}». Сдвиньте срок или выберите другие правила.",
        "Між початком і закінченням немає жодної хвилини, коли надсилати дозволяють і години завдання, і"
        " правила «{profile}». Зсуньте строк або виберіть інші правила.",
        "Between start and end there is no minute at which both the hours of the campaign and the rules"
        " “{profile}” allow sending. Move the window or choose other rules.",
    ),
    "fault_run_changed": (
        "Задание изменилось, пока вы смотрели. Посмотрите ещё раз и решите снова.",
        "Завдання змінилося, поки ви дивилися. Подивіться ще раз і вирішіть знову.",
        "The campaign has changed since you looked at it. Look again and decide anew.",
    ),
    "fault_reason_needed": (
        "Напишите, почему задание отклонено: автор увидит это.",
        "Напишіть, чому завдання відхилено: автор побачить це.",
        "Say why the campaign is rejected: its author will see it.",
    ),
    "fault_not_an_approver": (
        "Согласовать может только согласующий или администратор.",
        "Погодити може лише погоджувач або адміністратор.",
        "Only an approver or an administrator may decide.",
    ),
    "fault_own_campaign": (
        "Решать должен другой сотрудник: не автор задания и не тот, кто его менял или передал.",
        "Вирішувати має інший працівник: не автор завдання і не той, хто його змінював чи передав.",
        "Somebody else must decide, not who made, changed or handed over the campaign.",
    ),
    "fault_unknown_run": ("Такого задания нет.", "Такого завдання немає.", "There is no such run."),
    "fault_seed_has_no_followers": (
        "Этот запуск ушёл нашим сотрудникам. Откройте запуск самого задания.",
        "Цей запуск пішов нашим працівникам. Відкрийте запуск самого завдання.",
        "This run went to our own staff. Open the run of the campaign itself.",
    ),
    "fault_parent_not_closed": (
        "Сейчас задание в состоянии «{state}». Дождитесь завершения: только тогда известно, до кого дошло.",
        "Зараз завдання у стані «{state}». Дочекайтеся завершення: лише тоді відомо, до кого дійшло.",
        "The run is “{state}”. Wait until it is closed: only then is it known who was reached.",
    ),
    "fault_linked_run_exists": (
        "Такой запуск уже создан и ещё не завершён: найдите его в списке заданий.",
        "Такий запуск уже створено і ще не завершено: знайдіть його у списку завдань.",
        "Such a run was made already and is not over: find it among the campaigns.",
    ),
    "fault_nobody_left": (
        "Отправлять некому: таких получателей нет.",
        "Надсилати нікому: таких отримувачів немає.",
        "There is nobody to tell: no recipient fits.",
    ),
    "fault_schedule_empty": (
        "До окончания повторов расписание не наступит ни разу.",
        "До закінчення повторів розклад не настане жодного разу.",
        "The schedule has no time before its end.",
    ),
    "fault_window_length": (
        "Срок одного запуска — больше нуля часов и не больше 62 дней.",
        "Строк одного запуску — більше нуля годин і не більше 62 днів.",
        "A run may last more than nothing and at most 62 days.",
    ),
    "fault_run_count_small": (
        "Запусков должно быть не меньше одного.",
        "Запусків має бути щонайменше один.",
        "The number of runs must be at least 1.",
    ),
    "fault_recurrence_draft": (
        "Повторяющееся задание не бывает черновиком: поставьте его на паузу.",
        "Повторюване завдання не буває чернеткою: поставте його на паузу.",
        "A recurring campaign is no draft: pause it instead.",
    ),
    "fault_unknown_recurrence": (
        "Такого повторяющегося задания нет.",
        "Такого повторюваного завдання немає.",
        "There is no such recurring campaign.",
    ),
    "fault_recurrence_state": (
        "Сейчас это невозможно: задание {recurrence}.",
        "Зараз це неможливо: завдання {recurrence}.",
        "This is impossible now: the campaign is “{recurrence}”.",
    ),
    "fault_cron_parts": (
        "В расписании пять частей: минута, час, день, месяц, день недели. Например, 0 9 1 * * — первого"
        " числа в 9:00.",
        "У розкладі п'ять частин: хвилина, година, день, місяць, день тижня. Наприклад, 0 9 1 * * — першого"
        " числа о 9:00.",
        "A schedule has five parts: minute, hour, day, month, day of the week. For instance, 0 9 1 * * is"
        " the 1st at 9:00.",
    ),
    "fault_cron_wrong": (
        "Расписание «{cron}» непонятно или никогда не наступит.",
        "Розклад «{cron}» незрозумілий або ніколи не настане.",
        "The schedule “{cron}” cannot be read or never comes.",
    ),
    "fault_cron_too_often": (
        "Задание может повторяться не чаще раза в час.",
        "Завдання може повторюватися не частіше разу на годину.",
        "A campaign may repeat once an hour at most.",
    ),
    "fault_seed_name": (
        "Напишите имя: письмо обращается по нему.",
        "Напишіть ім'я: лист звертається за ним.",
        "A name is needed: the text greets by it.",
    ),
    "fault_zone_unknown": (
        "Такого часового пояса нет: пишите, например, Europe/Moscow.",
        "Такого часового поясу немає: пишіть, наприклад, Europe/Kyiv.",
        "This time zone is not known: write, for instance, Europe/Moscow.",
    ),
    "fault_unknown_seed": (
        "Такого адреса среди контрольных нет: возможно, его уже убрали.",
        "Такої адреси серед контрольних немає: можливо, її вже прибрали.",
        "There is no such seed contact: perhaps it was removed already.",
    ),
    "fault_seed_address": (
        "Это не адрес электронной почты.",
        "Це не адреса електронної пошти.",
        "This is not an e-mail address.",
    ),
    "fault_unknown_scenario": (
        "Такого сценария нет: выберите из списка.",
        "Такого сценарію немає: виберіть зі списку.",
        "There is no such scenario: choose one of the list.",
    ),
    "fault_unknown_list": (
        "Нет готового списка с таким названием: загрузите его.",
        "Немає готового списку з такою назвою: завантажте його.",
        "There is no complete list of this name: upload it first.",
    ),
    "fault_unknown_recipient": (
        "В списке «{list}» нет такого получателя.",
        "У списку «{list}» немає такого отримувача.",
        "The list “{list}” has no such recipient.",
    ),
    "fault_nothing_to_compare": (
        "У списка «{list}» нет двух готовых версий для сравнения.",
        "У списку «{list}» немає двох готових версій для порівняння.",
        "The list “{list}” has no two complete versions to compare.",
    ),
    "fault_no_rejected_rows": (
        "Отклонённых строк этого списка нет.",
        "Відхилених рядків цього списку немає.",
        "No rejected rows of this list are kept.",
    ),
    "fault_unknown_mapping": (
        "Для источника «{source}» столбцы не сохранены.",
        "Для джерела «{source}» стовпці не збережено.",
        "No columns are saved for the source “{source}”.",
    ),
    "fault_import_not_over": (
        "Этот файл сейчас загружается: дождитесь конца.",
        "Цей файл зараз завантажується: дочекайтеся кінця.",
        "The file is being imported: wait until that is over.",
    ),
    "fault_run_state": (
        "Сейчас это невозможно: состояние задания — «{state}».",
        "Зараз це неможливо: стан завдання — «{state}».",
        "This is impossible now: the run is “{state}”.",
    ),
    "fault_extend_too_late": (
        "Срок уже закончился: отправьте ещё раз тем, до кого не дошло.",
        "Строк уже скінчився: надішліть ще раз тим, до кого не дійшло.",
        "The window has ended: send again to those who were not reached.",
    ),
    "fault_end_not_later": (
        "Окончание можно только отодвинуть. Чтобы закончить раньше, остановите задание.",
        "Закінчення можна лише відсунути. Щоб закінчити раніше, зупиніть завдання.",
        "The end can only be moved forward. To end earlier, stop the run.",
    ),
    "fault_extend_needs_approver": (
        "Срок этого задания согласован: продлить его должен согласующий.",
        "Строк цього завдання погоджено: продовжити його має погоджувач.",
        "This run was approved with its window: an approver must extend it.",
    ),
    "fault_window_over": (
        "Срок закончился: сначала сдвиньте его или отклоните задание.",
        "Строк скінчився: спочатку зсуньте його або відхиліть завдання.",
        "The window has ended: move it first, or reject the run.",
    ),
    "fault_unknown_policy": (
        "Таких правил нет: выберите из списка.",
        "Таких правил немає: виберіть зі списку.",
        "There are no such rules: choose some of the list.",
    ),
    "fault_hours_equal": (
        "Начало и конец часов совпадают. Весь день — это 00:00–24:00.",
        "Початок і кінець годин збігаються. Увесь день — це 00:00–24:00.",
        "The hours begin and end at the same time. The whole day is 00:00–24:00.",
    ),
    "fault_clock_time": (
        "Время пишется как 08:00.",
        "Час пишеться як 08:00.",
        "A time of day is written as 08:00.",
    ),
    "fault_no_such_time": (
        "Такого времени суток нет: пишите от 00:00 до 24:00.",
        "Такого часу доби немає: пишіть від 00:00 до 24:00.",
        "There is no such time of day: write 00:00 to 24:00.",
    ),
    "fault_hours_do_not_meet": (
        "Часы задания {campaign} и разрешённые часы {policy} не пересекаются.",
        "Години завдання {campaign} і дозволені години {policy} не перетинаються.",
        "The hours of the campaign {campaign} and the permitted hours {policy} have no minute in common.",
    ),
    "fault_moment": (
        "«{typed}» — не дата и время. Пишите как 2026-11-23T08:00.",
        "«{typed}» — не дата і час. Пишіть як 2026-11-23T08:00.",
        "“{typed}” is not a date and a time. Write it as 2026-11-23T08:00.",
    ),
    "fault_number": (
        "«{typed}» — не подходящее число: нужно от {least} до {most}.",
        "«{typed}» — не підходяще число: потрібно від {least} до {most}.",
        "“{typed}” is not a fitting number: {least} to {most} is needed.",
    ),
    "fault_choice": (
        "Выберите значение из списка.",
        "Виберіть значення зі списку.",
        "Choose a value of the list.",
    ),
    "fault_template": (
        "Шаблон или его поля не годятся: посмотрите шаблон.",
        "Шаблон або його поля не придатні: подивіться шаблон.",
        "The template or its fields cannot be used: look at the template.",
    ),
}
