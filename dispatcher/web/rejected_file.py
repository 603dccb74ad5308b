"""The rejected rows of a list on their way out: written to disk, sent, removed; the download is on record."""

from uuid import UUID

from fastapi.responses import FileResponse, Response
from sqlalchemy.orm import Session
from starlette.background import BackgroundTask

from campaigns.list_rejected import RejectedFile, rejected_name, write_rejected
from dispatcher.core.audit import record_action
from dispatcher.core.ids import new_id
from dispatcher.web.errors import NotFoundError
from dispatcher.web.import_desk import DOWNLOADS
from dispatcher.web.services import WebServices
from reports.lists import get_list_version


def send_rejected(
    services: WebServices, list_id: UUID, *, actor: str, media_type: str | None = None
) -> Response:
    """The file, named after the source; raises `NotFoundError` and `UnknownListError`."""
    folder = services.settings.data_directory / DOWNLOADS
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def write(session: Session) -> tuple[RejectedFile, str]:
        if get_list_version(session, list_id) is None:
            raise NotFoundError("there is no such list")
        name = rejected_name(session, list_id)
        written = write_rejected(session, list_id, folder / f"{new_id()}.{name.rsplit('.', 1)[-1]}")
        record_action(
            session,
            at=services.clock.refresh(session),
            actor=actor,
            action="list.rejected_downloaded",
            subject_type="recipient_list",
            subject_id=list_id,
            after={"rows": written.rows},
        )
        return written, name

    written, name = services.database.run(write)
    remove = BackgroundTask(written.path.unlink, missing_ok=True)
    return FileResponse(written.path, media_type=media_type, filename=name, background=remove)
