"""Everything held about a person on its way out: written to disk, sent, removed; on record."""

import os
from pathlib import Path
from typing import Final
from uuid import UUID

from fastapi.responses import FileResponse, Response
from sqlalchemy.orm import Session
from starlette.background import BackgroundTask

from dispatcher.core.audit import record_action
from dispatcher.core.ids import new_id
from dispatcher.privacy.export import write_html, write_json
from dispatcher.web.import_desk import DOWNLOADS
from dispatcher.web.services import WebServices
from reports.words import Language

FORMATS: Final = {"json": "application/json", "html": "text/html; charset=utf-8"}


def send_person(
    services: WebServices, person: UUID, *, kind: str, language: Language, actor: str
) -> Response:
    """The file of one of `FORMATS`; raises `UnknownPersonError`."""
    folder = services.settings.data_directory / DOWNLOADS
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{new_id()}.{kind}"

    def work(session: Session) -> None:
        record_action(
            session,
            at=services.clock.refresh(session),
            actor=actor,
            action="person.exported",
            subject_type="person",
            subject_id=person,
            after={"format": kind},
        )
        _write(services, session, person, path, kind, language)

    try:
        services.database.run(work)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    remove = BackgroundTask(path.unlink, missing_ok=True)
    name = f"person-{person}.{kind}"
    return FileResponse(path, media_type=FORMATS[kind], filename=name, background=remove)


def _write(
    services: WebServices, session: Session, person: UUID, path: Path, kind: str, language: Language
) -> None:
    # A deadlock runs the transaction again: then the file is begun anew.
    path.unlink(missing_ok=True)
    now, retention = services.clock.refresh(session), services.settings.retention
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        if kind == "html":
            write_html(session, person, file, retention, language=language, now=now)
        else:
            write_json(session, person, file, retention, now=now)
