"""Builds that are wrong on purpose: the rounds must catch each of them, or they prove nothing."""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from tests.chaos.verdict import INVENTED, TOLD_TWICE, Verdict


@dataclass(frozen=True, slots=True)
class BrokenBuild:
    """What is wrong, the targets at which it must show, and the fault that shows it.

    Any other fault proves nothing: a build that does not even send is red as well, however well it is broken.
    """

    words: str
    targets: Sequence[str]
    shows: str

    def is_caught(self, verdicts: Iterable[Verdict]) -> bool:
        """Whether one of the rounds found what this build does wrong."""
        return any(self.shows in fault for verdict in verdicts for fault in verdict.faults)


BROKEN: Final = MappingProxyType(
    {
        "send-before-commit": BrokenBuild(
            "the worker calls the provider while the claim is not committed",
            ("all workers", "worker 1"),
            TOLD_TWICE,
        ),
        "blind-resend": BrokenBuild(
            "attempts of a worker that vanished are sent again instead of being in doubt",
            ("all workers", "whole tree"),
            TOLD_TWICE,
        ),
        "record-before-send": BrokenBuild(
            "attempts are recorded as accepted before the provider was called",
            ("all workers", "worker 1"),
            INVENTED,
        ),
        "resend-behind-dot": BrokenBuild(
            "a letter whose end was written and never answered counts as not sent",
            ("wire cut",),
            TOLD_TWICE,
        ),
    }
)


def launcher(name: str | None) -> Sequence[str] | None:
    """The command that runs the broken build in place of `dispatcher up`; None for the real one."""
    return None if name is None else [sys.executable, "-m", "tests.chaos.broken_up", name]
