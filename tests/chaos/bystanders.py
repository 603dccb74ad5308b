"""Strikes at what happens beside the sending: an import of another list, and the fan-out itself.

The run of the round is judged as in every other one. Beside it nobody may find half of a list, and after
the product has come to itself the list can be imported whole.
"""

import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import psutil
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from campaigns.errors import UnknownListError
from campaigns.frozen_list_repository import newest_frozen
from campaigns.import_list import ImportRequest, import_list
from campaigns.sample import write_sample
from tests.chaos.house import LEASE_SECONDS, POLL_SECONDS, READY_SECONDS, House
from tests.chaos.strikes import Blow, StrikeError, count_sending

MANY: Final = 6_000  #: some seconds of work, so that the strike falls into it
LIST: Final = "beside"
GIVEN_UP_SECONDS: Final = 12 * LEASE_SECONDS  #: generous: a starved machine says nothing about the product
AMBUSH_SECONDS: Final = 60.0

_HALF: Final = text(
    "SELECT 1 FROM recipient_list WHERE name = :name AND state = 'importing' AND recipient_count > 0"
)
_UNDER_WAY: Final = text("SELECT count(*) FROM recipient_list WHERE name = :name AND state = 'importing'")
_WHOLE: Final = text(
    """
    SELECT l.recipient_count, count(r.id), count(DISTINCT r.account_id), max(r.position)
    FROM recipient_list l JOIN recipient r ON r.list_id = l.id WHERE l.id = :list GROUP BY l.id
    """
)
_PLANNING: Final = text(
    "SELECT 1 FROM run WHERE state = 'running' AND planned_position BETWEEN 1 AND recipient_count - 1"
)


def begin_import(house: House) -> None:
    """Begin to import another list by the command; returns when half of it is there."""
    path = _file(house)
    process = house.start_extra("import", str(path), "--name", LIST, "--json")
    until = time.monotonic() + READY_SECONDS
    while not house.application.database.run(lambda session: session.execute(_HALF, {"name": LIST}).first()):
        if process.poll() is not None or time.monotonic() > until:
            raise StrikeError("the import beside the run was over before it could be struck")
        time.sleep(0.01)


def kill_import(house: House, run: UUID) -> Blow:
    """Kill -9 the import in the middle of its list; the run must not notice."""
    [process] = house.extra
    was_alive = process.poll() is None
    blow = Blow(1, count_sending(house, run), datetime.now(UTC), may_lose_sight=False)
    process.kill()
    process.wait()
    if not was_alive or not house.application.database.run(_count_under_way):
        return Blow()  # it had ended by itself: void
    blow.finish = lambda: _check_list(house, blow)
    return blow


def _check_list(house: House, blow: Blow) -> frozenset[UUID]:
    database = house.application.database
    until = time.monotonic() + GIVEN_UP_SECONDS
    while database.run(_count_under_way) and time.monotonic() < until:
        time.sleep(POLL_SECONDS)
    if database.run(_count_under_way):
        blow.faults.append("the import that was killed is still called under way")
    before = database.run(_usable)
    request = ImportRequest(_file(house), LIST, default_zone=ZoneInfo("Europe/Moscow"))
    made = import_list(database, house.application.clock, request, actor="chaos")
    if before == made.version - 1:
        blow.faults.append("the half list could be used")
    found = database.run(lambda session: session.execute(_WHOLE, {"list": made.list_id}).one())
    if set(found) != {MANY}:
        blow.faults.append(f"the list imported after the kill is not whole: {tuple(found)}")
    return frozenset()


def _count_under_way(session: Session) -> int:
    count: int = session.execute(_UNDER_WAY, {"name": LIST}).scalar_one()
    return count


def _usable(session: Session) -> int | None:
    """The version that a campaign would take."""
    try:
        return newest_frozen(session, LIST).version
    except UnknownListError:
        return None


def _file(house: House) -> Path:
    path = house.directory / f"{LIST}.csv"
    if not path.exists():
        write_sample(path, MANY, seed=MANY)
    return path


@dataclass(slots=True)
class FanOutAmbush:
    """Kills the scheduler between two slices of the fan-out, which is long over when letters go out."""

    killed: int = 0
    _thread: threading.Thread | None = field(default=None, repr=False)

    def prepare(self, house: House) -> None:
        """Lie in wait for the run that comes now."""
        self.killed = 0
        self._thread = threading.Thread(target=self._wait_and_kill, args=(house,), name="ambush")
        self._thread.start()

    def strike(self, house: House, run: UUID) -> Blow:
        """What the ambush did; void when it came too late."""
        if self._thread is not None:
            self._thread.join()
        if not self.killed:
            return Blow()
        return Blow(self.killed, count_sending(house, run), datetime.now(UTC), may_lose_sight=False)

    def _wait_and_kill(self, house: House) -> None:
        until = time.monotonic() + AMBUSH_SECONDS
        victims = house.find("scheduler")
        while time.monotonic() < until and not self.killed:
            try:
                is_time = house.application.database.run(lambda session: session.execute(_PLANNING).first())
            except DBAPIError:
                continue
            if is_time:
                self._kill(victims)

    def _kill(self, victims: list[psutil.Process]) -> None:
        for victim in victims:
            victim.kill()
        self.killed = len(victims)


AMBUSH: Final = FanOutAmbush()
