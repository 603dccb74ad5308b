"""Runs the product's processes as one: restarts the dead, stops all in order, leaves no orphan.

    supervisor = Supervisor([ChildCommand("web", [...]), ...], log_path=..., tick=servers.ensure_running)
    exit_status = supervisor.run()        # blocks until SIGINT, SIGTERM or SIGHUP

or, driven by a caller that has its own loop: `start()`, `poll()` several times a second, `stop()`.

All of it belongs in the main thread: the kernel ends the children with the thread that started them.
"""

import signal
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Final, Self

import structlog

from dispatcher.embedded.child import Child, ChildCommand, ChildReport
from dispatcher.embedded.death_signal import require_main_thread
from dispatcher.embedded.errors import EmbeddedError
from dispatcher.embedded.log_pipes import LogPipes

STOP_SECONDS: Final = 25.0  #: workers take up to 20 s for replies that are on their way
_TICK_SECONDS: Final = 1.0
_POLL_SECONDS: Final = 0.1
_STOP_POLL_SECONDS: Final = 0.02
_KILLED_SECONDS: Final = 10.0  #: how long a killed process may hang in the kernel before we leave it
#: How long the next child waits for the one before it: enough for those that end at once, so that the
#: order holds, and not a sum of all their times when they have replies to wait for.
_ORDER_SECONDS: Final = 0.5
_STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_log = structlog.get_logger(__name__)


class Supervisor:
    """Named children of one process; started in the given order, stopped in the reverse."""

    def __init__(
        self,
        commands: Iterable[ChildCommand],
        *,
        log_path: Path,
        echo: bool = False,
        stop_seconds: float = STOP_SECONDS,
        tick: Callable[[], object] | None = None,
    ) -> None:
        """`echo` also prints the children's lines; `tick` is called about every second by `poll`."""
        self._commands = list(commands)
        names = [command.name for command in self._commands]
        if len(set(names)) != len(names):
            raise EmbeddedError(f"Two supervised processes have one name: {', '.join(names)}.")
        self._log_path = log_path
        self._echo = echo
        self._stop_seconds = stop_seconds
        self._tick = tick
        self._next_tick_at = 0.0
        self._stop_requests = 0
        self._pipes: LogPipes | None = None
        self._children: dict[str, Child] = {}

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start all children. Raises EmbeddedError, and then none is left running."""
        require_main_thread()
        if self._pipes is not None:
            return
        self._pipes = LogPipes([c.name for c in self._commands], self._log_path, echo=self._echo)
        try:
            for command in self._commands:
                output = self._pipes.writer(command.name)
                child = Child(command, output, stop_seconds=self._stop_seconds)
                self._children[command.name] = child
                child.start()
        except BaseException:
            self.stop()
            raise

    def poll(self) -> None:
        """Restart what has died and call `tick` when it is due. Short unless `tick` is long."""
        if self._pipes is not None:
            self._pipes.ensure_writer()
        for child in self._children.values():
            child.poll()
        now = time.monotonic()
        if self._tick is not None and now >= self._next_tick_at:
            self._next_tick_at = now + _TICK_SECONDS
            self._call_tick(self._tick)

    def run(self) -> int:
        """Start, keep running until a stop signal or `request_stop`, stop; returns the exit status 0.

        A second signal cuts the waiting for children short.
        """
        earlier = {number: signal.signal(number, self._on_signal) for number in _wanted_signals()}
        try:
            self.start()
            while not self._stop_requests:
                self.poll()
                time.sleep(_POLL_SECONDS)
        finally:
            try:
                self.stop()
            finally:
                _restore(earlier)
        return 0

    def request_stop(self) -> None:
        """Let `run` come to its end. Safe in a signal handler (a plain number: an Event could deadlock)."""
        self._stop_requests += 1

    def stop(self) -> None:
        """Stop all children in the reverse order within `stop_seconds`, then kill; no error if none runs."""
        deadline = time.monotonic() + self._stop_seconds
        children = list(reversed(self._children.values()))
        for child in children:
            child.never_start_again()
        for child in children:
            child.ask_to_stop(max(0.0, deadline - time.monotonic()))
            self._poll_until_gone([child], time.monotonic() + _ORDER_SECONDS)
        self._poll_until_gone(children, deadline + _KILLED_SECONDS)
        for child in children:
            if not child.is_gone():
                _log.error("supervisor.child_unkillable", child=child.name)
        self._children.clear()
        if self._pipes is not None:
            self._pipes.close()
            self._pipes = None

    def states(self) -> dict[str, ChildReport]:
        """The state of each child by name."""
        return {name: child.report() for name, child in self._children.items()}

    def restart(self, name: str) -> None:
        """Stop one child gracefully and start it again without pause (by later calls of `poll`)."""
        self._child(name).ask_to_restart()

    def kill(
        self, name: str, signal_number: signal.Signals = signal.SIGKILL, *, whole_group: bool = False
    ) -> None:
        """Send a signal to one child, or to all that it started as well; `poll` then restarts it."""
        self._child(name).signal(signal_number, whole_group=whole_group)

    def _child(self, name: str) -> Child:
        try:
            return self._children[name]
        except KeyError:
            raise EmbeddedError(f"No supervised process is called {name}.") from None

    def _poll_until_gone(self, children: list[Child], deadline: float) -> None:
        # Everything else goes on meanwhile: those who finish their work need the servers and the log.
        requests_at_begin = max(1, self._stop_requests)
        while not all(child.is_gone() for child in children) and time.monotonic() < deadline:
            if self._stop_requests > requests_at_begin:
                for child in children:
                    child.signal(signal.SIGKILL, whole_group=True)
            self.poll()
            time.sleep(_STOP_POLL_SECONDS)

    def _call_tick(self, tick: Callable[[], object]) -> None:
        # A tick that fails now (a server's port is taken, the disk is full) may work a second later;
        # ending the whole product over it would be worse.
        try:
            tick()
        except Exception as exc:  # noqa: BLE001  (whatever it is, the product stays up)
            _log.warning("supervisor.tick_failed", kind=type(exc).__name__, reason=_reason(exc))

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.request_stop()


def _wanted_signals() -> list[signal.Signals]:
    # Under `nohup` SIGHUP comes ignored, and has to stay so.
    return [number for number in _STOP_SIGNALS if signal.getsignal(number) != signal.SIG_IGN]


def _reason(error: Exception) -> str:
    """Our own messages hold no personal data; those of others might."""
    return str(error) if isinstance(error, EmbeddedError) else ""


def _restore(handlers: Mapping[signal.Signals, Any]) -> None:
    for number, handler in handlers.items():
        signal.signal(number, handler)
