"""How many recipients fit into the time: a small round of everything tells, before any figure counts.

On a slower machine the lists become shorter, all by the same factor, and then the rounds fewer; the report
says so. The small round is also what warms the machine up.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

SAMPLE_SHARE: Final = 0.1  #: of the wanted lists
LEAST_SAMPLE: Final = 500  #: recipients; with fewer wanted, nothing is sampled and nothing shrinks
LEAST_RECIPIENTS: Final = 2_000  #: below, a round says more about its beginning than about the rate
MARGIN: Final = 0.9  #: of the time that is left


@dataclass(frozen=True, slots=True)
class Sizes:
    """`recipients` of the product and the transport, `peers` of each peer, for so many rounds."""

    recipients: int
    peers: int
    rounds: int

    def scaled(self, factor: float) -> "Sizes":
        """The same with lists so many times as long, two at least (each sender has one)."""
        return Sizes(max(2, int(self.recipients * factor)), max(2, int(self.peers * factor)), self.rounds)


@dataclass(frozen=True, slots=True)
class Sample:
    """What a small round of one entry took: all in all, and while messages left."""

    wall_seconds: float
    sending_seconds: float


def is_sampled(wanted: Sizes) -> bool:
    """Whether a small round is worth its time."""
    return wanted.recipients * SAMPLE_SHARE >= LEAST_SAMPLE


def fit(wanted: Sizes, samples: Mapping[str, Sample], share: float, seconds: float) -> Sizes:
    """The largest sizes whose rounds end in time. `samples` were measured with lists of this `share`."""
    fixed = sum(max(0.0, one.wall_seconds - one.sending_seconds) for one in samples.values())
    whole = sum(one.sending_seconds for one in samples.values()) / share
    usable = seconds * MARGIN
    if whole <= 0 or wanted.rounds * (fixed + whole) <= usable:
        return wanted
    least = min(1.0, LEAST_RECIPIENTS / wanted.recipients)
    factor = min(1.0, max(least, (usable / wanted.rounds - fixed) / whole))
    rounds = min(wanted.rounds, max(1, int(usable / (fixed + whole * factor))))
    return Sizes(int(wanted.recipients * factor), int(wanted.peers * factor), rounds)
