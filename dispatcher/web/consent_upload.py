"""A file of statements about consent that came in whole: taken into the ledger, with the import on record."""

from zoneinfo import ZoneInfo

from campaigns.consent_file import ConsentImport, import_statements
from campaigns.list_errors import ListFileError
from dispatcher.core.audit import record_action
from dispatcher.web.services import WebServices
from dispatcher.web.uploads import Upload


def take_statements(services: WebServices, kept: Upload, *, actor: str) -> ConsentImport:
    """What came of the file; raises `ListFileError` for the file as a whole."""
    if not kept.size:
        raise ListFileError("empty", "Файл пуст: в нём нет ни одной строки.")
    settings = services.settings
    taken = import_statements(
        services.database,
        services.clock,
        kept.path,
        country=settings.country,
        zone=ZoneInfo(settings.time_zone),
        actor=actor,
    )
    services.database.run(
        lambda session: record_action(
            session,
            at=services.clock.refresh(session),
            actor=actor,
            action="consents.imported",
            subject_type="file",
            subject_id=kept.sha256.hex(),
            after={"taken": taken.taken, "unchanged": taken.unchanged, "rejected": taken.rejected_count},
        )
    )
    return taken
