"""One pipe per child into the log writer process.

This process keeps both ends of each pipe: if the log writer is killed, children wait for the next one
instead of failing on a broken pipe.
"""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from dispatcher.embedded import log_writer
from dispatcher.embedded.errors import EmbeddedError

_DRAIN_SECONDS: Final = 5.0


class LogPipes:
    """The pipes of the named children and the process that empties them into `log_path`."""

    def __init__(self, names: Iterable[str], log_path: Path, *, echo: bool) -> None:
        """Raises EmbeddedError when the log's directory or process cannot be made."""
        self._log_path = log_path
        self._echo = echo
        self._ends: dict[str, tuple[int, int]] = {}
        self._writer: subprocess.Popen[bytes] | None = None
        try:
            log_path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            for name in names:
                self._ends[name] = os.pipe()
            self._start_writer()
        except OSError as exc:
            self.close()
            raise EmbeddedError(f"The log {log_path} cannot be written ({exc.strerror}).") from exc

    def writer(self, name: str) -> int:
        """The descriptor to which the child's output goes."""
        return self._ends[name][1]

    def ensure_writer(self) -> None:
        """Start the log writer again if it has died."""
        if self._writer is not None and self._writer.poll() is not None:
            with contextlib.suppress(OSError):  # no memory just now: the next call tries again
                self._start_writer()

    def close(self) -> None:
        """Close all pipes; returns when the last lines are in the file (at most 5 s)."""
        for _, write_end in self._ends.values():
            os.close(write_end)
        if self._writer is not None:
            try:
                self._writer.wait(_DRAIN_SECONDS)
            except subprocess.TimeoutExpired:  # somebody who escaped from its group still writes
                self._writer.kill()
                self._writer.wait()
        for read_end, _ in self._ends.values():
            os.close(read_end)
        self._ends.clear()

    def _start_writer(self) -> None:
        read_ends = {read_end: name for name, (read_end, _) in self._ends.items()}
        # Run as a file, isolated: starts in a fraction of the time and from any working directory.
        argv = [sys.executable, "-I", "-S", log_writer.__file__, str(self._log_path)]
        argv += [f"--pipe={read_end}:{name}" for read_end, name in read_ends.items()]
        argv += ["--echo"] if self._echo else []
        self._writer = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=None if self._echo else subprocess.DEVNULL,
            pass_fds=tuple(read_ends),
            process_group=0,
        )
