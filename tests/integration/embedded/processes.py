"""Looking at processes from outside, and waiting with generous limits."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

LIMIT_SECONDS = 100.0


def wait_until(condition: Callable[[], object], what: str, poll: Callable[[], object] | None = None) -> None:
    deadline = time.monotonic() + LIMIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"still not true: {what}"
        if poll is not None:
            poll()
        time.sleep(0.02)


def is_living(process_id: int) -> bool:
    """A zombie is dead: in a container nobody may reap those whose parent is gone."""
    try:
        return psutil.Process(process_id).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def living_below(directory: Path) -> list[int]:
    """Processes that work in `directory` or name it in their arguments."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                continue
            if str(directory) in process.cwd() or any(str(directory) in part for part in process.cmdline()):
                found.append(process.pid)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def run_script(text: str, *arguments: object, **options: Any) -> subprocess.Popen[str]:
    """A Python process of its own, for instance as an owner that is to be killed."""
    process: subprocess.Popen[str] = subprocess.Popen(
        [sys.executable, "-c", text, *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
        **options,
    )
    return process
