"""The order of the benchmark's rounds, and what becomes of an entry that fails."""

import time
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from tests.benchmarks import __main__ as bench
from tests.benchmarks.errors import BenchmarkError
from tests.benchmarks.rounds import Round


@pytest.fixture(autouse=True)
def _no_sink(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def none(_directory):
        yield None

    monkeypatch.setattr(bench, "running_sink", none)


def run(entries, *, rounds: int = 3, minutes: float = 5):
    stage = SimpleNamespace(directory=None)
    return bench.run_rounds(stage, entries, rounds, time.monotonic() + minutes * 60)


class TestRunRounds:
    def test_the_rounds_are_interleaved(self):
        order = []

        def entry(name):
            def measure(_sink):
                order.append(name)
                return Round(1, 1.0)

            return measure

        measured, failures = run({name: entry(name) for name in "abc"}, rounds=2)
        assert "".join(order) == "abcabc"
        assert {name: len(rounds) for name, rounds in measured.items()} == {"a": 2, "b": 2, "c": 2}
        assert failures == []

    def test_an_entry_that_fails_is_named_and_left_out_and_the_others_go_on(self):
        calls = []

        def broken(_sink):
            calls.append(1)
            raise BenchmarkError("nothing moves")

        measured, failures = run({"good": lambda _sink: Round(1, 1.0), "bad": broken})
        assert failures == ["bad, round 1: nothing moves"]
        assert list(measured) == ["good"]
        assert len(measured["good"]) == 3
        assert calls == [1]

    def test_no_round_is_begun_that_would_end_too_late(self):
        measured, _ = run({"slow": lambda _sink: Round(1, 1.0)}, minutes=0)
        assert len(measured["slow"]) == 1
