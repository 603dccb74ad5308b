"""The supervisor: restarts, order of stopping, one log, and nobody left after any kill."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from dispatcher.embedded.child import ChildCommand, ChildState
from dispatcher.embedded.errors import EmbeddedError
from dispatcher.embedded.supervisor import Supervisor
from tests.integration.embedded.processes import is_living, living_below, run_script, wait_until

#: Says its id, and on SIGTERM notes its name in a file and ends.
POLITE = """
import os, signal, sys, time
name, journal = sys.argv[1:3]
def end(*_):
    with open(journal, "a") as file:
        file.write(name + "\\n")
    print("ending", name, flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
print("ready", os.getpid(), flush=True)
while True:
    time.sleep(60)
"""
#: Starts one process of its own and ignores SIGTERM, as does that one.
STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", sys.argv[1]])
print("ready", flush=True)
time.sleep(600)
"""
SUPERVISOR = """
import sys
from pathlib import Path
from dispatcher.embedded.child import ChildCommand
from dispatcher.embedded.supervisor import Supervisor
directory = Path(sys.argv[1])
commands = [ChildCommand(name, [sys.executable, "-c", sys.argv[2], name, str(directory / "journal")])
            for name in ("first", "second", "third")]
supervisor = Supervisor(commands, log_path=directory / "log" / "dispatcher.log", stop_seconds=10,
                        tick=lambda: print("tick", flush=True))
sys.exit(supervisor.run())
"""


def polite(name: str, directory: Path) -> ChildCommand:
    return ChildCommand(name, [sys.executable, "-c", POLITE, name, str(directory / "journal")])


def log_of(directory: Path) -> str:
    path = directory / "log" / "dispatcher.log"
    return path.read_text() if path.exists() else ""


def make(directory: Path, *commands: ChildCommand, **options: object) -> Supervisor:
    return Supervisor(commands, log_path=directory / "log" / "dispatcher.log", **options)  # type: ignore[arg-type]


class TestSupervisor:
    def test_a_killed_child_is_started_again(self, tmp_path: Path) -> None:
        with make(tmp_path, polite("web", tmp_path)) as supervisor:
            first = supervisor.states()["web"].process_id
            supervisor.kill("web")
            wait_until(
                lambda: supervisor.states()["web"].process_id not in {None, first},
                "a new process runs",
                supervisor.poll,
            )
            report = supervisor.states()["web"]
            assert report.state is ChildState.RUNNING
            assert report.restarts == 1
            assert report.last_exit == -signal.SIGKILL
        assert living_below(tmp_path) == []

    def test_a_child_that_always_dies_is_waited_for_longer_and_longer(self, tmp_path: Path) -> None:
        with make(
            tmp_path, ChildCommand("broken", [sys.executable, "-c", "raise SystemExit(3)"])
        ) as supervisor:
            wait_until(lambda: supervisor.states()["broken"].restarts >= 2, "two restarts", supervisor.poll)
            wait_until(
                lambda: supervisor.states()["broken"].state is ChildState.WAITING, "it died", supervisor.poll
            )
            assert supervisor.states()["broken"].last_exit == 3

    def test_a_program_that_is_not_there_is_named_and_nobody_is_left(self, tmp_path: Path) -> None:
        supervisor = make(tmp_path, polite("web", tmp_path), ChildCommand("absent", ["/no/such/program"]))
        with pytest.raises(EmbeddedError, match=r"absent cannot be started.*/no/such/program"):
            supervisor.start()
        assert living_below(tmp_path) == []

    def test_children_are_stopped_in_the_reverse_order(self, tmp_path: Path) -> None:
        supervisor = make(tmp_path, *(polite(name, tmp_path) for name in ("first", "second", "third")))
        supervisor.start()
        wait_until(lambda: log_of(tmp_path).count("ready") == 3, "all are ready", supervisor.poll)
        supervisor.stop()
        assert (tmp_path / "journal").read_text().split() == ["third", "second", "first"]
        assert "third  | ending third\n" in log_of(tmp_path)
        assert supervisor.states() == {}

    def test_a_stubborn_child_is_killed_with_all_it_started(self, tmp_path: Path) -> None:
        command = ChildCommand("stubborn", [sys.executable, "-c", STUBBORN, str(tmp_path)])
        supervisor = make(tmp_path, command, stop_seconds=0.3)
        supervisor.start()
        wait_until(lambda: "ready" in log_of(tmp_path), "it is ready", supervisor.poll)
        supervisor.stop()
        wait_until(lambda: living_below(tmp_path) == [], "nobody is left")

    def test_what_a_killed_child_had_started_ends_before_it_starts_again(self, tmp_path: Path) -> None:
        command = ChildCommand("stubborn", [sys.executable, "-c", STUBBORN, str(tmp_path)])
        with make(tmp_path, command, stop_seconds=0.3) as supervisor:
            wait_until(lambda: "ready" in log_of(tmp_path), "it is ready", supervisor.poll)
            earlier = [pid for pid in living_below(tmp_path) if psutil.Process(pid).ppid() != os.getpid()]
            assert earlier
            supervisor.kill("stubborn")
            wait_until(lambda: supervisor.states()["stubborn"].restarts == 1, "restarted", supervisor.poll)
            assert not any(is_living(pid) for pid in earlier)

    def test_a_wanted_restart_is_graceful_and_without_pause(self, tmp_path: Path) -> None:
        with make(tmp_path, polite("web", tmp_path)) as supervisor:
            wait_until(lambda: "ready" in log_of(tmp_path), "it is ready", supervisor.poll)
            supervisor.restart("web")
            wait_until(lambda: log_of(tmp_path).count("ready") == 2, "it is ready again", supervisor.poll)
            assert (tmp_path / "journal").read_text().split() == ["web"]

    def test_a_killed_log_writer_is_replaced_and_children_do_not_notice(self, tmp_path: Path) -> None:
        chatty = "import time\nwhile True:\n print('line', time.time(), flush=True); time.sleep(0.01)"
        with make(tmp_path, ChildCommand("chatty", [sys.executable, "-c", chatty])) as supervisor:
            wait_until(lambda: "line" in log_of(tmp_path), "it writes", supervisor.poll)
            [writer] = [pid for pid in living_below(tmp_path) if pid != os.getpid()]
            os.kill(writer, signal.SIGKILL)
            length = len(log_of(tmp_path))
            wait_until(lambda: len(log_of(tmp_path)) > length + 500, "it writes on", supervisor.poll)
            assert supervisor.states()["chatty"].restarts == 0

    def test_a_failing_tick_does_not_end_the_others(self, tmp_path: Path) -> None:
        calls: list[int] = []

        def tick() -> None:
            calls.append(1)
            raise EmbeddedError("the port is taken")

        with make(tmp_path, polite("web", tmp_path), tick=tick) as supervisor:
            wait_until(lambda: len(calls) >= 2, "the tick is called again", supervisor.poll)
            assert supervisor.states()["web"].state is ChildState.RUNNING


class TestRun:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
    def test_a_signal_stops_all_in_order(self, tmp_path: Path, number: signal.Signals) -> None:
        process = run_script(SUPERVISOR, tmp_path, POLITE)
        wait_until(lambda: log_of(tmp_path).count("ready") == 3, "all are ready")
        process.send_signal(number)
        output, _ = process.communicate(timeout=100)
        assert process.returncode == 0
        assert "tick" in output
        assert (tmp_path / "journal").read_text().split() == ["third", "second", "first"]
        assert living_below(tmp_path) == []

    def test_a_killed_supervisor_leaves_nobody_and_its_children_may_finish(self, tmp_path: Path) -> None:
        process = run_script(SUPERVISOR, tmp_path, POLITE, stderr=subprocess.DEVNULL)
        wait_until(lambda: log_of(tmp_path).count("ready") == 3, "all are ready")
        process.kill()
        process.communicate()
        wait_until(lambda: living_below(tmp_path) == [], "nobody is left")
        # Their last words still reach the log: no broken pipe kept them from finishing.
        assert log_of(tmp_path).count("ending") == 3

    def test_a_supervisor_killed_at_any_moment_leaves_nobody(self, tmp_path: Path) -> None:
        marker = tmp_path / "starts"
        loop = SUPERVISOR.replace(
            "sys.exit(supervisor.run())", f"open({str(marker)!r}, 'w').close(); supervisor.run()"
        )
        for step in range(6):
            marker.unlink(missing_ok=True)
            process = run_script(loop, tmp_path, POLITE, stderr=subprocess.DEVNULL)
            wait_until(marker.exists, "it begins to start children")
            time.sleep(step * 0.004)
            process.kill()
            process.communicate()
            wait_until(lambda: living_below(tmp_path) == [], "nobody is left")
