"""Callbacks for short messages that come late, twice, in the wrong order, forged, or for nobody."""

import hashlib
import random
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from channels.port import AttemptReference
from channels.sms.reference import message_name
from dispatcher.core.ids import new_id
from dispatcher.web.callbacks.paths import smsc_path
from tests.chaos.house import CALLBACK_SECRET, POLL_SECONDS, SMSC, House
from tests.chaos.lists import NEVER_REPORTED
from tests.chaos.strikes import Blow, kill_role

CHOSEN: Final = 20
STORED_SECONDS: Final = 60.0  #: generous: a starved machine says nothing about the product
POST_SECONDS: Final = 10.0
HANDED_OVER, UNDELIVERABLE = 0, 20
#: Of whom the provider itself reports nothing, so that what the storm says of them is all there is.
_SILENT: Final = text(
    """
    SELECT a.period, a.id, c.address FROM attempt a JOIN contact_point c ON c.id = a.contact_point_id
    WHERE a.run_id = :run AND a.state IN ('sending', 'accepted') AND c.address LIKE :number
    ORDER BY a.state DESC, a.id LIMIT :limit
    """
)
_UNAPPLIED: Final = text("SELECT count(*) FROM receipt WHERE effect IS NULL")


@dataclass(frozen=True, slots=True)
class _Call:
    """One call of our handler, and what it must be answered."""

    attempt: AttemptReference
    phone: str
    status: int
    secret: str = CALLBACK_SECRET
    answer: int = 200


@dataclass(slots=True)
class CallbackStorm:
    """Chooses attempts while they are out; reports them during the run and again after its end."""

    house: House
    run: UUID
    blow: Blow
    chosen: list[AttemptReference] = field(default_factory=list)
    calls: list[_Call] = field(default_factory=list)
    late: list[_Call] = field(default_factory=list)

    def choose(self) -> None:
        """Take some of whom nothing is reported; some reports overtake the answer to the request."""
        values = {"run": self.run, "number": f"+7999{NEVER_REPORTED}%", "limit": CHOSEN}
        rows = self.house.application.database.run(lambda session: session.execute(_SILENT, values).all())
        found = [(AttemptReference(row.period, row.id), row.address) for row in rows]
        self.chosen = [attempt for attempt, _ in found]
        final = [_Call(attempt, phone, UNDELIVERABLE) for attempt, phone in found]
        before = [_Call(attempt, phone, HANDED_OVER) for attempt, phone in found]
        month = datetime.now(UTC).date().replace(day=1)
        nobody = [
            _Call(AttemptReference(period, new_id()), "+79990000000", UNDELIVERABLE)
            for period in (date(2020, 1, 1), month)
        ]
        forged = [_Call(attempt, phone, 1, secret="not our secret", answer=401) for attempt, phone in found]
        self.calls = [*final[::2], *before[::2], *nobody, *forged]
        random.Random(len(found)).shuffle(self.calls)
        self.calls += [call for call in reversed(self.calls) if call.answer == 200]
        self.late = [*final[1::2], *before, *reversed(final), *nobody]

    def tend(self) -> None:
        """Make some calls if anybody answers them; the handler may be dead at the moment."""
        until = time.monotonic() + POLL_SECONDS
        while self.calls and time.monotonic() < until:
            call = self.calls[0]
            answer = self._post(call)
            if answer is None:
                return
            self.calls.pop(0)
            if answer != call.answer:
                self.blow.faults.append(f"a call back was answered with {answer} instead of {call.answer}")

    def finish(self) -> frozenset[UUID]:
        """Make the other calls and the late ones, and wait until all are applied."""
        until = time.monotonic() + STORED_SECONDS
        self.calls += self.late
        while (self.calls or self._has_unapplied()) and time.monotonic() < until:
            self.tend()
        if self.calls:
            self.blow.faults.append(f"{len(self.calls)} calls back were never answered")
        return frozenset(attempt.attempt_id for attempt in self.chosen)

    def _has_unapplied(self) -> bool:
        try:
            return bool(
                self.house.application.database.run(lambda session: session.execute(_UNAPPLIED).scalar_one())
            )
        except DBAPIError:
            return True

    def _post(self, call: _Call) -> int | None:
        """The status of the answer; None when nobody took the call, or took it to the grave."""
        name, phone = message_name(call.attempt), call.phone.lstrip("+")
        signed = f"{name}:{phone}:{call.status}:{call.secret}".encode()
        fields = {
            **{"id": name, "phone": phone, "status": str(call.status), "err": "0"},
            "md5": hashlib.md5(signed, usedforsecurity=False).hexdigest(),
        }
        path = smsc_path(self.house.application.secret_key, SMSC)
        url = f"http://127.0.0.1:{self.house.settings.web.port}{path}"
        try:
            with urllib.request.urlopen(
                url, urllib.parse.urlencode(fields).encode(), timeout=POST_SECONDS
            ) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return None if error.code >= 500 else error.code
        except OSError:
            return None


def kill_web_in_storm(house: House, run: UUID) -> Blow:
    """The handler of callbacks is killed once while they come late, twice, reordered and for nobody."""
    blow = kill_role("web")(house, run)
    storm = CallbackStorm(house, run, blow)
    storm.choose()
    blow.tend, blow.finish = storm.tend, storm.finish
    return blow
