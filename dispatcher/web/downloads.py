"""Files on their way out: written to disk, sent, removed. Whoever writes one puts the download on record."""

from collections.abc import Callable
from pathlib import Path

from fastapi.responses import FileResponse, Response
from sqlalchemy.orm import Session
from starlette.background import BackgroundTask

from dispatcher.core.ids import new_id
from dispatcher.web.import_desk import DOWNLOADS
from dispatcher.web.services import WebServices


def send_file(
    services: WebServices,
    write: Callable[[Session, Path], None],
    *,
    name: str,
    media_type: str = "text/csv; charset=utf-8",
) -> Response:
    """What `write` puts into the path that it is given, in one transaction."""
    folder = services.settings.data_directory / DOWNLOADS
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{new_id()}.{name.rsplit('.', 1)[-1]}"
    try:
        services.database.run(lambda session: write(session, path))
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    remove = BackgroundTask(path.unlink, missing_ok=True)
    return FileResponse(path, media_type=media_type, filename=name, background=remove)
