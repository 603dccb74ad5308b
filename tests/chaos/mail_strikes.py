"""Strikes at the way to the provider: the wire breaks at chosen octets, one of two mail servers fails.

Nothing of ours is hurt, so what becomes unknown must be explained by the wire, or have been out at the
moment at which the server failed.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from tests.chaos.house import POLL_SECONDS, SMTP_TIMEOUT_SECONDS, House
from tests.chaos.sandboxes import Sandbox
from tests.chaos.strikes import Blow, count_sending, kill_worker
from tests.chaos.wire import Place, Wire

DEAD_SECONDS: Final = 1.0
HUNG_SECONDS: Final = SMTP_TIMEOUT_SECONDS + 1.0
SETTLE_SECONDS: Final = 1.0  #: for what a frozen server had in its buffers
CUTS_AT_EACH_PLACE: Final = 2


def cut_wire(house: House, run: UUID) -> Blow:
    """From now on each connection breaks after some letters."""
    assert house.wire is not None
    blow = Blow(0, count_sending(house, run), may_lose_sight=False)
    house.wire.arm()
    cutting = _Cutting(house.wire, blow)
    blow.finish, blow.doubted = cutting.finish, house.wire.doubted
    return blow


@dataclass(slots=True)
class _Cutting:
    wire: Wire
    blow: Blow

    def finish(self) -> frozenset[UUID]:
        self.wire.is_armed = False
        counts = self.wire.cuts
        self.blow.killed = sum(counts.values())
        self.blow.faults += [
            f"the wire broke {counts[place]} times {place}, wanted {CUTS_AT_EACH_PLACE} at least"
            for place in Place
            if counts[place] < CUTS_AT_EACH_PLACE
        ]
        return frozenset()


def fail_reserve(fail: Callable[[Sandbox], None], seconds: float) -> Callable[[House, UUID], Blow]:
    """One of the two mail servers fails, and comes back after some seconds."""

    def strike(house: House, run: UUID) -> Blow:
        blow = Blow(1, count_sending(house, run))
        fail(house.reserve)
        blow.at = datetime.now(UTC)
        failing = _Failing(house.reserve, time.monotonic() + seconds)
        blow.tend, blow.finish = failing.tend, failing.finish
        return blow

    return strike


@dataclass(slots=True)
class _Failing:
    sandbox: Sandbox
    until: float
    is_back: bool = False

    def tend(self) -> None:
        if not self.is_back and time.monotonic() >= self.until:
            self.is_back = True
            self.sandbox.restore()

    def finish(self) -> frozenset[UUID]:
        while not self.is_back:
            self.tend()
            time.sleep(POLL_SECONDS)
        time.sleep(SETTLE_SECONDS)
        return frozenset()


def kill_both(house: House, run: UUID) -> Blow:
    """A mail server and a worker that talks to both are killed in the same moment."""
    workers = kill_worker(0)(house, run)
    blow = kill_reserve(house, run)
    blow.killed += workers.killed
    blow.sampled = max(blow.sampled, workers.sampled)
    return blow


kill_reserve = fail_reserve(Sandbox.kill, DEAD_SECONDS)
hang_reserve = fail_reserve(Sandbox.freeze, HUNG_SECONDS)
refuse_by_reserve = fail_reserve(Sandbox.refuse, DEAD_SECONDS)
