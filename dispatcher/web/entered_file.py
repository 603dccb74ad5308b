"""What people entered in the calls of a run on its way out as a file; the download is on record."""

from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi.responses import Response
from sqlalchemy.orm import Session

from dispatcher.core.audit import record_action
from dispatcher.web.downloads import send_file
from dispatcher.web.report_file import WORKBOOK_TYPE, Format
from dispatcher.web.services import WebServices
from reports.entered_file import EnteredRows, entered_table
from reports.management.files import write_csv, write_workbook
from reports.words import Language

_CSV_TYPE = "text/csv; charset=utf-8"


def send_entered(
    services: WebServices, run: UUID, *, form: Format, language: Language, actor: str
) -> Response:
    """All of it as CSV or as a workbook."""
    zone = ZoneInfo(services.settings.time_zone)

    def write(session: Session, path: Path) -> None:
        rows = EnteredRows(session, run)
        if form == "csv":
            write_csv(path, entered_table(rows), zone=zone, language=language)
        else:
            write_workbook(path, [entered_table(rows)], zone=zone, language=language)
        record_action(
            session,
            at=services.clock.refresh(session),
            actor=actor,
            action="entered_digits.downloaded",
            subject_type="run",
            subject_id=run,
            after={"count": rows.count, "format": form},
        )

    media_type = _CSV_TYPE if form == "csv" else WORKBOOK_TYPE
    return send_file(services, write, name=f"entered-in-calls.{form}", media_type=media_type)
