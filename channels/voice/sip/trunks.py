"""The trunks of one process: which takes the next call, how many lines it has, how quickly it may dial."""

import random
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from channels.circuit import Circuit, Tolerance
from channels.voice.sip.numbers import takes
from dispatcher.core.voice_settings import TrunkSettings, VoiceSettings

#: A call's length says nothing about its trunk.
_NEVER_SLOW = float("inf")
FULL_SECONDS = 2.0


class TrunkGate(Protocol):
    """Lines and calls per second over all processes: who keeps them is not the channel's matter.

    Never raises: in doubt it grants nothing.
    """

    async def take_line(self, trunk: TrunkSettings, call_key: str) -> bool:
        """Whether one more call may be begun over the trunk now; it then holds a line."""
        ...

    async def give_back(self, trunk: TrunkSettings, call_key: str) -> None:
        """The call is over, or was never begun."""
        ...

    async def close(self) -> None:
        """No more calls will be begun or given back."""
        ...


class OpenGate:
    """No limits beyond this process: for a channel that stands alone, as in `dispatcher doctor`."""

    async def take_line(self, trunk: TrunkSettings, call_key: str) -> bool:  # noqa: ARG002 - the protocol
        """See `TrunkGate`."""
        return True

    async def give_back(self, trunk: TrunkSettings, call_key: str) -> None:
        """See `TrunkGate`: nothing was counted."""

    async def close(self) -> None:
        """See `TrunkGate`."""


class Trunk:
    """One trunk as this process uses it."""

    def __init__(
        self, settings: TrunkSettings, tolerance: Tolerance, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.settings = settings
        self.circuit = Circuit(tolerance, clock)
        self.busy_lines = 0
        self._clock = clock
        self._next_at = clock()
        self._full_until = float("-inf")

    @property
    def free_lines(self) -> int:
        """As far as this process knows; none while the trunk is spared."""
        return 0 if self.circuit.is_spared else max(0, self.settings.lines - self.busy_lines)

    @property
    def offered_lines(self) -> int:
        """The same for whoever wants to begin more calls: none just after all were found taken elsewhere."""
        return 0 if self._clock() < self._full_until else self.free_lines

    def note_full(self) -> None:
        """Other processes have the rest of the lines, or the pace."""
        self._full_until = self._clock() + FULL_SECONDS

    def turn_in_seconds(self) -> float:
        """How long until the next call may be dialled; that turn is then taken."""
        now = self._clock()
        at = max(now, self._next_at)
        self._next_at = at + 1 / self.settings.calls_per_second
        return at - now


class Trunks:
    """All of them."""

    def __init__(
        self,
        settings: VoiceSettings,
        *,
        clock: Callable[[], float] = time.monotonic,
        lot: Callable[[], float] = random.random,
    ) -> None:
        tolerance = Tolerance(
            settings.fault_share, settings.fault_sample, _NEVER_SLOW, settings.spare_seconds
        )
        self.all = [Trunk(one, tolerance, clock) for one in settings.trunks]
        self._lot = lot

    def for_number(self, number: str) -> Sequence[Trunk]:
        """Who takes this number: in the order of the settings, or by weight where there are weights."""
        found = [trunk for trunk in self.all if takes(trunk.settings, number)]
        if len(found) < 2 or found[0].settings.weight is None:
            return found
        # Each draws a lot that favours the heavier (Efraimidis and Spirakis): the first is a share by weight.
        return sorted(found, key=self._draw, reverse=True)

    def _draw(self, trunk: Trunk) -> float:
        return float(self._lot() ** (1 / (trunk.settings.weight or 1)))

    def free_lines(self) -> int:
        """Over all trunks that are well."""
        return sum(trunk.offered_lines for trunk in self.all)
