"""What a group of processes costs: processor time, exact also for those that ended, and peak memory.

A tree's time is the sum over its living processes of their own time and of the time of the children they
have reaped (the kernel adds a child's whole time to its parent when it is waited for). So nothing is lost
when a PostgreSQL backend or a forked worker ends between two readings. A reading is taken again when a
process came or went in the middle of it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from tests.benchmarks.errors import BenchmarkError

READING_TRIES: Final = 200
ENDED: Final = "ended"
#: Words that begin the titles of PostgreSQL's own processes; all others serve a client.
POSTGRES_OWN: Final = frozenset(
    {
        *("archiver", "autovacuum", "background", "checkpointer", "io"),
        *("logger", "logical", "startup", "walwriter"),
    }
)


@dataclass(frozen=True, slots=True)
class Reading:
    """Processor seconds so far: by root in whole, and by single process under its label."""

    whole: Mapping[str, float]
    single: Mapping[tuple[str, int], float]  #: (root/label, process id)


class ProcessorMeter:
    """Reads the trees below some roots: name → process id."""

    def __init__(self, roots: Mapping[str, int]) -> None:
        self._roots = dict(roots)

    def read(self) -> Reading:
        """Processor seconds of every tree, whole and by process. Raises `BenchmarkError`."""
        for _ in range(READING_TRIES):
            try:
                before = {name: _tree(root) for name, root in self._roots.items()}
                reading = _read(before)
                after = {name: _tree(root) for name, root in self._roots.items()}
            except psutil.NoSuchProcess as error:
                if error.pid in self._roots.values():
                    raise BenchmarkError(f"process {error.pid} ended in the middle of a round") from error
                continue
            if {p.pid for tree in before.values() for p in tree} == {
                p.pid for tree in after.values() for p in tree
            }:
                return reading
        raise BenchmarkError("processes come and go faster than they can be counted")


def spent(begin: Reading, end: Reading) -> dict[str, float]:
    """Processor seconds between two readings, by root/label.

    The sum of the values is exact. A process that ended in between has left its whole time with its parent,
    under the parent's label; `root/ended` takes off (below zero) what it had used before the first reading.
    """
    result: dict[str, float] = {}
    for (label, pid), seconds in end.single.items():
        result[label] = result.get(label, 0.0) + seconds - begin.single.get((label, pid), 0.0)
    for root, seconds in end.whole.items():
        named = sum(value for label, value in result.items() if label.split("/")[0] == root)
        rest = seconds - begin.whole[root] - named
        if abs(rest) > 0.005:
            result[f"{root}/{ENDED}"] = rest
    return {label: round(value, 3) for label, value in sorted(result.items()) if round(value, 3)}


def peak_mb(process_ids: Iterable[int]) -> float:
    """Sum of the peak resident sets (MiB); pages shared by several processes count in each."""
    total = 0
    for pid in process_ids:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                total += int(line.split()[1])
    return round(total / 1024, 1)


def members(root: int, *words: str) -> list[int]:
    """Process ids in the tree of `root` whose command line holds all the words."""
    return [process.pid for process in _tree(root) if all(word in process.cmdline() for word in words)]


def _tree(root: int) -> list[psutil.Process]:
    process = psutil.Process(root)
    return [process, *process.children(recursive=True)]


def _read(trees: Mapping[str, list[psutil.Process]]) -> Reading:
    whole: dict[str, float] = {}
    single: dict[tuple[str, int], float] = {}
    for root, tree in trees.items():
        for process in tree:
            times = process.cpu_times()
            seconds = times.user + times.system + times.children_user + times.children_system
            whole[root] = whole.get(root, 0.0) + seconds
            single[(f"{root}/{_label(process)}", process.pid)] = seconds
    return Reading(whole, single)


def _label(process: psutil.Process) -> str:
    """What a process is: a kind of PostgreSQL process, a command of ours with its lane, else its name."""
    words = process.cmdline()
    if words and words[0].startswith("postgres: "):
        kind = words[0].split()[1]
        return kind if kind in POSTGRES_OWN else "backends"
    if "dispatcher" in words:
        command = words[words.index("dispatcher") + 1 :]
        lane = [command[command.index("--lane") + 1]] if "--lane" in command else []
        return " ".join([*command[:1], *lane])
    return process.name()
