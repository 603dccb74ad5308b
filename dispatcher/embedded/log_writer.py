"""The process that writes the output of all supervised children to one rotated log file.

A process of its own, as PostgreSQL's log collector is: when the supervisor is killed, its children still
have up to 25 s of work to finish and must not fail on a broken pipe meanwhile. It ends by itself when
the last writer has closed its pipe, so it can be no orphan. A full disk loses log lines, nothing else.

Standard library only: it starts quickly and stays small.
"""

import argparse
import contextlib
import os
import selectors
import signal
import sys
from logging import LogRecord, makeLogRecord
from logging.handlers import RotatingFileHandler
from typing import Final

ROTATE_BYTES: Final = 20_000_000
KEPT_FILES: Final = 5
_READ_BYTES: Final = 65_536
_LONGEST_LINE_BYTES: Final = 65_536  # a longer one is written in pieces


class LineSplitter:
    """Cuts the bytes of one pipe into whole lines."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[str]:
        """Whole lines, decoded; an unfinished one waits for the next call (or for `rest`)."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > _LONGEST_LINE_BYTES:
            lines.append(self._rest)
            self._rest = b""
        return [line.decode(errors="replace").rstrip("\r") for line in lines]

    def rest(self) -> list[str]:
        """The unfinished last line, if any."""
        lines = [self._rest.decode(errors="replace")] if self._rest else []
        self._rest = b""
        return lines


class _File(RotatingFileHandler):
    def format(self, record: LogRecord) -> str:
        return record.getMessage()

    def handleError(self, record: LogRecord) -> None:  # noqa: ARG002, N802  (given by logging)
        """Full disk: this line is lost; the next one is tried with the file opened anew."""
        with contextlib.suppress(OSError):
            self.close()


def copy_lines(pipes: dict[int, str], log_path: str, *, echo: bool) -> None:
    """Copy lines from each pipe (descriptor → name) until all are closed by their writers."""
    file = _File(log_path, maxBytes=ROTATE_BYTES, backupCount=KEPT_FILES, encoding="utf-8", delay=True)
    width = max((len(name) for name in pipes.values()), default=0)
    with selectors.DefaultSelector() as selector, contextlib.closing(file):
        splitters = {descriptor: LineSplitter() for descriptor in pipes}
        for descriptor in pipes:
            selector.register(descriptor, selectors.EVENT_READ)
        while selector.get_map():
            for key, _events in selector.select():
                data = os.read(key.fd, _READ_BYTES)
                splitter = splitters[key.fd]
                if not data:
                    selector.unregister(key.fd)
                for line in splitter.feed(data) if data else splitter.rest():
                    text = f"{pipes[key.fd]:<{width}} | {line}"
                    file.handle(makeLogRecord({"msg": text, "args": ()}))
                    if echo:
                        _print(text)


def _print(text: str) -> None:
    with contextlib.suppress(OSError, ValueError):  # the terminal may be gone
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


def _main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("log_path")
    parser.add_argument("--echo", action="store_true")
    parser.add_argument("--pipe", action="append", default=[], metavar="DESCRIPTOR:NAME")
    arguments = parser.parse_args()
    # It must outlive those who write to it; it ends when they have.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    pipes = {int(number): name for number, _, name in (text.partition(":") for text in arguments.pipe)}
    copy_lines(pipes, arguments.log_path, echo=arguments.echo)


if __name__ == "__main__":
    _main()
