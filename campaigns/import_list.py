"""Importing a recipient list: rows into persons, accounts, contact points, consent and frozen recipients.

The file is read as a stream and written in batches. Until the last batch the list is `importing` and
cannot be used; a broken import leaves it so, and the good people it has already met stay known. What a
person withdrew is never given back by a list (requirements 12 and 13), and nothing that staff confirmed
is overwritten.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from campaigns import import_repository as repository
from campaigns.import_consents import record_consents
from campaigns.list_errors import ListFileError, RowProblem, Severity
from campaigns.list_file import ListRow, fingerprint, read_list
from dispatcher.core.audit import record_action
from dispatcher.core.clock import Clock
from dispatcher.core.db import Database

BATCH = 1000

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """What to import and as what. `purpose` is what the list's consent column speaks about."""

    path: Path
    name: str
    purpose: str = "debt"
    encoding: str | None = None
    mapping: dict[str, str] | None = None
    country: str = "RU"  #: of telephone numbers without a country code
    default_zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Europe/Moscow"))


@dataclass(frozen=True, slots=True)
class ImportResult:
    """The frozen list and what was not taken."""

    list_id: UUID
    version: int
    recipients: int
    problems: int
    rejected: int


def import_list(
    database: Database,
    clock: Clock,
    request: ImportRequest,
    *,
    actor: str,
    progress: Progress = lambda _taken, _problems: None,
) -> ImportResult:
    """Import a file as the next version of a list.

    Raises `ListFileError` when the file as a whole cannot be used; faults of single rows are reported in
    `recipient_list_problem`, the good rows are taken.
    """
    rows = _rows(request)
    importing = _Importing(database, clock, request, actor)
    for item in rows:
        importing.take(item)
        if importing.is_full:
            importing.flush()
            progress(importing.recipients, importing.problems)
    importing.flush()
    progress(importing.recipients, importing.problems)
    return importing.freeze()


def _rows(request: ImportRequest) -> Iterable[ListRow | RowProblem]:
    return read_list(
        request.path,
        encoding=request.encoding,
        mapping=request.mapping,
        country=request.country,
        default_zone=request.default_zone,
    )


class _Importing:
    """One import under way."""

    def __init__(self, database: Database, clock: Clock, request: ImportRequest, actor: str) -> None:
        self._database = database
        self._clock = clock
        self._request = request
        self._actor = actor
        self._rows: list[ListRow] = []
        self._found: list[RowProblem] = []
        self._begun: tuple[UUID, int] | None = None
        self.recipients = 0
        self.problems = 0
        self.rejected = 0

    @property
    def is_full(self) -> bool:
        return len(self._rows) + len(self._found) >= BATCH

    def take(self, item: ListRow | RowProblem) -> None:
        if isinstance(item, ListRow):
            self._rows.append(item)
        else:
            self._found.append(item)

    def flush(self) -> None:
        if not self._rows and not self._found:
            return
        rows, found = self._rows, self._found
        list_id, _ = self._begin()
        refused = self._database.run(lambda session: self._write(session, list_id, rows, found))
        self.recipients += len(rows)
        self.problems += len(found) + refused
        self.rejected += sum(problem.severity is Severity.ERROR for problem in found)
        self._rows, self._found = [], []

    def _write(
        self, session: Session, list_id: UUID, rows: Sequence[ListRow], found: Sequence[RowProblem]
    ) -> int:
        now = self._clock.refresh(session)
        people = repository.upsert_people(session, rows, now)
        contacts = repository.upsert_contacts(session, rows, people, now)
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
        repository.add_recipients(session, list_id, rows, people, contacts, first=self.recipients + 1)
        repository.add_problems(session, list_id, [*found, *refused], first=self.problems + 1)
        return len(refused)

    def _begin(self) -> tuple[UUID, int]:
        if self._begun is None:
            self._begun = self._database.run(
                lambda session: repository.add_list(
                    session,
                    name=self._request.name,
                    file_name=self._request.path.name,
                    fingerprint=fingerprint(self._request.path),
                    actor=self._actor,
                    now=self._clock.refresh(session),
                )
            )
        return self._begun

    def freeze(self) -> ImportResult:
        if self._begun is None or self.recipients == 0:
            raise ListFileError(
                "no_good_rows", "в списке нет ни одной годной строки: исправьте файл и загрузите его снова"
            )
        list_id, version = self._begun

        def freeze(session: Session) -> None:
            now = self._clock.refresh(session)
            repository.freeze_list(session, list_id, self.recipients, self.problems)
            record_action(
                session,
                at=now,
                actor=self._actor,
                action="list.imported",
                subject_type="recipient_list",
                subject_id=list_id,
                after={"version": version, "recipients": self.recipients, "problems": self.problems},
            )

        self._database.run(freeze)
        return ImportResult(list_id, version, self.recipients, self.problems, self.rejected)
