"""The report of `make bench`: figures with their rounds and spread, and what they are measured against."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from tests.benchmarks.rounds import Round, figure

PRODUCT: Final = "product"
#: Name of the ratio → the entry that the product's rate is divided by, round by round.
RATIOS: Final = {
    "vs_aiosmtplib": "aiosmtplib",
    "vs_pipelined": "pipelined",
    "vs_celery": "celery",
    "vs_dramatiq": "dramatiq",
    "vs_bullmq": "bullmq",
}
#: The same for the built-in debt reminder, which no peer sends.
BUILTIN: Final = "product_builtin"
BUILTIN_RATIOS: Final = {"vs_aiosmtplib": "aiosmtplib_builtin", "vs_pipelined": "pipelined_builtin"}


def summarise(entries: Mapping[str, Sequence[Round]]) -> dict[str, Any]:
    """Rates, ratios, processor seconds and memory; an entry without a round is left out."""
    measured = {name: rounds for name, rounds in entries.items() if rounds}
    return {
        "rates": {name: figure([one.rate for one in rounds]) for name, rounds in measured.items()},
        "ratios": _ratios(measured, PRODUCT, RATIOS),
        "ratios_builtin": _ratios(measured, BUILTIN, BUILTIN_RATIOS),
        "cpu_s_per_1000": {
            name: {
                **figure([one.cpu_s_per_1000 for one in rounds], 4),
                "by_process": _by_process(rounds),
            }
            for name, rounds in measured.items()
        },
        "worker_peak_mb": {
            name: figure(peaks)
            for name, rounds in measured.items()
            if (peaks := [one.worker_peak_mb for one in rounds if one.worker_peak_mb is not None])
        },
        "seconds": {name: figure([one.seconds for one in rounds], 2) for name, rounds in measured.items()},
    }


def problems_of(entries: Mapping[str, Sequence[Round]]) -> list[str]:
    """What makes rounds red, in words."""
    return [
        f"{name}, round {number}: {problem}"
        for name, rounds in entries.items()
        for number, one in enumerate(rounds, start=1)
        for problem in one.problems
    ]


def _ratios(
    measured: Mapping[str, Sequence[Round]], ours_name: str, ratios: Mapping[str, str]
) -> dict[str, Any]:
    product = measured.get(ours_name, ())
    return {
        ratio: figure(
            [ours.rate / theirs.rate for ours, theirs in zip(product, measured[name], strict=True)], 3
        )
        for ratio, name in ratios.items()
        if product and name in measured
    }


def _by_process(rounds: Sequence[Round]) -> dict[str, float]:
    """Processor seconds per thousand messages of each kind of process: the mean of the rounds."""
    labels = sorted({label for one in rounds for label in one.cpu})
    return {
        label: round(sum(one.cpu.get(label, 0.0) * 1000 / one.messages for one in rounds) / len(rounds), 4)
        for label in labels
    }
