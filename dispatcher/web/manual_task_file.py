"""The manual list on its way out as a file; the download is on record."""

from pathlib import Path
from uuid import UUID

from fastapi.responses import Response
from sqlalchemy.orm import Session

from dispatcher.core.audit import record_action
from dispatcher.web.downloads import send_file
from dispatcher.web.services import WebServices
from reports.manual_task_file import write_manual_tasks


def send_manual_tasks(services: WebServices, *, run: UUID | None, state: str | None, actor: str) -> Response:
    """The tasks of a run, or of all, as CSV."""

    def write(session: Session, path: Path) -> None:
        now = services.clock.refresh(session)
        count = write_manual_tasks(session, path, run=run, state=state, renderer=services.notices, now=now)
        record_action(
            session,
            at=now,
            actor=actor,
            action="manual_tasks.downloaded",
            subject_type="run",
            subject_id=run or "*",
            after={"count": count},
        )

    return send_file(services, write, name="manual-tasks.csv")
