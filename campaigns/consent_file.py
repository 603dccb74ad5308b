"""Statements about consent out of a file: CSV or a workbook, read as recipient lists are.

Every row is one statement about an address: who agreed to what, or took it back, by which source and
document. A row that says nothing clear is reported by its line and reason and comes back in the file of
rejected rows; the good rows are taken. A file that comes twice changes nothing the second time.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from functools import partial
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.orm import Session

from campaigns.address_file import BadCellError, Columns, RowReport, Titles, by_title, understand
from campaigns.list_limits import ListLimits
from campaigns.list_record import Record
from campaigns.list_source import open_source
from consent.errors import ConsentError
from consent.ledger import ConsentEntry, check_stated
from consent.purposes import Purpose
from consent.sources import Action, Basis
from consent.standing import EVERY_PURPOSE
from dispatcher.core.arrays import uuid_array
from dispatcher.core.clock import Clock
from dispatcher.core.db import Database
from dispatcher.delivery.statements import contacts_at, give_consent, in_flight_of, withdraw_at

BATCH: Final = 200  #: rows of one transaction
MOST_ROWS: Final = 100_000
MOST_CHARS: Final = 300

_TITLES: Final[Titles] = {
    "address": (
        "адрес или телефон",
        "адреса або телефон",
        "контакт",
        "e-mail",
        "телефон",
        "address",
        "contact",
        "email",
        "phone",
    ),
    "channel": ("канал", "channel"),
    "purpose": ("цель", "назначение", "мета", "purpose"),
    "action": ("действие", "что", "дія", "action"),
    "source": ("источник", "джерело", "source"),
    "reference": ("документ", "основание записи", "reference"),
    "basis": ("основание", "правовое основание", "підстава", "basis"),
    "text_version": ("редакция текста", "редакція тексту", "версия текста", "text version", "text_version"),
    "valid_from": ("действует с", "дата согласия", "діє з", "valid from", "valid_from"),
    "valid_until": ("действует по", "действует до", "діє до", "valid until", "valid_until"),
}
_ACTIONS: Final = {
    **dict.fromkeys(("given", "да", "дано", "согласие", "так"), Action.GIVEN),
    **dict.fromkeys(("confirmed", "подтверждено", "підтверджено"), Action.CONFIRMED),
    **dict.fromkeys(("withdrawn", "нет", "отозвано", "отзыв", "ні", "відкликано"), Action.WITHDRAWN),
}
_EVERY: Final = frozenset({EVERY_PURPOSE, "все", "всё", "усі", "all"})
# The same statement of the same document: the file has come before, or a person is named twice in it.
_KNOWN: Final = text(
    """
    SELECT count(DISTINCT contact_point_id) FROM consent_event
    WHERE contact_point_id = ANY(CAST(:contacts AS uuid[])) AND channel = :channel AND purpose = :purpose
      AND action = :action AND source = :source AND source_reference = :reference
      AND (CAST(:valid_from AS timestamptz) IS NULL OR valid_from = :valid_from)
    """
)


@dataclass
class ConsentImport(RowReport):
    """What came of a file."""

    taken: int = 0
    unchanged: int = 0  #: said before in the very same way
    in_flight: int = 0  #: attempts that withdrawals of the file could not call back


@dataclass(frozen=True, slots=True)
class StatementWords:
    """What staff write in a cell, in lower case → the code that the ledger keeps."""

    purposes: Mapping[str, str]
    sources: Mapping[str, str]
    bases: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads rows of one file."""

    words: StatementWords

    columns: Columns
    country: str
    zone: ZoneInfo
    actor: str

    def statement(self, record: Record) -> tuple[str, ConsentEntry]:
        """Address and entry of a row; raises `BadCellError`."""
        cell = self.columns.cells(record, MOST_CHARS)
        address = self.columns.address(cell["address"], self.country)
        entry = ConsentEntry(
            self.columns.channel(cell["channel"]) if cell["channel"] else _usual_channel(address),
            self._purpose(cell["purpose"]),
            self._choice("action", cell["action"].casefold(), _ACTIONS) if cell["action"] else Action.GIVEN,
            source=_code(self.words.sources, cell["source"]) or "import",
            recorded_by=self.actor,
            basis=_code(self.words.bases, cell["basis"]) or Basis.CONSENT,
            source_reference=cell["reference"] or None,
            text_version=cell["text_version"] or None,
            valid_from=self._moment("valid_from", cell["valid_from"]),
            valid_until=self._moment("valid_until", cell["valid_until"]),
        )
        return address, entry

    def _purpose(self, typed: str) -> str:
        word = _code(self.words.purposes, typed)
        if not word:
            raise BadCellError(self.columns.title("purpose"), "required_empty")
        if word in _EVERY:
            return EVERY_PURPOSE
        return self._choice("purpose", word, {one.value: one for one in Purpose})

    def _choice(self, name: str, word: str, choices: Mapping[str, str]) -> str:
        if word not in choices:
            raise BadCellError(self.columns.title(name), "choice_unknown", ", ".join(choices))
        return choices[word]

    def _moment(self, name: str, typed: str) -> datetime | None:
        return datetime.combine(self.columns.day(name, typed), time(0), self.zone) if typed else None


def _code(words: Mapping[str, str], typed: str) -> str:
    """The code of a word; a word that is none is left as it is, for the check of codes to refuse."""
    word = typed.casefold()
    return words.get(word, word)


def _usual_channel(address: str) -> str:
    return "email" if "@" in address else "sms"


def import_statements(
    database: Database,
    clock: Clock,
    path: Path,
    *,
    country: str,
    zone: ZoneInfo,
    actor: str,
    words: StatementWords,
    encoding: str | None = None,
    sheet: str | None = None,
) -> ConsentImport:
    """Take the good rows into the ledger, batch by batch; raises `ListFileError` for the file as a whole.

    What is in the ledger stays when the file breaks off further down: send it again, nothing comes twice.
    """
    source = open_source(path, ListLimits(), encoding=encoding, sheet=sheet, titles=list(by_title(_TITLES)))
    columns = understand(source, _TITLES, ("address", "purpose"))
    reader = _Reader(words, columns, country, zone, actor)
    result = ConsentImport(columns.titles)
    for batch in columns.batches(BATCH, MOST_ROWS):
        good = list(_good_rows(reader, batch, result))
        database.run(partial(_record, rows=good, clock=clock)).add_to(result)
    return result


def _good_rows(
    reader: _Reader, batch: Sequence[Record], result: ConsentImport
) -> Iterator[tuple[Record, str, ConsentEntry]]:
    for record in batch:
        try:
            yield (record, *reader.statement(record))
        except BadCellError as error:
            result.reject(record, error)


def _record(session: Session, rows: Sequence[tuple[Record, str, ConsentEntry]], clock: Clock) -> "_Recorded":
    now = clock.refresh(session)
    done = _Recorded()
    for record, address, entry in rows:
        try:
            if _is_known(session, address, entry):
                done.unchanged += 1
            else:
                done.in_flight += _take(session, address, entry, now)
                done.taken += 1
        except ConsentError as error:
            done.refused.append((record, _reason(error)))
    return done


@dataclass
class _Recorded:
    """What a transaction wrote; added to the result only once it has committed, for it may be run again."""

    taken: int = 0
    unchanged: int = 0
    in_flight: int = 0
    refused: list[tuple[Record, str]] = field(default_factory=list)

    def add_to(self, result: ConsentImport) -> None:
        result.taken += self.taken
        result.unchanged += self.unchanged
        result.in_flight += self.in_flight
        for record, reason in self.refused:
            result.reject(record, BadCellError("", reason))


def _take(session: Session, address: str, entry: ConsentEntry, now: datetime) -> int:
    """Write one statement; returns how many attempts a withdrawal could not call back."""
    check_stated(entry)
    if entry.action != Action.WITHDRAWN:
        give_consent(session, address, entry, now=now)
        return 0
    withdrawals = withdraw_at(
        session,
        address,
        channel=entry.channel,
        purpose=entry.purpose,
        source=entry.source,
        source_reference=entry.source_reference,
        recorded_by=entry.recorded_by,
        valid_from=entry.valid_from,
        now=now,
    )
    return in_flight_of(withdrawals)


def _is_known(session: Session, address: str, entry: ConsentEntry) -> bool:
    contacts = contacts_at(session, address)
    if entry.source_reference is None:
        return False
    values = {
        "contacts": uuid_array(contacts),
        "channel": entry.channel,
        "purpose": entry.purpose,
        "action": entry.action,
        "source": entry.source,
        "reference": entry.source_reference,
        "valid_from": entry.valid_from,
    }
    return bool(session.execute(_KNOWN, values).scalar_one() == len(contacts))


_LEDGER_REASONS: Final = frozenset(
    {
        "consent_reference",
        "consent_channel",
        "consent_end_before_begin",
        "consent_end_of_no",
        "consent_source_not_stated",
        "consent_word",
    }
)


def _reason(error: ConsentError) -> str:
    return error.code if error.code in _LEDGER_REASONS else "contact_unknown"
