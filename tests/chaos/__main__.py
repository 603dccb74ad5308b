"""`python -m tests.chaos --rounds 50 --seed 1`: kill in the middle of runs, and count who was lost.

With `--broken NAME` a worker or scheduler that is wrong on purpose runs instead of ours: then the rounds
must find what it does wrong, and the exit code is 0 when they did.
"""

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from dispatcher.core.logging import configure_logging
from tests.chaos.broken import BROKEN, launcher
from tests.chaos.house import House, Mail, open_house
from tests.chaos.phases import longest_by_kind
from tests.chaos.rounds import Plan, Result, plan_rounds, play
from tests.chaos.targets import TARGETS
from tests.memory import open_fast_directory

VOID_TRIES = 4
HEADER = (
    f"{'round':>5}  {'target':<23} {'notices':>7} {'killed':>6} {'in flight':>9} {'unknown':>7}"
    f" {'lost':>5} {'doubled':>7} {'seconds':>7}  of these"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Play the rounds; 0 when all were green (or, with --broken, when one showed what is wrong)."""
    options = _options(arguments)
    configure_logging("error")
    with open_fast_directory() as directory:
        try:
            results = _play_all(directory, options)
        finally:
            if options.keep is not None:
                _keep(directory, options.keep)
    return _conclude(results, options.broken)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--notices", type=int, default=2000)
    parser.add_argument(
        "--target", action="append", default=[], choices=list(TARGETS), help="only these, in turn"
    )
    parser.add_argument("--broken", choices=list(BROKEN))
    parser.add_argument("--keep", type=Path, help="copy logs and journal here afterwards")
    return parser.parse_args(arguments)


def _play_all(directory: Path, options: argparse.Namespace) -> list[Result]:
    names = options.target or (BROKEN[options.broken].targets if options.broken else ())
    plans = plan_rounds(options.seed, options.rounds, names)
    print(HEADER, flush=True)
    results: list[Result] = []
    for mail in Mail:
        of_house = [plan for plan in plans if plan.target.mail is mail]
        if of_house and not _is_caught(options.broken, results):
            place = directory / mail.name.lower()
            place.mkdir()
            results += _play_in_one_house(place, options, mail, of_house)
    return results


def _play_in_one_house(
    directory: Path, options: argparse.Namespace, mail: Mail, plans: Sequence[Plan]
) -> list[Result]:
    results: list[Result] = []
    lists = dict.fromkeys(plan.target.recipients for plan in plans)
    start = launcher(options.broken)
    with open_house(directory, options.notices, options.seed, start, mail, lists) as house:
        for plan in plans:
            results.append(_play_until_it_counts(house, plan, is_broken=options.broken is not None))
            if _is_caught(options.broken, results):
                break
    return results


def _is_caught(broken: str | None, results: Sequence[Result]) -> bool:
    return broken is not None and BROKEN[broken].is_caught(result.verdict for result in results)


def _play_until_it_counts(house: House, plan: Plan, *, is_broken: bool) -> Result:
    for _ in range(VOID_TRIES):
        result = play(house, plan, watches_journal=is_broken)
        _show(result)
        if not result.is_void or not result.verdict.is_green:
            break
    if result.is_void:
        result.verdict.faults.append(f"void {VOID_TRIES} times: nothing was being sent at the strike")
    return result


def _show(result: Result) -> None:
    verdict = result.verdict
    print(
        f"{result.plan.number:>5}  {result.plan.target.name:<23} {verdict.notices:>7} {result.killed:>6}"
        f" {verdict.in_flight:>9} {verdict.unknown:>7} {verdict.lost:>5} {verdict.doubled:>7}"
        f" {result.phases.total:>7.1f}  {result.phases}{'  void' if result.is_void else ''}",
        flush=True,
    )
    for fault in verdict.faults:
        print(f"       FAILED: {fault}", flush=True)


def _conclude(results: Sequence[Result], broken: str | None) -> int:
    red = [result for result in results if not result.verdict.is_green]
    verdicts = [result.verdict for result in results]
    print(
        f"total: rounds {len(results)}, notices {sum(one.notices for one in verdicts)},"
        f" killed {sum(result.killed for result in results)},"
        f" in flight {sum(one.in_flight for one in verdicts)},"
        f" unknown {sum(one.unknown for one in verdicts)}"
        f" (the provider's own {sum(one.unknown_by_provider for one in verdicts)}),"
        f" lost {sum(one.lost for one in verdicts)}, doubled {sum(one.doubled for one in verdicts)}"
        f" (by choice {sum(one.doubled_by_choice for one in verdicts)}),"
        f" seconds {sum(result.phases.total for result in results):.0f}"
        f" (longest {max((result.phases.total for result in results), default=0):.1f})"
    )
    print("the longest round of each kind:")
    for name, phases in longest_by_kind([(one.plan.target.name, one.phases) for one in results]):
        print(f"       {name:<23} {phases.total:>7.1f}  {phases}")
    if broken is not None:
        is_caught = _is_caught(broken, results)
        print(f"the broken build {broken} was {'caught' if is_caught else 'NOT caught'}")
        return 0 if is_caught else 1
    print("green" if not red else f"{len(red)} rounds failed")
    return 1 if red else 0


def _keep(directory: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for pattern in ("*/*.log", "*/*.jsonl", "*/product/log/*"):
        for path in directory.glob(pattern):
            house = path.relative_to(directory).parts[0]
            shutil.copy(path, target / f"{house}-{path.name}")


if __name__ == "__main__":
    sys.exit(main())
