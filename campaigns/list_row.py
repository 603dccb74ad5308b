"""One record of a list into one recipient, with everything that is wrong with it.

A fault of the row as a whole costs the row; a bad contact beside a good one costs only itself. Nothing is
guessed: a spoiled account number is a problem, never a number.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache, partial
from typing import TypeVar
from zoneinfo import ZoneInfo

from campaigns.first_seen import FirstSeen
from campaigns.list_accounts import AccountShape
from campaigns.list_contacts import likely_domain, split_emails, split_phones
from campaigns.list_errors import RowProblem, Severity, value_class
from campaigns.list_header import HeaderMap
from campaigns.list_record import Record
from campaigns.list_values import (
    BadValueError,
    clean_text,
    read_account,
    read_channel,
    read_consent,
    read_contract,
    read_date,
    read_email,
    read_group,
    read_language,
    read_phone,
    read_serial_date,
    read_sum,
    read_vulnerable,
)
from consent.zones import zone_of
from templates.notice_fields import NOTICE_FIELDS, FieldKind

_FORMULA_SIGNS = "=@+-\t\r"
_LONGEST_OFFSET = 12  #: characters of «UTC + 12:00»
#: No number of a house tells a zone: addresses of one street are one entry of the cache.
_SAME_DIGITS = str.maketrans("123456789", "000000000")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ListRow:
    """One recipient as the list tells it. `line` is the line of the file on which the row begins.

    `consent`, `is_vulnerable` and `preferred_channel` are None when the list says nothing; an empty
    `consent` says no. `time_zone` is the default when `time_zone_known` is false. `email` and `phone` are
    the first good ones of their cells, `further_…` the rest. `fields` holds the further columns as text, and
    what only some lists have (`NOTICE_FIELDS`) under its canonical name, dates as 2026-12-25.
    """

    line: int
    account_number: str
    person_id: str | None
    full_name: str
    address: str
    time_zone: str
    time_zone_known: bool
    email: str | None = None
    phone: str | None = None
    debt: Decimal | None = None
    due_date: date | None = None
    consent: frozenset[str] | None = None
    customer_group: int = 1
    language: str = "ru"
    contract: bool = True
    further_emails: tuple[str, ...] = ()
    further_phones: tuple[str, ...] = ()
    is_vulnerable: bool | None = None
    preferred_channel: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RejectedCells:
    """A row that was not taken, as it stands in the file: for the file of rejected rows, never a log."""

    line: int
    cells: tuple[str, ...] = field(repr=False)
    reason: str = ""


@dataclass(slots=True)
class RowContext:
    """What all rows of one reading share."""

    header: HeaderMap
    cell_chars: int
    delimiter: str
    country: str
    default_zone: ZoneInfo
    shape: AccountShape
    accounts: FirstSeen = field(default_factory=FirstSeen)
    persons: FirstSeen = field(default_factory=FirstSeen)
    names: FirstSeen = field(default_factory=FirstSeen)
    notice_fields: tuple[str, ...] = field(init=False)  #: those of `NOTICE_FIELDS` that the file has

    def __post_init__(self) -> None:
        self.notice_fields = tuple(name for name in self.header.positions if name in NOTICE_FIELDS)

    @property
    def tells_zones(self) -> bool:
        """Whether any column could tell a time zone."""
        return "address" in self.header.positions or "time_zone" in self.header.positions


class RowReader:
    """Reads one record; `row` is None when the row cannot be taken."""

    def __init__(self, context: RowContext, record: Record) -> None:
        self._context = context
        self._header = context.header
        self._record = record
        self._cells: list[str] = []
        self._has_error = False
        self.problems: list[RowProblem] = []
        self.row: ListRow | None = None
        if self._shape_is_good():
            row = self._read()
            if row is not None and not self._has_error:
                self._remember(row)
                self.row = row

    def rejected(self) -> list[RejectedCells]:
        """The row as it stands in the file; of a record with broken quotes each of its lines."""
        reason = "; ".join(
            dict.fromkeys(
                f"{one.column}: {one.message}" if one.column else one.message
                for one in self.problems
                if one.severity is Severity.ERROR
            )
        )
        record = self._record
        broken = record.cells is None or any(one.reason == "swallowed_rows" for one in self.problems)
        if record.cells is not None and not broken:
            return [RejectedCells(record.line, tuple(record.cells), reason)]
        separator = self._context.delimiter or None
        lines = [line for line in record.raw if line.strip()]
        return [
            RejectedCells(record.line + number, tuple(line.rstrip("\r\n").split(separator)), reason)
            for number, line in enumerate(lines)
        ]

    def _shape_is_good(self) -> bool:
        record, titles = self._record, self._header.titles
        if record.cells is None:
            self._add("", "text", "bad_quotes" if record.last_line == record.line else "swallowed_rows")
            return False
        if len(record.cells) > len(titles) or record.raw or max(map(len, record.cells)) > self._cell_limit:
            self._check_cells(record.cells)
        if record.is_cut and len(record.cells) < len(titles):
            self._add("", "text", "row_cut")
        # Rows that a spreadsheet cut short lack only empty cells at their end.
        self._cells = list(map(_plain_text, record.cells[: len(titles)]))
        self._cells += [""] * (len(titles) - len(self._cells))
        return not self.problems

    @property
    def _cell_limit(self) -> int:
        return self._context.cell_chars

    def _check_cells(self, cells: list[str]) -> None:
        titles, delimiter = self._header.titles, self._context.delimiter
        for number, cell in enumerate(cells):
            title = titles[number] if number < len(titles) else f"столбец {number + 1}"
            if delimiter and "\n" in cell and _holds_rows(cell, delimiter, len(titles)):
                self._add(title, "text", "swallowed_rows")
            elif len(cell) > self._cell_limit:
                self._add(title, "long text", "too_long")
            elif number >= len(titles) and cell.strip():
                self._add(title, value_class(cell), "too_many_cells")

    def _read(self) -> ListRow | None:
        account = self._take("account_number", self._read_account, required=True)
        full_name = self._take("full_name", str, required=True)
        if account is None or full_name is None:
            return None
        first_line = self._context.accounts.line_of(_account_key(account))
        if first_line is not None:
            title = self._header.title("account_number")
            self._add(title, value_class(account), "duplicate_account", first_line=first_line)
            return None
        address = self._text("address")
        zone, zone_known = self._zone(address)
        emails, phones = self._emails(), self._phones()
        warn = Severity.WARNING
        return ListRow(
            line=self._record.line,
            account_number=account,
            person_id=self._take("person_id", read_account),
            full_name=full_name,
            address=address,
            time_zone=zone,
            time_zone_known=zone_known,
            email=emails[0] if emails else None,
            phone=phones[0] if phones else None,
            debt=self._take("debt", read_sum),
            due_date=self._take("due_date", self._read_date),
            consent=self._take("consent", read_consent, warn),
            customer_group=self._take("customer_group", read_group) or 1,
            language=self._take("language", read_language, warn) or "ru",
            contract=self._take("contract", read_contract) is not False,
            further_emails=tuple(emails[1:]),
            further_phones=tuple(phones[1:]),
            is_vulnerable=self._take("vulnerable", read_vulnerable, warn),
            preferred_channel=self._take("preferred_channel", read_channel, warn),
            fields=self._fields(),
        )

    def _fields(self) -> dict[str, str]:
        found = {name: self._cells[position] for position, name in self._header.extras.items()}
        for name in self._context.notice_fields:
            if NOTICE_FIELDS[name].kind is FieldKind.DATE:
                day = self._take(name, partial(self._read_date, name=name))
                found[name] = "" if day is None else day.isoformat()
            else:
                found[name] = self._text(name)
        return found

    def _remember(self, row: ListRow) -> None:
        self._context.accounts.add(_account_key(row.account_number), row.line)
        if row.person_id is None:
            return
        first_line = self._context.persons.meet(row.person_id, row.line)
        is_new_name = (
            self._context.names.meet(f"{row.person_id}\0{row.full_name.casefold()}", row.line) is None
        )
        if first_line is not None and is_new_name:
            title = self._header.title("full_name")
            self._add(title, "text", "person_two_names", Severity.WARNING, first_line=first_line)

    def _take(
        self,
        name: str,
        read: Callable[[str], T],
        severity: Severity = Severity.ERROR,
        *,
        required: bool = False,
    ) -> T | None:
        text = self._text(name)
        if not text:
            if required:
                self._add(self._header.title(name), "empty", "required_empty")
            return None
        try:
            return read(text)
        except BadValueError as exc:
            self._add(self._header.title(name), value_class(text), exc.reason, severity)
            return None

    def _read_account(self, text: str) -> str:
        account = read_account(text)
        if self._context.shape.lost_zeros(account, is_number=self._is_number("account_number")):
            raise BadValueError("account_zeros_lost")
        return account

    def _read_date(self, text: str, name: str = "due_date") -> date:
        day = read_serial_date(text)
        if day is None:
            return read_date(text)
        if not self._is_number(name):
            self._add(self._header.title(name), "number", "date_serial", Severity.WARNING)
        return day

    def _is_number(self, name: str) -> bool:
        return bool(self._record.numeric) and self._header.positions.get(name) in self._record.numeric

    def _emails(self) -> list[str]:
        found = dict[str, None]()
        for text in split_emails(self._raw("email")) if self._text("email") else ():
            email = self._contact("email", clean_text(text), read_email)
            if email is None:
                continue
            found[email] = None
            if meant := likely_domain(email.rpartition("@")[2]):
                title = self._header.title("email")
                self._add(title, "e-mail", "email_typo", Severity.WARNING, suggestion=meant)
        return list(found)

    def _phones(self) -> list[str]:
        found = dict[str, None]()
        for text in split_phones(self._raw("phone")) if self._text("phone") else ():
            taken = self._contact("phone", clean_text(text), self._read_phone)
            if taken is None:
                continue
            found[taken[0]] = None
            if taken[1]:
                self._add(self._header.title("phone"), "phone", "phone_extension", Severity.WARNING)
        return list(found)

    def _read_phone(self, text: str) -> tuple[str, bool]:
        return read_phone(text, self._context.country)

    def _contact(self, name: str, text: str, read: Callable[[str], T]) -> T | None:
        try:
            return read(text)
        except BadValueError as exc:
            self._add(self._header.title(name), value_class(text), exc.reason, Severity.WARNING)
            return None

    def _zone(self, address: str) -> tuple[str, bool]:
        stated = self._text("time_zone")
        default = self._context.default_zone
        if stated:
            zone, known = _zone_of(stated, default)
            if known:
                return zone, True
            title = self._header.title("time_zone")
            self._add(title, value_class(stated), "zone_unclear", Severity.WARNING)
        zone, known = _zone_of(_by_street(address), default) if address else (default.key, False)
        if not known and not stated and self._context.tells_zones:
            title = self._header.title("address" if "address" in self._header.positions else "time_zone")
            self._add(title, "text" if address else "empty", "zone_default", Severity.WARNING)
        return zone, known

    def _text(self, name: str) -> str:
        position = self._header.positions.get(name)
        return "" if position is None else self._cells[position]

    def _raw(self, name: str) -> str:
        """The cell with its line breaks, where several contacts may be told apart."""
        position = self._header.positions[name]
        cells = self._record.cells
        return cells[position] if cells is not None and "\n" in cells[position] else self._cells[position]

    def _add(
        self,
        column: str,
        kind: str,
        reason: str,
        severity: Severity = Severity.ERROR,
        *,
        first_line: int | None = None,
        suggestion: str | None = None,
    ) -> None:
        line, last_line = self._record.line, self._record.last_line
        self._has_error = self._has_error or severity is Severity.ERROR
        last = last_line if last_line > line else None
        self.problems.append(RowProblem(line, column, kind, reason, severity, first_line, last, suggestion))


@lru_cache(maxsize=65_536)  # streets repeat, and the tables of places cost 60 µs
def _by_street(address: str) -> str:
    """The address under which its zone is remembered; what is short may state the zone by its digits."""
    return address if len(address) <= _LONGEST_OFFSET else address.translate(_SAME_DIGITS)


def _zone_of(text: str, default: ZoneInfo) -> tuple[str, bool]:
    zone, known = zone_of(text, default)
    return zone.key, known


def _plain_text(cell: str) -> str:
    if not cell:
        return cell
    text = clean_text(cell)
    # The apostrophe with which spreadsheets, and our file of rejected rows, mark a text like «=1+1».
    return text[1:] if text[:1] == "'" and text[1:2] in _FORMULA_SIGNS else text


def _account_key(account: str) -> str:
    return "".join(account.casefold().split())


def _holds_rows(cell: str, delimiter: str, columns: int) -> bool:
    # An address of two lines is fine; a cell with whole rows inside is the work of a stray quote.
    return any(line.count(delimiter) >= max(1, columns // 2) for line in cell.splitlines())
