"""Builds that are wrong on purpose: the rounds must catch each of them, or they prove nothing."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class BrokenBuild:
    """What is wrong, and the targets at which it must show."""

    words: str
    targets: Sequence[str]


BROKEN: Final = MappingProxyType(
    {
        "send-before-commit": BrokenBuild(
            "the worker calls the provider while the claim is not committed", ("all workers", "worker 1")
        ),
        "blind-resend": BrokenBuild(
            "attempts of a worker that vanished are sent again instead of being in doubt",
            ("all workers", "whole tree"),
        ),
        "record-before-send": BrokenBuild(
            "attempts are recorded as accepted before the provider was called", ("all workers", "worker 1")
        ),
        "resend-behind-dot": BrokenBuild(
            "a letter whose end was written and never answered counts as not sent", ("wire cut",)
        ),
    }
)


def launcher(name: str | None) -> Sequence[str] | None:
    """The command that runs the broken build in place of `dispatcher up`; None for the real one."""
    return None if name is None else [sys.executable, "-m", "tests.chaos.broken_up", name]
