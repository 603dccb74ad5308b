"""What the sandbox received, outside the product's data: the witness against which runs are checked.

One JSON line for each body that came in whole, written before the answer leaves, and one for each message
that is left without an answer, written before that. So whatever was answered or not is in the journal, even
after kill -9; with `fsync`, after a power cut too. It holds attempt ids, no address and no text. A message
that came twice stands in it twice.
"""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from uuid import UUID

from channels.port import AttemptReference
from channels.sandbox.errors import SandboxError


class JournalVerdict(StrEnum):
    """What the sandbox did with a body."""

    ACCEPTED = "accepted"  #: taken; whether the answer reached the sender is another matter
    REFUSED = "refused"  #: 5xx to the dot
    DEFERRED = "deferred"  #: 4xx to the dot
    UNANSWERED = (
        "unanswered"  #: not taken, and left without an answer that would say so: its sender cannot know
    )


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """What became of one letter. `attempt` is None when the sender address was not one of ours."""

    attempt: AttemptReference | None
    verdict: JournalVerdict
    at: datetime


class Journal:
    """Appends to one file. Raises `SandboxError` when it cannot be opened or written."""

    def __init__(self, path: Path, *, fsync: bool = False) -> None:
        self.path = path
        self.fsync = fsync
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _cut_torn_line(path)
            self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        except OSError as error:
            raise SandboxError(f"cannot write the sandbox journal {path}: {error.strerror}") from error

    def append(self, entries: Iterable[JournalEntry]) -> None:
        """Write the entries, and sync once for all of them when asked to."""
        data = b"".join(map(_line, entries))
        try:
            while data:
                data = data[os.write(self._file, data) :]
            if self.fsync:
                os.fsync(self._file)
        except OSError as error:
            raise SandboxError(f"cannot write the sandbox journal {self.path}: {error.strerror}") from error

    def close(self) -> None:
        """Close the file; appending afterwards is a bug."""
        os.close(self._file)


def read_journal(path: Path) -> list[JournalEntry]:
    """All entries, oldest first. A torn last line was never answered and is left out.

    A missing file is an empty journal. Raises `SandboxError` when another line makes no sense.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return []
    whole = data[: data.rfind(b"\n") + 1]
    try:
        return [_entry(line) for line in whole.splitlines()]
    except (ValueError, KeyError, TypeError) as error:
        raise SandboxError(f"the sandbox journal {path} is damaged: {error}") from error


def _line(entry: JournalEntry) -> bytes:
    attempt = entry.attempt
    fields = {
        "attempt_id": str(attempt.attempt_id) if attempt else None,
        "period": attempt.period.isoformat() if attempt else None,
        "verdict": entry.verdict.value,
        "at": entry.at.isoformat(),
    }
    return json.dumps(fields).encode() + b"\n"


def _entry(line: bytes) -> JournalEntry:
    fields = json.loads(line)
    attempt = None
    if fields["attempt_id"] is not None:
        attempt = AttemptReference(date.fromisoformat(fields["period"]), UUID(fields["attempt_id"]))
    return JournalEntry(attempt, JournalVerdict(fields["verdict"]), datetime.fromisoformat(fields["at"]))


def now() -> datetime:
    """The time of an entry: the machine's, on purpose, so that a moved product clock shows."""
    return datetime.now(UTC)


def _cut_torn_line(path: Path) -> None:
    """Remove what a kill or a full disk left behind the last line end; its sender got no answer."""
    if not path.exists():
        return
    with path.open("rb+") as file:
        data = file.read()
        whole = data.rfind(b"\n") + 1
        if whole != len(data):
            file.truncate(whole)
