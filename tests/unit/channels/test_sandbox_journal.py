"""The witness of what arrived."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from channels.port import AttemptReference
from channels.sandbox.errors import SandboxError
from channels.sandbox.journal import Journal, JournalEntry, JournalVerdict, read_journal


def make_entry(*, attempt: AttemptReference | None = None) -> JournalEntry:
    return JournalEntry(
        attempt or AttemptReference(date(2026, 11, 1), uuid4()), JournalVerdict.ACCEPTED, datetime.now(UTC)
    )


def write(path: Path, *entries: JournalEntry, fsync: bool = False) -> None:
    journal = Journal(path, fsync=fsync)
    journal.append(entries)
    journal.close()


class TestJournal:
    @pytest.mark.parametrize("fsync", [False, True])
    def test_what_was_appended_is_read_in_order(self, tmp_path: Path, fsync: bool) -> None:
        first, second, stranger = (
            make_entry(),
            make_entry(),
            JournalEntry(None, JournalVerdict.REFUSED, datetime.now(UTC)),
        )
        write(tmp_path / "new" / "journal", first, second, first, stranger, fsync=fsync)
        assert read_journal(tmp_path / "new" / "journal") == [first, second, first, stranger]

    def test_a_restart_goes_on_behind_the_last_line(self, tmp_path: Path) -> None:
        first, second = make_entry(), make_entry()
        write(tmp_path / "journal", first)
        write(tmp_path / "journal", second)
        assert read_journal(tmp_path / "journal") == [first, second]

    def test_a_torn_last_line_is_left_out_and_cut_by_the_next_writer(self, tmp_path: Path) -> None:
        path = tmp_path / "journal"
        first, second = make_entry(), make_entry()
        write(path, first)
        with path.open("ab") as file:
            file.write(b'{"attempt_id": "12')
        assert read_journal(path) == [first]
        write(path, second)
        assert read_journal(path) == [first, second]

    def test_a_missing_file_is_empty(self, tmp_path: Path) -> None:
        assert read_journal(tmp_path / "journal") == []

    def test_damage_before_the_end_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "journal").write_bytes(b"nonsense\n")
        with pytest.raises(SandboxError, match="damaged"):
            read_journal(tmp_path / "journal")

    def test_a_place_that_cannot_be_written_is_told(self, tmp_path: Path) -> None:
        with pytest.raises(SandboxError, match="cannot write"):
            Journal(tmp_path)

    def test_it_holds_nothing_but_ids_verdict_and_time(self, tmp_path: Path) -> None:
        write(tmp_path / "journal", make_entry())
        text = (tmp_path / "journal").read_text()
        assert set(json.loads(text)) == {"attempt_id", "period", "verdict", "at"}
