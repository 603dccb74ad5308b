"""The report to managers, in each language. Titles of its tables and columns: `reports.management.words`."""

from typing import Final

from reports.management.words import COLUMNS, NOTES, TABLES
from reports.words import Words

REPORTS: Final[Words] = {
    "reports": ("Отчёты", "Звіти", "Reports"),
    "reports_lead": (
        "Кого, чем и за сколько уведомили, кого не смогли и почему; согласия, стоп-лист, возвраты. Здесь"
        " только числа: имён и адресов нет.",
        "Кого, чим і за скільки сповістили, кого не змогли і чому; згоди, стоп-лист, повернення. Тут"
        " лише числа: імен та адрес немає.",
        "Who was told, by what and at what cost, who could not be and why; consent, stop list, returns."
        " Figures alone: no names and no addresses.",
    ),
    "report_first": ("С", "З", "From"),
    "report_last": ("По", "По", "To"),
    "report_all": ("все", "усі", "all"),
    "report_group": ("Группа клиентов", "Група клієнтів", "Customer group"),
    "report_group_1": ("1: население", "1: населення", "1: households"),
    "report_group_2": ("2: ТСЖ и УК", "2: ОСББ та УК", "2: utility providers"),
    "report_group_3": ("3: организации", "3: організації", "3: companies"),
    "report_group_note": (
        "По одной группе считаются сами уведомления: за большой период это занимает время.",
        "За однією групою рахуються самі сповіщення: за великий період це триває довше.",
        "For one group the notices themselves are counted: over a long period that takes time.",
    ),
    "report_show": ("Показать", "Показати", "Show"),
    "report_month": ("Этот месяц", "Цей місяць", "This month"),
    "report_month_before": ("Прошлый месяц", "Минулий місяць", "Last month"),
    "report_quarter": ("Квартал", "Квартал", "Quarter"),
    "report_quarter_before": ("Прошлый квартал", "Минулий квартал", "Last quarter"),
    "report_year": ("Год", "Рік", "Year"),
    "report_workbook": ("Скачать всё (XLSX)", "Завантажити все (XLSX)", "Download all (XLSX)"),
    "report_told": ("Уведомлены", "Сповіщені", "Notified"),
    "report_untold": ("Не уведомлены", "Не сповіщені", "Not notified"),
    "report_csv": ("CSV", "CSV", "CSV"),
    "report_summary": ("Отчёт", "Звіт", "Report"),
    "report_terms": ("Соблюдение сроков", "Дотримання строків", "Terms kept"),
    "report_read_at": (
        "По состоянию на {moment}.",
        "Станом на {moment}.",
        "As of {moment}.",
    ),
    "report_nothing": (
        "За этот период ничего нет.",
        "За цей період нічого немає.",
        "Nothing in this period.",
    ),
    "report_newest": (
        "Показаны последние {count}; остальные — в файле.",
        "Показано останні {count}; решта — у файлі.",
        "The newest {count} are shown; the others are in the file.",
    ),
    "fault_report_period": (
        "Период должен заканчиваться не раньше, чем начался: напишите обе даты.",
        "Період має закінчуватися не раніше, ніж почався: напишіть обидві дати.",
        "The period must not end before it begins: write both days.",
    ),
    "fault_report_too_long": (
        "Отчёт делается самое большее за {most} дней: сократите период.",
        "Звіт робиться щонайбільше за {most} днів: скоротіть період.",
        "A report is about at most {most} days: shorten the period.",
    ),
    "fault_report_choice": (
        "Такого выбора нет: отметьте одно из предложенного.",
        "Такого вибору немає: позначте одне із запропонованого.",
        "There is no such choice: take one of those offered.",
    ),
    **{f"report_table_{name}": words for name, words in TABLES.items()},
    **{f"report_note_{name}": words for name, words in NOTES.items()},
    **{f"report_column_{name}": words for name, words in COLUMNS.items()},
}
