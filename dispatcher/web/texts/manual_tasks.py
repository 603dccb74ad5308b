"""Telling by hand: key → Russian, Ukrainian, English."""

from typing import Final

from reports.words import Words

MANUAL_TASKS: Final[Words] = {
    "basis": ("Основание", "Підстава", "Legal basis"),
    "hidden_from_role": (
        "Текст скрыт: ваша роль видит, что сделано, но не кому.",
        "Текст приховано: ваша роль бачить, що зроблено, але не кому.",
        "The text is hidden: your role sees what was done, not to whom.",
    ),
    "manual_look": ("Подробнее", "Докладніше", "Details"),
    "manual": ("Уведомить вручную", "Сповістити вручну", "To be told by hand"),
    "manual_lead": (
        "Уведомления по договору или по закону, которые нельзя было отправить или которые не дошли. "
        "Передайте их "
        "лично, по телефону или письмом и запишите, как это сделано.",
        "Сповіщення за договором або за законом, які не можна було надіслати або які не дійшли. Передайте їх "
        "особисто, телефоном або листом і запишіть, як це зроблено.",
        "Notices by contract or by law that could not be sent or did not arrive. Tell the person, by "
        "telephone or "
        "by letter, and record how it was done.",
    ),
    "manual_none": ("Здесь пусто.", "Тут порожньо.", "There is nothing here."),
    "manual_all": ("по всем заданиям", "за всіма завданнями", "of all runs"),
    "manual_to_run": ("К заданию", "До завдання", "To the run"),
    "manual_person": ("Абонент", "Абонент", "Person"),
    "manual_where": ("Адрес", "Адреса", "Address"),
    "manual_sum": ("Сумма", "Сума", "Sum"),
    "manual_vulnerable": ("особый подход", "особливий підхід", "needs an approach of their own"),
    "manual_told_since": (
        "Уже уведомлён повторным запуском: второй раз не нужно.",
        "Уже сповіщений повторним запуском: вдруге не потрібно.",
        "Told by a resend meanwhile: do not tell twice.",
    ),
    "manual_record": ("Записать…", "Записати…", "Record…"),
    "manual_print": ("Печать листов", "Друк аркушів", "Print sheets"),
    "manual_print_hint": (
        "Печатается по листу на человека.",
        "Друкується по аркушу на людину.",
        "One sheet is printed for each person.",
    ),
    "manual_export": ("Скачать таблицу", "Завантажити таблицю", "Download as a table"),
    "manual_text": ("Текст уведомления", "Текст сповіщення", "Text of the notice"),
    "manual_no_text": (
        "Текст для этого получателя не составить: передайте суть своими словами.",
        "Текст для цього отримувача не скласти: передайте суть своїми словами.",
        "The text cannot be made for this recipient: tell it in your own words.",
    ),
    "manual_how": ("Как уведомлён", "Як сповіщений", "How the person was told"),
    "manual_way": ("Способ", "Спосіб", "Way"),
    "manual_when": ("Когда", "Коли", "When"),
    "manual_taken_by": ("Кто принял", "Хто прийняв", "Taken by"),
    "manual_told_by": ("Кто передал", "Хто передав", "Told by"),
    "manual_reference": (
        "Документ (расписка, номер письма, запись звонка)",
        "Документ (розписка, номер листа, запис дзвінка)",
        "Document (receipt, number of the letter, recording)",
    ),
    "manual_confirm": ("Записать как уведомлённого", "Записати як сповіщеного", "Record as told"),
    "manual_needs": (
        "Под роспись: кто принял и документ. Телефонограмма: кто передал и кто принял. Факс и письмо: "
        "документ. "
        "Звонок: кто передал.",
        "Під підпис: хто прийняв і документ. Телефонограма: хто передав і хто прийняв. Факс і лист: "
        "документ. "
        "Дзвінок: хто передав.",
        "Signature: who took it and the document. Telephone message: who told and who took it. Fax and "
        "letter: the "
        "document. Call: who told.",
    ),
    "manual_give_up": ("Уведомить не удалось", "Сповістити не вдалося", "Could not be told"),
    "manual_slip": (
        "Получил(а): ____________________  Подпись: ______________  Дата: ____________",
        "Отримав(ла): ____________________  Підпис: ______________  Дата: ____________",
        "Received by: ____________________  Signature: ______________  Date: ____________",
    ),
    "manual_of_run": (
        "Кого нельзя уведомить так, попадёт в ручной список",
        "Кого не можна сповістити так, потрапить до ручного списку",
        "Who cannot be told so is put on the manual list",
    ),
    "answer_manual_done": (
        "Записано: уведомление состоялось.",
        "Записано: сповіщення відбулося.",
        "Recorded: the person was told.",
    ),
    "answer_manual_given_up": (
        "Записано: уведомить не удалось.",
        "Записано: сповістити не вдалося.",
        "Recorded: the person could not be told.",
    ),
    "fault_unknown_manual_task": ("Такой задачи нет.", "Такої задачі немає.", "There is no such task."),
    "fault_manual_task_closed": (
        "Эту задачу уже закрыли.",
        "Цю задачу вже закрили.",
        "This task is closed already.",
    ),
    "fault_manual_notice_open": (
        "Уведомление ещё не решено.",
        "Сповіщення ще не вирішено.",
        "The notice is not decided yet.",
    ),
    "fault_manual_lacking": (
        "Для этого способа заполните: под роспись — кто принял и документ; телефонограмма — кто передал и "
        "кто "
        "принял; факс и письмо — документ; звонок — кто передал.",
        "Для цього способу заповніть: під підпис — хто прийняв і документ; телефонограма — хто передав і хто "
        "прийняв; факс і лист — документ; дзвінок — хто передав.",
        "This way needs: signature — who took it and the document; telephone message — who told and who "
        "took it; "
        "fax and letter — the document; call — who told.",
    ),
    "fault_manual_future": (
        "Это время ещё не наступило.",
        "Цей час ще не настав.",
        "This moment is still to come.",
    ),
    "fault_manual_reason": (
        "Напишите, почему уведомить нельзя.",
        "Напишіть, чому сповістити не можна.",
        "Say why the person cannot be told.",
    ),
    "fault_basis_unknown": (
        "Основание — одно из: {allowed}.",
        "Підстава — одна з: {allowed}.",
        "The legal basis is one of: {allowed}.",
    ),
}
