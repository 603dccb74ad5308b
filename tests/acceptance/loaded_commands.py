"""Commands of the product in processes of their own, which need not load it first.

A test asks a running product again and again what became of a run, and nearly all that such a command does is
loading. So one process loads the product once and forks for each command: the same `main`, arguments,
environment, output and exit code. What is to be shown of the start itself is run by `Product.run`.
"""

import atexit
import json
import os
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Final

LIMIT_SECONDS: Final = 240
COLUMNS: Final = "300"  #: how wide the terminal is said to be; read when a command is loaded
#: What the commands load that tests give most often, directly and where they are called.
LOADED: Final = (
    "dispatcher.cli.console",
    "dispatcher.cli.campaign",
    "dispatcher.cli.lists",
    "dispatcher.cli.doctor",
    "sqlalchemy.dialects.postgresql.psycopg",
)


class LoadedCommands:
    """The process that forks, started at the first command and ended with the tests."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def run(
        self, arguments: Sequence[str], environment: Mapping[str, str], directory: Path
    ) -> "subprocess.CompletedProcess[str]":
        """Run one command to its end; one at a time."""
        with self._lock:
            process = self._process or self._start()
            output, errors = directory / "command.out", directory / "command.err"
            order = {
                "arguments": list(arguments),
                "environment": dict(environment),
                "directory": str(directory),
                "output": str(output),
                "errors": str(errors),
            }
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps(order).encode() + b"\n")
            process.stdin.flush()
            answer = process.stdout.readline()
            assert answer, "the process that forks for commands has died"
            return subprocess.CompletedProcess(
                ["dispatcher", *arguments], int(answer), output.read_text(), errors.read_text()
            )

    def _start(self) -> "subprocess.Popen[bytes]":
        own = {name: value for name, value in os.environ.items() if not name.startswith("DISPATCHER_")}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.acceptance.loaded_commands"],
            env={**own, "COLUMNS": COLUMNS},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        atexit.register(self._end)
        return self._process

    def _end(self) -> None:
        if self._process is not None:
            self._process.communicate()


def main() -> None:
    """Fork for each line of the input; answer with the exit code."""
    for name in LOADED:
        import_module(name)
    assert threading.active_count() == 1, "a process with threads must not fork"
    sys.modules["__main__"].__package__ = None  # the usage names the command, not this module
    for line in sys.stdin.buffer:
        child = os.fork()
        if child == 0:
            _become(json.loads(line))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _become(order: Mapping[str, object]) -> None:
    """Run the command and end; never returns."""
    code = 1
    try:
        signal.alarm(LIMIT_SECONDS)
        for number, path in ((0, os.devnull), (1, order["output"]), (2, order["errors"])):
            place = os.open(str(path), os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(place, number)
            os.close(place)
        os.environ.clear()
        os.environ.update(order["environment"])  # type: ignore[call-overload] - as written above
        os.chdir(str(order["directory"]))
        sys.argv = ["dispatcher", *order["arguments"]]  # type: ignore[misc] - as written above
        code = _exit_code_of_main()
    except BaseException:  # noqa: BLE001 - as Python itself ends with it
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(code)


def _exit_code_of_main() -> int:
    try:
        import_module("dispatcher.cli").main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


if __name__ == "__main__":
    main()
