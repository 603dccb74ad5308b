"""Erasing whole persons: at once by a command, and again after a backup of before was restored.

A backup holds the people who were erased after it was made. The list of erased ids is kept outside the
database (`person erased`, docs/backup.md); after a restore it is applied before anything may be sent.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from consent.errors import UnknownPersonError
from dispatcher.core.db import Database
from dispatcher.privacy.erasure import BegunErasure, ErasedPerson, begin_erasure, erase_slice
from dispatcher.privacy.errors import ErasureRefusedError, PrivacyError


class Again(NamedTuple):
    """What became of a list of erased people."""

    erased: int
    were_erased: int
    unknown: int  #: the backup is older than they are
    refused: tuple[UUID, ...]  #: a run that is not closed in the backup needs them: stop it, then again


def erase_person(
    database: Database, person: UUID, *, reason: str, actor: str, now: Callable[[], datetime]
) -> BegunErasure:
    """Erase a person to the end; what a kill interrupts, the scheduler carries on.

    Raises what `begin_erasure` does.
    """
    begun = database.run(
        lambda session: begin_erasure(session, person, reason=reason, actor=actor, now=now())
    )
    while database.run(lambda session: erase_slice(session, begun.id, now())):
        pass
    return begun


def erase_again(database: Database, people: Iterable[ErasedPerson], now: Callable[[], datetime]) -> Again:
    """Erase everybody on the list who is not; those whom a run still needs are named and left."""
    erased = were_erased = unknown = 0
    refused: list[UUID] = []
    for one in people:
        try:
            begun = erase_person(database, one.person_id, reason=one.reason, actor=one.requested_by, now=now)
        except UnknownPersonError:
            unknown += 1
            continue
        except ErasureRefusedError:
            refused.append(one.person_id)
            continue
        erased, were_erased = erased + begun.is_new, were_erased + (not begun.is_new)
    return Again(erased, were_erased, unknown, tuple(refused))


def write_erased(people: Sequence[ErasedPerson], path: Path) -> None:
    """Keep the list as lines of JSON, put in place at once."""
    lines = [
        json.dumps(
            {"person_id": str(one.person_id), "reason": one.reason, "requested_by": one.requested_by},
            ensure_ascii=False,
        )
        for one in people
    ]
    beside = path.with_name(f"{path.name}.new")
    beside.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    beside.replace(path)


def read_erased(path: Path) -> list[ErasedPerson]:
    """The list that was kept; raises `PrivacyError` naming the line that is none."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise PrivacyError("the list of erased people cannot be read") from error
    return [_read_line(number, line) for number, line in enumerate(lines, 1) if line.strip()]


def _read_line(number: int, line: str) -> ErasedPerson:
    try:
        said = json.loads(line)
        return ErasedPerson(UUID(said["person_id"]), str(said["reason"]), str(said["requested_by"]))
    except (ValueError, KeyError, TypeError) as error:
        raise PrivacyError(f"line {number} is none of a list of erased people") from error
