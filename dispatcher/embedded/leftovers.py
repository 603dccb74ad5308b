"""Server processes that an earlier, killed owner left behind.

A pid file proves nothing: after a crash its number may belong to any program. A server is known by its
working directory, which PostgreSQL and Valkey both set to their data directory, and by its name.
"""

import os
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

_POLL_SECONDS = 0.05


def processes_in(directory: Path, name: str) -> list[int]:
    """Ids of living processes named `name…` whose working directory is `directory`."""
    wanted = os.path.realpath(directory)
    return [
        process_id
        for process_id in _process_ids()
        if _name_of(process_id).startswith(name) and _working_directory(process_id) == wanted
    ]


def end_leftovers(directory: Path, name: str, steps: Sequence[tuple[signal.Signals, float]]) -> int:
    """End all of them: each signal in turn, waiting up to its seconds. Returns how many were found.

    Only for the holder of the data directory's lock: nobody else can own these processes then.
    """
    found = len(processes_in(directory, name))
    for signal_number, seconds in steps:
        deadline = time.monotonic() + seconds
        for process_id in processes_in(directory, name):
            _send(process_id, signal_number)
        while processes_in(directory, name) and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
    return found


def group_members(group_id: int) -> list[int]:
    """Ids of living processes (no zombies) of one process group."""
    return [process_id for process_id in _process_ids() if _group_of(process_id) == group_id]


def _process_ids() -> Iterator[int]:
    for entry in os.listdir("/proc"):  # noqa: PTH208  (a thousand Path objects each poll are waste)
        if entry.isdigit():
            yield int(entry)


def _name_of(process_id: int) -> str:
    try:
        return Path(f"/proc/{process_id}/comm").read_text(errors="replace").strip()
    except OSError:
        return ""


def _working_directory(process_id: int) -> str | None:
    # A zombie has no working directory any more, so it is never counted as living.
    try:
        return os.readlink(f"/proc/{process_id}/cwd")  # noqa: PTH115  (plain text wanted)
    except OSError:
        return None


def _group_of(process_id: int) -> int | None:
    try:
        stat = Path(f"/proc/{process_id}/stat").read_text(errors="replace")
    except OSError:
        return None
    # The name stands in brackets and may hold anything, so fields are counted after the last bracket.
    state, _parent, group = stat.rpartition(")")[2].split()[:3]
    return None if state in "ZX" else int(group)


def _send(process_id: int, signal_number: signal.Signals) -> None:
    try:
        os.kill(process_id, signal_number)
    except OSError:  # it ended by itself
        return
