"""The stop list as a file: bans out of CSV or a workbook, and all bans in force as CSV.

A row that says nothing clear is reported by its line and reason and comes back in the file of rejected
rows; the good rows are taken. A file that comes twice bans nobody a second time.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from campaigns.address_file import BadCellError, Columns, RowReport, Titles, by_title, csv_text, understand
from campaigns.list_limits import ListLimits
from campaigns.list_record import Record
from campaigns.list_source import open_source
from consent.reasons import MAX_REASON_CHARS
from consent.suppression import NewSuppression, SuppressionReason, suppress
from dispatcher.core.clock import Clock
from dispatcher.core.db import Database

BATCH: Final = 500
MOST_ROWS: Final = 500_000
EXPORT_TITLES: Final = ("Адрес или телефон", "Канал", "Код причины", "Действует по", "Примечание", "Добавлен")

_TITLES: Final[Titles] = {
    "address": (
        "адрес или телефон",
        "адреса або телефон",
        "адрес",
        "адреса",
        "контакт",
        "e-mail",
        "телефон",
        "address",
        "email",
        "phone",
    ),
    "channel": ("канал", "channel"),
    "reason": ("код причины", "код причини", "reason"),
    "until": ("действует по", "действует до", "діє до", "until", "expires", "expires_at"),
    "note": ("примечание", "комментарий", "примітка", "note"),
}
_CHANNELS_OF: Final = {True: ("email",), False: ("sms", "voice")}


@dataclass
class StopListImport(RowReport):
    """What came of a file."""

    added: int = 0
    known: int = 0  #: banned for as long already


@dataclass(frozen=True, slots=True)
class _Reader:
    columns: Columns
    country: str
    zone: ZoneInfo
    now: datetime

    def bans(self, record: Record) -> list[NewSuppression]:
        """The bans of a row: over its channel, or over all that its address has; raises `BadCellError`."""
        cell = self.columns.cells(record, MAX_REASON_CHARS)
        address = self.columns.address(cell["address"], self.country)
        reason, until = _reason(cell["reason"]), self._until(cell["until"])
        note = cell["note"] or (cell["reason"] if reason is SuppressionReason.IMPORTED else "") or None
        return [
            NewSuppression(channel, address, reason, "import", expires_at=until, note=note)
            for channel in self._channels(cell["channel"], address)
        ]

    def _channels(self, typed: str, address: str) -> Sequence[str]:
        possible = _CHANNELS_OF["@" in address]
        if not typed:
            return possible
        channel = self.columns.channel(typed)
        if channel not in possible:
            raise BadCellError(self.columns.title("channel"), "consent_channel")
        return (channel,)

    def _until(self, typed: str) -> datetime | None:
        if not typed:
            return None
        until = datetime.combine(self.columns.day("until", typed), time(0), self.zone) + timedelta(days=1)
        if until <= self.now:
            raise BadCellError(self.columns.title("until"), "until_passed")
        return until


def _reason(typed: str) -> SuppressionReason:
    known = {one.value: one for one in SuppressionReason}
    return known.get(typed.casefold(), SuppressionReason.IMPORTED)


def import_stop_list(
    database: Database, clock: Clock, path: Path, *, country: str, zone: ZoneInfo, actor: str
) -> StopListImport:
    """Ban the addresses of the good rows, batch by batch; raises `ListFileError` for the file as a whole."""
    columns = understand(
        open_source(path, ListLimits(), titles=list(by_title(_TITLES))), _TITLES, ("address",)
    )
    reader = _Reader(columns, country, zone, clock.now())
    result = StopListImport(columns.titles)
    for batch in columns.batches(BATCH, MOST_ROWS):
        bans = list(_good_bans(reader, batch, result))
        added, known = database.run(partial(_ban, bans=bans, actor=actor, clock=clock))
        result.added += added
        result.known += known
    return result


def stop_list_csv(rows: Iterable[Sequence[str]]) -> str:
    """A stop list for another system; `import_stop_list` reads it."""
    return csv_text(EXPORT_TITLES, rows)


def _ban(session: Session, bans: Sequence[NewSuppression], actor: str, clock: Clock) -> tuple[int, int]:
    done = suppress(session, bans, actor=actor, now=clock.refresh(session))
    return len(done.added), done.known


def _good_bans(reader: _Reader, batch: Sequence[Record], result: StopListImport) -> Iterator[NewSuppression]:
    for record in batch:
        try:
            yield from reader.bans(record)
        except BadCellError as error:
            result.reject(record, error)
