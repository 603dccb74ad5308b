"""What is done to the product in the middle of a run, and what that may explain.

A strike waits for nothing: the round calls it when attempts are being sent. Workers are frozen before
they are counted and killed, so that what was in flight at the kill is a fact and not a guess.
"""

import os
import signal
import time
from collections.abc import Callable, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import psutil
import redis
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.chaos.bounces import BounceStorm
from tests.chaos.house import LEASE_SECONDS, POLL_SECONDS, House

FROZEN_SECONDS: Final = LEASE_SECONDS + 1.0
SETTLE_SECONDS: Final = 0.03  #: for what a frozen process had already given to the kernel
GONE_SECONDS: Final = 60.0

_SENDING: Final = text("SELECT count(*) FROM attempt WHERE run_id = :run AND state = 'sending'")
_LEADER: Final = text("SELECT holder FROM scheduler_lease WHERE held_until > clock_timestamp()")


def count_sending(house: House, run: UUID) -> int:
    """How many attempts of the run are being sent now; 0 when the database cannot be asked."""
    try:
        return house.application.database.run(
            lambda session: session.execute(_SENDING, {"run": run}).scalar_one()
        )
    except DBAPIError:
        return 0


@dataclass(slots=True)
class Blow:
    """What a strike did, and what has to follow."""

    killed: int = 0
    sampled: int = 0  #: in flight at that moment
    at: datetime | None = None
    may_lose_sight: bool = True
    tend: Callable[[], None] = lambda: None  #: called again and again until the run is closed
    finish: Callable[[], frozenset[UUID]] = frozenset  #: afterwards; returns attempts that must have bounced
    faults: list[str] = field(default_factory=list)  #: what `finish` found wrong beside the run
    doubted: Set[UUID] = frozenset()  #: attempts that may be unknown whoever was hurt; grows until `finish`


Strike = Callable[[House, UUID], Blow]


def _now() -> datetime:
    return datetime.now(UTC)


def _kill_frozen(house: House, run: UUID, victims: Sequence[psutil.Process]) -> Blow:
    """Freeze, count, kill."""
    for victim in victims:
        victim.suspend()
    time.sleep(SETTLE_SECONDS)
    blow = Blow(len(victims), count_sending(house, run), _now())
    for victim in victims:
        victim.kill()
    return blow


def _kill_harmless(house: House, run: UUID, victims: Sequence[psutil.Process]) -> Blow:
    """Kill what sends nothing: no attempt may become unknown by it."""
    blow = Blow(len(victims), count_sending(house, run), _now(), may_lose_sight=False)
    for victim in victims:
        victim.kill()
    return blow


def kill_worker(place: int) -> Strike:
    """Kill -9 one of the workers of the bulk lane."""
    return lambda house, run: _kill_frozen(house, run, house.bulk_workers[place : place + 1])


def kill_urgent(house: House, run: UUID) -> Blow:
    """Kill -9 the worker of the urgent lane."""
    return _kill_frozen(house, run, house.find(f"{house.channel}-urgent"))


def kill_all_workers(house: House, run: UUID) -> Blow:
    """Kill -9 every worker at once."""
    return _kill_frozen(house, run, house.workers())


def kill_role(role: str) -> Strike:
    """Kill -9 the one process of this role, which sends nothing itself."""
    return lambda house, run: _kill_harmless(house, run, house.find(role))


def kill_up(house: House, run: UUID) -> Blow:
    """Kill -9 `up` alone: the kernel tells its children to end, which they do in good order."""
    assert house.up is not None
    blow = Blow(1, count_sending(house, run), _now(), may_lose_sight=False)
    house.up.kill()
    house.up.wait()
    return _and_start_again(house, blow)


def kill_tree(house: House, run: UUID) -> Blow:
    """Kill -9 `up` and everything below it at once."""
    assert house.up is not None
    blow = _kill_frozen(house, run, [psutil.Process(house.up.pid), *house.tree()])
    house.up.wait()
    return _and_start_again(house, blow)


def end_up(house: House, run: UUID) -> Blow:
    """SIGTERM to `up`, then start it again: nobody is lost, nothing is in doubt."""
    assert house.up is not None
    blow = Blow(0, count_sending(house, run), _now(), may_lose_sight=False)
    house.up.terminate()
    house.up.wait(timeout=GONE_SECONDS)
    return _and_start_again(house, blow)


def _and_start_again(house: House, blow: Blow) -> Blow:
    house.up = None
    until = time.monotonic() + GONE_SECONDS
    while house.orphans() and time.monotonic() < until:
        time.sleep(POLL_SECONDS)
    if house.orphans():
        raise StrikeError(f"{len(house.orphans())} processes outlived `up`")
    house.start_product()
    return blow


class StrikeError(AssertionError):
    """Raised when the strike itself shows a fault, such as an orphan."""


def kill_server(name: str) -> Strike:
    """Kill -9 PostgreSQL or Valkey; the round then starts it again, as `up` would."""

    def strike(house: House, run: UUID) -> Blow:
        process = house.servers.process_ids[name]
        assert process is not None
        blow = Blow(1, count_sending(house, run), may_lose_sight=name == "postgres")
        blow.at = _now()
        os.kill(process, signal.SIGKILL)
        return blow

    return strike


def flush_redis(house: House, run: UUID) -> Blow:
    """FLUSHALL: every message and bucket is gone."""
    blow = Blow(0, count_sending(house, run), _now(), may_lose_sight=False)
    with redis.Redis.from_url(house.servers.addresses.redis_url) as client:
        client.flushall()
    return blow


def end_worker(house: House, run: UUID) -> Blow:
    """SIGTERM to a worker: it gives back what it has not begun and records the rest."""
    blow = Blow(0, count_sending(house, run), _now(), may_lose_sight=False)
    house.bulk_workers[0].terminate()
    return blow


def freeze_worker(house: House, run: UUID) -> Blow:
    """SIGSTOP longer than the lease, then SIGCONT: its outcomes come late, with the same token."""
    victim = house.bulk_workers[0]
    victim.suspend()
    time.sleep(SETTLE_SECONDS)
    blow = Blow(0, count_sending(house, run), _now())
    thaw = _Thaw(victim, time.monotonic() + FROZEN_SECONDS)
    blow.tend, blow.finish = thaw.tend, thaw.finish
    return blow


@dataclass(slots=True)
class _Thaw:
    victim: psutil.Process
    until: float
    is_done: bool = False

    def tend(self) -> None:
        if not self.is_done and time.monotonic() >= self.until:
            self.is_done = True
            with suppress(psutil.NoSuchProcess):
                self.victim.resume()

    def finish(self) -> frozenset[UUID]:
        while not self.is_done:
            self.tend()
            time.sleep(POLL_SECONDS)
        time.sleep(1.0)  # its late outcomes are being recorded
        return frozenset()


def kill_leader(house: House, run: UUID) -> Blow:
    """Kill -9 whichever of two schedulers leads."""

    def holder(session: object) -> str | None:
        return session.execute(_LEADER).scalar()  # type: ignore[attr-defined, no-any-return]

    leader = house.application.database.run(holder)
    blow = Blow(1 if leader else 0, count_sending(house, run), _now(), may_lose_sight=False)
    if leader:
        psutil.Process(int(leader.split(":")[-2])).kill()
    return blow


def kill_bounces_in_storm(house: House, run: UUID) -> Blow:
    """Bounces late, twice, reordered and for unknown ids, while the listener is killed once."""
    storm = BounceStorm(house, run)
    storm.choose()
    blow = _kill_harmless(house, run, house.find("bounces"))
    blow.tend, blow.finish = storm.tend, storm.finish
    return blow
