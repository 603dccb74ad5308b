"""Starts a server process that cannot outlive this process."""

import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from dispatcher.embedded.account import ServiceAccount
from dispatcher.embedded.death_signal import for_child
from dispatcher.embedded.errors import EmbeddedError


def spawn(
    argv: Sequence[str],
    *,
    account: ServiceAccount,
    death_signal: signal.Signals,
    directory: Path,
    output: IO[bytes] | int,
    with_input: bool = False,
) -> subprocess.Popen[bytes]:
    """Start `argv` in a session of its own (Ctrl-C in the terminal is for us, not for the servers).

    Raises WrongThreadError outside the main thread and EmbeddedError when the program cannot start.
    """
    try:
        return subprocess.Popen(
            argv,
            cwd=directory,  # a directory the account cannot enter makes PostgreSQL fail
            env=_environment(directory),
            stdin=subprocess.PIPE if with_input else subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=account.user_id,
            group=account.group_id,
            extra_groups=None if account.user_id is None else [],
            # The only place after the change of user, which clears the death signal.
            preexec_fn=for_child(death_signal),  # noqa: PLW1509
        )
    except (OSError, subprocess.SubprocessError) as exc:
        raise EmbeddedError(f"{Path(argv[0]).name} cannot be started: {exc}.") from exc


def end(process: subprocess.Popen[bytes], steps: Sequence[tuple[signal.Signals, float]]) -> None:
    """Send each signal in turn and wait up to its seconds, until the process has ended; reap it."""
    for signal_number, seconds in steps:
        if process.poll() is not None:
            return
        process.send_signal(signal_number)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            continue


def _environment(directory: Path) -> dict[str, str]:
    """Nothing of the caller's PG… or locale variables; messages stay English, so they can be read by us."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(directory),
        "LC_ALL": "C",
        "TZ": "UTC",
    }
