"""The demo's result: what was planned against what became of it, and against the sandbox's own journal."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from channels.sandbox.journal import JournalVerdict, read_journal
from dispatcher.bootstrap import Application
from dispatcher.delivery.progress import read_progress

# Of a call the other side knows only that it was answered, whatever was heard.
# Accepted at some time, even if a bounce came later; a report may come before the answer.
_ACCEPTED = text(
    """
    SELECT DISTINCT e.attempt_id FROM attempt_event e
    JOIN attempt a ON a.period = e.period AND a.id = e.attempt_id
    WHERE a.run_id = :run AND e.trigger IN ('accept', 'deliver')
    UNION
    SELECT attempt_id FROM attempt_call WHERE run_id = :run AND status = 200
    """
)
# What answers a refusal belongs to no run, and may leave while the run closes.
_ANSWERS = text("SELECT id FROM refusal_answer")
_PLANNED = text("SELECT recipient_count FROM run WHERE id = :run")


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts of notices by terminal state, and the attempts both sides know of."""

    planned: int
    states: Mapping[str, int]
    blocked: Mapping[str, int]
    accepted: frozenset[UUID]
    received: frozenset[UUID]
    doubled: int
    seconds: float

    @property
    def is_sound(self) -> bool:
        """Whether nobody is lost and both sides know of the same attempts."""
        return not self.problems()

    def problems(self) -> list[str]:
        """What does not add up, in words."""
        found = []
        ended = sum(self.states.values()) + sum(self.blocked.values())
        if ended != self.planned:
            found.append(f"planned {self.planned}, but {ended} ended")
        if self.accepted != self.received:
            found.append(
                f"{len(self.accepted - self.received)} attempts are accepted but not in the journal,"
                f" {len(self.received - self.accepted)} the other way round"
            )
        if self.doubled:
            found.append(f"{self.doubled} attempts came twice")
        return found

    def to_json(self) -> dict[str, Any]:
        """The summary file's content."""
        return {
            "planned": self.planned,
            **self.states,
            "blocked": dict(self.blocked),
            "sandbox_received": len(self.received),
            "seconds": round(self.seconds, 2),
        }


def summarise(application: Application, run: UUID, journal: Path, seconds: float) -> Summary:
    """Read both sides after the run has closed. Partly notified people count as delivered."""

    def read(session: Session) -> Summary:
        states = dict.fromkeys(("delivered", "failed", "expired", "stopped", "unknown"), 0)
        blocked: dict[str, int] = {}
        for count in read_progress(session, run):
            if count.kind != "notice" or count.state == "open":
                continue
            if count.state == "blocked":
                blocked[count.reason] = blocked.get(count.reason, 0) + count.count
                continue
            name = "delivered" if count.state in {"notified", "partly_notified"} else count.state
            states[name] += count.count
        entries = [
            entry.attempt.attempt_id
            for entry in read_journal(journal)
            if entry.verdict is JournalVerdict.ACCEPTED and entry.attempt is not None
        ]
        received = frozenset(entries)
        answers = frozenset(session.execute(_ANSWERS).scalars())
        return Summary(
            planned=session.execute(_PLANNED, {"run": run}).scalar_one(),
            states=states,
            blocked=blocked,
            accepted=frozenset(session.execute(_ACCEPTED, {"run": run}).scalars()),
            received=received - answers,
            doubled=len(entries) - len(received),
            seconds=seconds,
        )

    return application.database.run(read)
