"""Importing a recipient list: rows into persons, accounts, contact points, consent and frozen recipients.

The file is read as a stream and written in batches. Until the last batch the list is `importing` and
cannot be used; an import that was killed leaves it so, until its lease is over or the next import of the
same name begins: then it is marked `failed` (`import_leases`). The good people it has already met stay
known. What a person withdrew is never given back by a list (requirements 12 and 13), and nothing that staff
confirmed is overwritten.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from campaigns import import_repository as repository
from campaigns.import_consents import record_consents
from campaigns.import_people import upsert_contacts, upsert_people
from campaigns.import_repository import BegunList, ListCounts, NewList
from campaigns.list_errors import ListFileError, RowProblem, Severity
from campaigns.list_file import Item, ListReading, fingerprint, read_list
from campaigns.list_limits import ListLimits
from campaigns.list_mapping import get_mapping, save_mapping
from campaigns.list_row import ListRow, RejectedCells
from dispatcher.core.audit import record_action
from dispatcher.core.clock import Clock
from dispatcher.core.db import Database

BATCH = 1000

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """What to import and as what. `purpose` is what the list's consent column speaks about.

    `source` names the billing system whose saved mapping is used; `mapping` (title in the file → field)
    corrects it for this file, and with `saves_mapping` for the next ones.
    """

    path: Path
    name: str
    purpose: str = "debt"
    encoding: str | None = None
    mapping: Mapping[str, str] | None = None
    country: str = "RU"  #: of telephone numbers without a country code
    default_zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Europe/Moscow"))
    sheet: str | None = None
    source: str | None = None
    saves_mapping: bool = False
    limits: ListLimits = field(default_factory=ListLimits)
    lease_seconds: float = 300.0  #: without a batch for so long, the import counts as dead


@dataclass(frozen=True, slots=True)
class ImportResult:
    """The frozen list and what was not taken."""

    list_id: UUID
    version: int
    recipients: int
    problems: int
    rejected: int
    same_as_version: int | None = None  #: an earlier version made of the very same file
    zone_unknown: int = 0  #: recipients who got the default time zone
    source: Mapping[str, object] = field(default_factory=dict)  #: how the file was read


def import_list(
    database: Database,
    clock: Clock,
    request: ImportRequest,
    *,
    actor: str,
    progress: Progress = lambda _taken, _problems: None,
    on_total: Callable[[int], None] = lambda _rows: None,
) -> ImportResult:
    """Import a file as the next version of a list.

    Raises `ListFileError` when the file as a whole cannot be used; when rows were read already, its
    `list_id` names the failed list with its report. Faults of single rows are in the report, the good rows
    are taken. `on_total` hears about how many rows there are, before the first one.
    """
    reading = open_list(database, request)
    _save_mapping(database, clock, request, reading, actor)
    on_total(reading.source.count_lines())
    importing = _Importing(database, clock, request, reading, actor)
    try:
        for item in reading:
            importing.take(item)
            # Never between the problems of a row and the row: they belong into one batch.
            if importing.is_full and not isinstance(item, RowProblem):
                importing.flush()
                progress(importing.counts.recipients, importing.counts.problems)
        importing.flush()
        progress(importing.counts.recipients, importing.counts.problems)
        return importing.freeze()
    except ListFileError as error:
        importing.fail(error)
        raise


def open_list(database: Database, request: ImportRequest) -> ListReading:
    """Understand the file with the mapping saved for its source; raises `ListFileError`."""
    source = request.source
    saved = database.run(lambda session: get_mapping(session, source)) if source else None
    return read_list(
        request.path,
        encoding=request.encoding,
        sheet=request.sheet,
        mapping=request.mapping,
        saved_mapping=saved.columns if saved else None,
        limits=request.limits,
        country=request.country,
        default_zone=request.default_zone,
    )


def _save_mapping(
    database: Database, clock: Clock, request: ImportRequest, reading: ListReading, actor: str
) -> None:
    if not request.saves_mapping:
        return
    if request.source is None:
        raise ListFileError("mapping_wrong", "Чтобы сохранить сопоставление столбцов, назовите источник.")
    source = request.source
    columns = {**reading.columns(), **(request.mapping or {})}
    database.run(
        lambda session: save_mapping(
            session, source=source, columns=columns, actor=actor, now=clock.refresh(session)
        )
    )


class _Importing:
    """One import under way."""

    def __init__(
        self, database: Database, clock: Clock, request: ImportRequest, reading: ListReading, actor: str
    ) -> None:
        self._database = database
        self._clock = clock
        self._request = request
        self._reading = reading
        self._actor = actor
        self._rows: list[ListRow] = []
        self._found: list[RowProblem] = []
        self._rejected: list[RejectedCells] = []
        self._stored_rejected = 0
        self._begun: BegunList | None = None
        self._lines_rejected: set[int] = set()
        self.counts = ListCounts()

    @property
    def is_full(self) -> bool:
        return len(self._rows) + len(self._found) >= BATCH

    def take(self, item: Item) -> None:
        if isinstance(item, ListRow):
            self._rows.append(item)
        elif isinstance(item, RejectedCells):
            self._rejected.append(item)
        else:
            self._found.append(item)
            if item.severity is Severity.ERROR:
                self._lines_rejected.add(item.line)

    def flush(self) -> None:
        if not (self._rows or self._found or self._rejected):
            return
        begun = self._begin()
        counts = self._database.run(lambda session: self._write(session, begun.id))
        self._stored_rejected += len(self._rejected)
        self.counts = counts
        self._rows, self._found, self._rejected = [], [], []
        self._lines_rejected = set()

    def _write(self, session: Session, list_id: UUID) -> ListCounts:
        """One batch; may run twice, so nothing of this object is changed here."""
        now = self._clock.refresh(session)
        rows, before = self._rows, self.counts
        people = upsert_people(session, rows, now)
        contacts = upsert_contacts(session, rows, people, now)
        refused = record_consents(
            session,
            list_id,
            rows,
            people,
            contacts,
            purpose=self._request.purpose,
            actor=self._actor,
            now=now,
        )
        found = [*self._found, *refused]
        repository.add_recipients(session, list_id, rows, people, contacts, first=before.recipients + 1)
        repository.add_problems(session, list_id, found, first=before.problems + 1)
        repository.add_rejected(session, list_id, self._rejected, first=self._stored_rejected + 1)
        counts = ListCounts(
            before.recipients + len(rows),
            before.problems + len(found),
            before.rejected + len(self._lines_rejected),
            before.zone_unknown + sum(not row.time_zone_known for row in rows),
        )
        if not repository.go_on(session, list_id, counts, self._request.lease_seconds):
            raise _superseded()
        return counts

    def _begin(self) -> BegunList:
        if self._begun is None:
            new = NewList(
                self._request.name,
                self._request.path.name,
                fingerprint(self._request.path),
                self._reading.header.titles,
                self._reading.describe(),
                self._request.lease_seconds,
            )
            self._begun = self._database.run(
                lambda session: repository.add_list(
                    session, new, actor=self._actor, now=self._clock.refresh(session)
                )
            )
        return self._begun

    def fail(self, error: ListFileError) -> None:
        if self._begun is None:
            return
        error.list_id = list_id = self._begun.id
        self._database.run(lambda session: repository.fail_list(session, list_id, error.code))

    def freeze(self) -> ImportResult:
        if self._begun is None or self.counts.recipients == 0:
            raise ListFileError(
                "no_good_rows", "в списке нет ни одной годной строки: исправьте файл и загрузите его снова"
            )
        begun, counts = self._begun, self.counts
        self._database.run(lambda session: self._freeze(session, begun))
        return ImportResult(
            begun.id,
            begun.version,
            counts.recipients,
            counts.problems,
            counts.rejected,
            begun.same_as_version,
            counts.zone_unknown,
            self._reading.describe(),
        )

    def _freeze(self, session: Session, begun: BegunList) -> None:
        now = self._clock.refresh(session)
        if not repository.freeze_list(session, begun.id):
            raise _superseded()
        record_action(
            session,
            at=now,
            actor=self._actor,
            action="list.imported",
            subject_type="recipient_list",
            subject_id=begun.id,
            after={
                "version": begun.version,
                "recipients": self.counts.recipients,
                "problems": self.counts.problems,
            },
        )


def _superseded() -> ListFileError:
    return ListFileError(
        "superseded",
        "Загрузка прервана: этот же список начали загружать заново, или она слишком долго стояла."
        " Если новой версии нет, загрузите файл снова.",
    )
