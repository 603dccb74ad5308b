"""Non-delivery reports that come late, twice, in the wrong order, forged, or for nobody."""

import random
import smtplib
import time
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from channels.email import verp
from channels.port import AttemptReference
from channels.sandbox.bouncing import make_report
from channels.sandbox.mail_host import ReceivedMail
from dispatcher.core.ids import new_id

if TYPE_CHECKING:
    from tests.chaos.house import House

CHOSEN: Final = 20
STORED_SECONDS: Final = 60.0  #: generous: a starved machine says nothing about the product
_OUT: Final = text(
    """
    SELECT period, id FROM attempt WHERE run_id = :run AND state IN ('sending', 'accepted')
    ORDER BY state DESC, id LIMIT :limit
    """
)
_UNAPPLIED: Final = text("SELECT count(*) FROM receipt WHERE effect IS NULL")


@dataclass(slots=True)
class BounceStorm:
    """Chooses attempts while they are out; reports them during the run and again after its end."""

    house: "House"
    run: UUID
    chosen: list[AttemptReference] = field(default_factory=list)
    waiting: list[bytes] = field(default_factory=list)
    letters: list[tuple[str, bytes]] = field(default_factory=list)
    taken: int = 0

    def choose(self) -> None:
        """Take attempts that are being sent or were just accepted; some reports overtake the answer."""
        rows = self.house.application.database.run(
            lambda session: session.execute(_OUT, {"run": self.run, "limit": CHOSEN}).all()
        )
        self.chosen = [AttemptReference(row.period, row.id) for row in rows]
        early, late = self.chosen[::2], self.chosen[1::2]
        nobody = [AttemptReference(date(2020, 1, 1), new_id()), AttemptReference(rows[0].period, new_id())]
        self.letters = [*map(self._letter, early), *map(self._letter, nobody), self._forged(self.chosen[-1])]
        random.Random(len(rows)).shuffle(self.letters)
        self.letters += self.letters[::-1]
        self._late = [self._letter(attempt) for attempt in [*late, *reversed(self.chosen)]]

    _late: list[tuple[str, bytes]] = field(default_factory=list)

    def tend(self) -> None:
        """Send one report if the listener takes it now; it may be dead at the moment."""
        if self.letters and self._post(self.letters[0]):
            self.letters.pop(0)

    def finish(self) -> frozenset[UUID]:
        """Send the rest and the late ones, and wait until all are applied."""
        until = time.monotonic() + STORED_SECONDS
        self.letters += self._late
        while (self.letters or self._has_unapplied()) and time.monotonic() < until:
            self.tend()
        return frozenset(attempt.attempt_id for attempt in self.chosen)

    def _has_unapplied(self) -> bool:
        try:
            return bool(
                self.house.application.database.run(lambda session: session.execute(_UNAPPLIED).scalar_one())
            )
        except DBAPIError:
            return True

    def _letter(self, attempt: AttemptReference) -> tuple[str, bytes]:
        key = self.house.application.secret_key
        sender = verp.encode(attempt, key, self.house.settings.mail.bounce_domain)
        mail = ReceivedMail(
            sender,
            (f"ENVID={verp.envelope_id(attempt)}",),
            ["someone@sandbox.example"],
            (),
            b"Subject: x\r\n\r\n",
        )
        return sender, make_report(mail, "5.1.1", date=datetime.now(UTC), number=1)

    def _forged(self, attempt: AttemptReference) -> tuple[str, bytes]:
        sender = verp.encode(attempt, b"not our key", self.house.settings.mail.bounce_domain)
        return sender, self._letter(attempt)[1]

    def _post(self, letter: tuple[str, bytes]) -> bool:
        recipient, report = letter
        port = self.house.settings.bounce_listener.port
        try:
            with smtplib.SMTP("127.0.0.1", port, timeout=5) as client:
                client.sendmail("", [recipient], report)
        except (OSError, smtplib.SMTPException):
            return False
        return True
