"""The arithmetic of the benchmarks: what they count, and what they make of it."""

import os
import signal
import subprocess
import sys

import pytest

from tests.benchmarks.interrupts import ending_in_good_order
from tests.benchmarks.processes import ProcessorMeter, Reading, peak_mb, spent
from tests.benchmarks.report import problems_of, summarise
from tests.benchmarks.rounds import Round, figure, miscounts

BURN = "import time\nwhile time.process_time() < 0.3: pass\n"
PARENT = f"""
import subprocess, sys
sys.stdin.readline()
subprocess.run([sys.executable, "-c", {BURN!r}], check=True)
print("done", flush=True)
sys.stdin.readline()
"""


class TestProcessorMeter:
    def test_the_time_of_a_process_that_ended_between_two_readings_is_not_lost(self):
        parent = subprocess.Popen(
            [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert parent.stdin is not None
        assert parent.stdout is not None
        try:
            meter = ProcessorMeter({"tree": parent.pid})
            begin = meter.read()
            parent.stdin.write("go\n")
            parent.stdin.flush()
            parent.stdout.readline()
            used = spent(begin, meter.read())
        finally:
            parent.kill()
            parent.communicate()
        assert sum(used.values()) >= 0.25  # it used 0.3 s; the kernel counts in hundredths, rounded down

    def test_what_an_ended_process_had_used_before_is_counted_once(self):
        # Backend 7 used 4 s before and 1 s since, then ended: its parent has 5 s more.
        begin = Reading({"postgres": 5.0}, {("postgres/backends", 7): 4.0, ("postgres/postgres", 1): 1.0})
        end = Reading({"postgres": 8.0}, {("postgres/postgres", 1): 6.0, ("postgres/backends", 9): 2.0})
        used = spent(begin, end)
        assert used == {"postgres/backends": 2.0, "postgres/postgres": 5.0, "postgres/ended": -4.0}
        assert sum(used.values()) == 3.0

    def test_a_peak_is_that_of_all_processes_together(self):
        assert peak_mb([os.getpid(), os.getpid()]) == pytest.approx(2 * peak_mb([os.getpid()]), rel=0.05)


class TestFigure:
    def test_it_has_the_median_every_round_and_the_distance_of_the_extremes(self):
        assert figure([100.0, 90.0, 120.0]) == {
            "median": 100.0,
            "rounds": [100.0, 90.0, 120.0],
            "spread": 0.3,
        }


class TestMiscounts:
    def test_equal_counts_are_no_problem(self):
        assert miscounts(wanted=5, received=5, recorded=5) == []
        assert miscounts(wanted=5, received=5) == []

    def test_every_count_that_differs_is_named(self):
        assert miscounts(wanted=5, received=6, recorded=4) == [
            "the sink took 6 messages of 5",
            "4 results are recorded of 5",
        ]


class TestSummarise:
    def test_ratios_are_those_of_single_rounds_and_not_of_medians(self):
        entries = {
            "product": [Round(100, 1.0), Round(100, 2.0), Round(100, 4.0)],
            "celery": [Round(10, 1.0), Round(10, 1.0), Round(10, 10.0)],
            "dramatiq": [],
        }
        summary = summarise(entries)
        assert summary["ratios"] == {
            "vs_celery": {"median": 10.0, "rounds": [10.0, 5.0, 25.0], "spread": 2.0}
        }
        assert summary["rates"]["product"]["median"] == 50.0
        assert "dramatiq" not in summary["rates"]

    def test_processor_time_is_that_of_all_processes_for_a_thousand_messages(self):
        one = Round(500, 1.0, cpu={"dispatcher/worker": 0.1, "postgres/backends": 0.05})
        cpu = summarise({"product": [one]})["cpu_s_per_1000"]["product"]
        assert cpu["median"] == 0.3
        assert cpu["by_process"] == {"dispatcher/worker": 0.2, "postgres/backends": 0.1}

    def test_a_red_round_is_named(self):
        entries = {"product": [Round(1, 1.0), Round(1, 1.0, problems=["the sink took 0 messages of 1"])]}
        assert problems_of(entries) == ["product, round 2: the sink took 0 messages of 1"]


class TestEndingInGoodOrder:
    def test_a_signal_unwinds_everything_and_tells_its_number(self):
        put_away = []

        def work() -> None:
            try:
                os.kill(os.getpid(), signal.SIGTERM)
            finally:
                os.kill(os.getpid(), signal.SIGINT)  # a second one must not disturb what is put away
                put_away.append(True)

        with pytest.raises(SystemExit) as caught, ending_in_good_order():
            work()
        assert caught.value.code == 128 + signal.SIGTERM
        assert put_away == [True]
