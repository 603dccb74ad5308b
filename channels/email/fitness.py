"""Which of several mail servers cannot carry which envelope: too big for it, or no SMTPUTF8.

Such an envelope waits for a server that can. It fails for good only when each has said that it cannot; when
those that have not been asked are away, it is not sent, and due again later.
"""

from collections.abc import Sequence
from typing import Final

from channels.email.replies import Verdict
from channels.port import AttemptReference, Envelope, OutcomeKind

#: None of the servers that can be reached takes it: a while, for the others may be away for long.
OTHERS_AWAY: Final = Verdict(OutcomeKind.NOT_SENT, "smtp_other_server_away", retry_after_seconds=60.0)


class Fitness:
    """What the servers of these names have refused to carry, within one batch."""

    def __init__(self, servers: Sequence[str]) -> None:
        self._servers = frozenset(servers)
        self._unfit: dict[AttemptReference, set[str]] = {}

    def note(self, envelope: Envelope, server: str) -> bool:
        """Remember that this server cannot carry it; whether another one is left to try."""
        unfit = self._unfit.setdefault(envelope.attempt, set())
        unfit.add(server)
        return unfit != self._servers

    def next_for(self, server: str, waiting: Sequence[Envelope]) -> int | None:
        """The place of the first waiting envelope that this server may be asked to carry."""
        if not self._unfit:  # nearly always
            return 0 if waiting else None
        return next(
            (
                place
                for place, envelope in enumerate(waiting)
                if server not in self._unfit.get(envelope.attempt, ())
            ),
            None,
        )

    def verdict_of(self, envelope: Envelope) -> Verdict | None:
        """What to say of an envelope that nobody has taken; None: nothing is special about it."""
        return OTHERS_AWAY if envelope.attempt in self._unfit else None
