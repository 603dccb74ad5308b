"""One supervised child: its process group, its restarts, its end."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import structlog

from dispatcher.embedded.backoff import Backoff
from dispatcher.embedded.death_signal import for_child
from dispatcher.embedded.errors import EmbeddedError
from dispatcher.embedded.leftovers import group_members

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class ChildCommand:
    """What to run under which name."""

    name: str
    argv: Sequence[str]
    environment: Mapping[str, str] | None = None  #: None: that of the supervisor


class ChildState(StrEnum):
    """Where a child is in its life."""

    #: its process runs
    RUNNING = "running"
    #: it was asked to end, or it died and processes that it started are still ending
    ENDING = "ending"
    #: it died and is started again after a pause
    WAITING = "waiting"
    #: it does not run and will not be started
    STOPPED = "stopped"


@dataclass(frozen=True)
class ChildReport:
    """One line of `Supervisor.states`."""

    state: ChildState
    process_id: int | None
    restarts: int
    last_exit: int | None  #: exit status of the last run; negative: the signal that ended it


class Child:
    """Drives one command. The process is reaped only after its whole group has ended.

    Until then its id, which is also the group's, cannot be given to a stranger, so killing the group is
    safe. `poll` never blocks.
    """

    def __init__(self, command: ChildCommand, output: int, *, stop_seconds: float) -> None:
        self.name = command.name
        self._command = command
        self._output = output
        self._stop_seconds = stop_seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._backoff = Backoff()
        self._restarts = 0
        self._last_exit: int | None = None
        self._started_at = 0.0
        self._next_start_at: float | None = None  # None: nobody wants it to run
        self._kill_at: float | None = None  # set while it is ending

    def start(self) -> None:
        """Start the process now; no-op if it runs. Raises EmbeddedError when there is no such program."""
        if self._process is not None:
            return
        try:
            self._process = subprocess.Popen(
                self._command.argv,
                env=None if self._command.environment is None else dict(self._command.environment),
                stdin=subprocess.DEVNULL,
                stdout=self._output,
                stderr=self._output,
                process_group=0,  # Ctrl-C is for the supervisor, which then stops everyone in order
                preexec_fn=for_child(signal.SIGTERM),  # noqa: PLW1509
            )
        except (OSError, subprocess.SubprocessError) as exc:
            raise EmbeddedError(f"{self.name} cannot be started ({self._command.argv[0]}: {exc}).") from exc
        self._started_at = self._next_start_at = time.monotonic()
        self._kill_at = None
        _log.info("supervisor.child_started", child=self.name, process_id=self._process.pid)

    def poll(self) -> None:
        """Notice its end, finish off its group, start it again when it is time."""
        now = time.monotonic()
        if self._process is not None:
            if self._is_over():
                self._follow_up_end(now)
            elif self._kill_at is not None and now >= self._kill_at:
                self.signal(signal.SIGKILL, whole_group=True)
        elif self._next_start_at is not None and now >= self._next_start_at:
            self._restarts += 1
            try:
                self.start()
            except EmbeddedError as exc:  # such as no memory for a fork: that passes
                self._next_start_at = now + self._backoff.delay_after(0.0)
                _log.warning("supervisor.child_not_started", child=self.name, reason=str(exc))

    def ask_to_stop(self, within_seconds: float) -> None:
        """SIGTERM now, SIGKILL to its whole group after `within_seconds`; it is not started again."""
        self.never_start_again()
        self._end_within(within_seconds)

    def never_start_again(self) -> None:
        """Whatever happens to its process, leave it ended."""
        self._next_start_at = None

    def ask_to_restart(self) -> None:
        """SIGTERM now, and a new process without pause when it has ended."""
        self._backoff = Backoff()
        self._next_start_at = 0.0
        if self._process is not None:
            self._end_within(self._stop_seconds)

    def signal(self, signal_number: signal.Signals, *, whole_group: bool = False) -> None:
        """Send a signal; no-op if it does not run."""
        if self._process is None:
            return
        try:
            if whole_group:
                os.killpg(self._process.pid, signal_number)
            else:
                os.kill(self._process.pid, signal_number)
        except ProcessLookupError:
            return

    def is_gone(self) -> bool:
        """Whether no process of it is left."""
        return self._process is None

    def report(self) -> ChildReport:
        """Its state now."""
        process_id = self._process.pid if self._process is not None else None
        return ChildReport(self._state(), process_id, self._restarts, self._last_exit)

    def _state(self) -> ChildState:
        if self._process is not None:
            return ChildState.RUNNING if self._kill_at is None else ChildState.ENDING
        return ChildState.STOPPED if self._next_start_at is None else ChildState.WAITING

    def _is_over(self) -> bool:
        # WNOWAIT looks without reaping.
        assert self._process is not None  # noqa: S101  (for the type checker)
        flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, self._process.pid, flags) is not None

    def _follow_up_end(self, now: float) -> None:
        """The process itself has ended: end what it started, then reap it and plan the next start."""
        assert self._process is not None  # noqa: S101  (for the type checker)
        if group_members(self._process.pid):
            if self._kill_at is None:
                self._end_within(self._stop_seconds)
            elif now >= self._kill_at:
                self.signal(signal.SIGKILL, whole_group=True)
            return
        self._last_exit = self._process.wait()
        self._process = None
        self._kill_at = None
        if self._next_start_at is None:
            _log.info("supervisor.child_stopped", child=self.name, exit_status=self._last_exit)
        elif self._next_start_at > 0.0:  # 0.0: a restart that was asked for
            delay = self._backoff.delay_after(now - self._started_at)
            self._next_start_at = now + delay
            _log.warning(
                "supervisor.child_died", child=self.name, exit_status=self._last_exit, restart_seconds=delay
            )

    def _end_within(self, seconds: float) -> None:
        if self._process is None:
            return
        # Its own children are its own affair while it lives; without it they are asked directly.
        self.signal(signal.SIGTERM, whole_group=self._is_over())
        self._kill_at = time.monotonic() + seconds
