"""The manual list as a CSV file for those who carry notices out: whom, where, how much, and the text."""

import csv
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from campaigns.list_rejected import as_plain_cell
from dispatcher.delivery.render import Renderer
from reports.manual_tasks import each_manual_task
from reports.words import HAND_WAYS, PURPOSES, reason_word, word_for

HEADER: Final = (
    "Номер задачи",
    "Лицевой счёт",
    "ФИО",
    "Адрес",
    "Сумма долга",
    "Срок оплаты",
    "Задание",
    "Цель",
    "Почему не уведомлён",
    "Текст",
    "Способ",
    "Когда",
    "Кто передал",
    "Кто принял",
    "Документ",
)


def write_manual_tasks(
    session: Session, path: Path, *, run: UUID | None, state: str | None, renderer: Renderer, now: datetime
) -> int:
    """Write the tasks to `path`, ready for a spreadsheet; returns how many."""
    count = 0
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=";", lineterminator="\r\n")
        writer.writerow(HEADER)
        for one in each_manual_task(session, run=run, state=state, renderer=renderer, now=now):
            count += 1
            cells = (
                str(one.id),
                one.account_number,
                one.full_name,
                one.address,
                one.debt or "",
                one.due_date or "",
                one.campaign,
                word_for(PURPOSES, one.purpose, "ru"),
                reason_word(one.reason, "ru"),
                one.text or "",
                word_for(HAND_WAYS, one.way, "ru") if one.way else "",
                f"{one.told_at:%Y-%m-%d %H:%M}" if one.told_at else "",
                one.told_by or "",
                one.taken_by or "",
                one.reference or "",
            )
            writer.writerow([as_plain_cell(cell) for cell in cells])
    return count
