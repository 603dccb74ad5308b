"""How long to wait before a died child is started again."""

from dataclasses import dataclass

FIRST_SECONDS = 0.2
LONGEST_SECONDS = 10.0
HEALTHY_SECONDS = 30.0  #: a child that lived this long starts afresh


@dataclass
class Backoff:
    """Doubles with each early death: 0.2 s, 0.4 s … 10 s."""

    early_deaths: int = 0

    def delay_after(self, lived_seconds: float) -> float:
        """Seconds to wait after a child that lived so long."""
        if lived_seconds >= HEALTHY_SECONDS:
            self.early_deaths = 0
        # The exponent is capped: 2 ** 2000 is no float any more.
        delay = FIRST_SECONDS * 2.0 ** min(self.early_deaths, 16)
        self.early_deaths += 1
        return min(LONGEST_SECONDS, delay)
