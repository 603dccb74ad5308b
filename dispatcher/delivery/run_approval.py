"""A run before its start: handed over, approved, rejected, changed (promise P11).

Who may approve is for `campaigns.approval` to say; here is what may become of the run. All go through the
lock and the table, so the second of two clicks, or an approval of what was stopped, is refused.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from dispatcher.delivery.errors import RunStateError
from dispatcher.delivery.run_change import LockedRun, change_state, next_run_state, tell
from dispatcher.delivery.run_states import RunAction

_NEED = text("UPDATE run SET needs_approval = true, submitted_by = :by WHERE id = :run")
_APPROVED = text("UPDATE run SET approved_by = :by, approved_at = :now WHERE id = :run")
_EDIT = text(
    """
    UPDATE run
    SET starts_at = :starts_at, ends_at = :ends_at, list_id = :list, recipient_count = :recipients,
        changed_by = :by, approved_by = NULL, approved_at = NULL
    WHERE id = :run
    """
)


@dataclass(frozen=True, slots=True)
class RunContent:
    """What was approved, and what an edit may change."""

    starts_at: datetime
    ends_at: datetime
    list_id: UUID
    recipient_count: int

    @classmethod
    def of(cls, run: LockedRun) -> "RunContent":
        """As the run stands."""
        return cls(run.starts_at, run.ends_at, run.list_id, run.recipient_count)


def submit(
    session: Session, run_id: UUID, run: LockedRun, *, needs_approval: bool, actor: str, now: datetime
) -> None:
    """Let a draft go: to the approver where one is needed, else to its start."""
    _require_window(run.ends_at, now)
    action = RunAction.SUBMIT if needs_approval else RunAction.SCHEDULE
    change_state(session, run_id, run, action, reason=None, now=now)
    if needs_approval:
        session.execute(_NEED, {"run": run_id, "by": actor})
    _tell(session, run_id, run, action, "run.submitted", actor, now)


def approve(session: Session, run_id: UUID, run: LockedRun, *, actor: str, now: datetime) -> None:
    """Agree; the run starts by itself. Raises `RunStateError`, also when its window has passed."""
    next_run_state(run, RunAction.APPROVE)
    _require_window(run.ends_at, now)
    change_state(session, run_id, run, RunAction.APPROVE, reason=None, now=now)
    session.execute(_APPROVED, {"run": run_id, "by": actor, "now": now})
    _tell(session, run_id, run, RunAction.APPROVE, "run.approved", actor, now)


def reject(session: Session, run_id: UUID, run: LockedRun, *, reason: str, actor: str, now: datetime) -> None:
    """Refuse for good: the run never begins and has no notices (promise P1 begins with planning)."""
    change_state(session, run_id, run, RunAction.REJECT, reason=reason, now=now)
    _tell(session, run_id, run, RunAction.REJECT, "run.rejected", actor, now, reason=reason)


def edit(
    session: Session, run_id: UUID, run: LockedRun, content: RunContent, *, actor: str, now: datetime
) -> None:
    """Change window or list before the start; an approval that was given is void."""
    _require_window(content.ends_at, now)
    if content.ends_at <= content.starts_at:
        raise RunStateError("the end of the run must be after its start", code="end_before_start")
    action = RunAction.SEND_BACK if run.approved_by is not None else RunAction.EDIT
    change_state(session, run_id, run, action, reason=run.state_reason, now=now)
    session.execute(
        _EDIT,
        {
            "run": run_id,
            "starts_at": content.starts_at,
            "ends_at": content.ends_at,
            "list": content.list_id,
            "recipients": content.recipient_count,
            "by": actor,
        },
    )
    before, after = RunContent.of(run), content
    tell(
        session,
        run_id,
        "run.edited",
        actor=actor,
        before={"state": run.state, **_plain(before)},
        after={"state": next_run_state(run, action), **_plain(after)},
        now=now,
    )


def _require_window(ends_at: datetime, now: datetime) -> None:
    if ends_at <= now:
        raise RunStateError("the window has ended: move it first, or reject the run", code="window_over")


def _plain(content: RunContent) -> dict[str, object]:
    return {
        "starts_at": content.starts_at,
        "ends_at": content.ends_at,
        "list_id": content.list_id,
        "recipients": content.recipient_count,
    }


def _tell(
    session: Session,
    run_id: UUID,
    run: LockedRun,
    action: RunAction,
    event: str,
    actor: str,
    now: datetime,
    *,
    reason: str | None = None,
) -> None:
    after = {"state": next_run_state(run, action), **({} if reason is None else {"reason": reason})}
    tell(session, run_id, event, actor=actor, before={"state": run.state}, after=after, now=now)
