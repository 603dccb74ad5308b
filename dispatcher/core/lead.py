"""The lead among schedulers: a lease row with a fencing number (design: section 5.1).

Any number of schedulers may run. One holds the row; every slice it writes checks, in its own transaction,
that the fencing number is still its own, so a leader that slept through its lease writes nothing.
"""

import os
import socket
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from dispatcher.core.errors import DispatcherError

LEASE_SECONDS: Final = 5.0

_HOLD = text(
    """
    INSERT INTO scheduler_lease AS l (name, holder, fencing, held_until)
    VALUES ('scheduler', :holder, 1, clock_timestamp() + make_interval(secs => :lease))
    ON CONFLICT (name) DO UPDATE
    SET holder = excluded.holder, held_until = excluded.held_until,
        fencing = l.fencing + CASE WHEN l.holder = excluded.holder THEN 0 ELSE 1 END
    WHERE l.holder = excluded.holder OR l.held_until < clock_timestamp()
    RETURNING fencing
    """
)
# FOR SHARE: nobody can take the lead over before this transaction has ended.
_CHECK = text(
    """
    SELECT 1 FROM scheduler_lease
    WHERE name = 'scheduler' AND holder = :holder AND fencing = :fencing FOR SHARE
    """
)
_LEAVE = text("UPDATE scheduler_lease SET held_until = clock_timestamp() WHERE holder = :holder")


class LostLeadError(DispatcherError):
    """Raised when another scheduler has taken the lead: what was being done is rolled back."""


class Lead:
    """This process's claim to the lead."""

    def __init__(self) -> None:
        self._holder = f"{socket.gethostname()}:{os.getpid()}:{os.urandom(4).hex()}"
        self._fencing: int | None = None

    def hold(self, session: Session) -> bool:
        """Take or renew the lead; False when another scheduler has it."""
        row = session.execute(_HOLD, {"holder": self._holder, "lease": LEASE_SECONDS}).first()
        self._fencing = None if row is None else row.fencing
        return row is not None

    def check(self, session: Session) -> None:
        """Make sure that this transaction is the leader's; raises `LostLeadError`."""
        values = {"holder": self._holder, "fencing": self._fencing}
        if session.execute(_CHECK, values).first() is None:
            raise LostLeadError("another scheduler has taken the lead")

    def leave(self, session: Session) -> None:
        """Let another scheduler take over at once."""
        session.execute(_LEAVE, {"holder": self._holder})
        self._fencing = None
