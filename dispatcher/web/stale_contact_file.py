"""Contacts not confirmed for long on their way out as a file; the download is on record."""

from pathlib import Path

from fastapi.responses import Response
from sqlalchemy.orm import Session

from dispatcher.core.audit import record_action
from dispatcher.web.downloads import send_file
from dispatcher.web.services import WebServices
from reports.stale_contacts import write_stale_contacts


def send_stale_contacts(services: WebServices, *, months: int, actor: str) -> Response:
    """All of them as CSV."""

    def write(session: Session, path: Path) -> None:
        now = services.clock.refresh(session)
        count = write_stale_contacts(session, path, months=months, now=now)
        record_action(
            session,
            at=now,
            actor=actor,
            action="stale_contacts.downloaded",
            subject_type="contact_point",
            subject_id="*",
            after={"months": months, "count": count},
        )

    return send_file(services, write, name="stale-contacts.csv")
