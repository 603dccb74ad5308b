"""Files of consents and of bans that came in whole: taken, with the import on record."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from campaigns.consent_file import ConsentImport, import_statements
from campaigns.list_errors import ListFileError
from campaigns.stop_list_file import StopListImport, import_stop_list
from dispatcher.core.audit import record_action
from dispatcher.web.services import WebServices
from dispatcher.web.uploads import Upload
from reports.statement_words import statement_words


def take_statements(services: WebServices, kept: Upload, *, actor: str) -> ConsentImport:
    """What came of a file of consents; raises `ListFileError` for the file as a whole."""
    _refuse_empty(kept)
    settings = services.settings
    done = import_statements(
        services.database,
        services.clock,
        kept.path,
        country=settings.country,
        zone=ZoneInfo(settings.time_zone),
        actor=actor,
        words=statement_words(),
    )
    counts = {"taken": done.taken, "unchanged": done.unchanged, "rejected": done.rejected_count}
    _record(services, kept, "consents.imported", actor, counts)
    return done


def take_bans(services: WebServices, kept: Upload, *, actor: str) -> StopListImport:
    """What came of a file of bans; raises `ListFileError` for the file as a whole."""
    _refuse_empty(kept)
    settings = services.settings
    done = import_stop_list(
        services.database,
        services.clock,
        kept.path,
        country=settings.country,
        zone=ZoneInfo(settings.time_zone),
        actor=actor,
    )
    counts = {"added": done.added, "known": done.known, "rejected": done.rejected_count}
    _record(services, kept, "suppressions.imported", actor, counts)
    return done


def _refuse_empty(kept: Upload) -> None:
    if not kept.size:
        raise ListFileError("empty", "Файл пуст: в нём нет ни одной строки.")


def _record(
    services: WebServices, kept: Upload, action: str, actor: str, counts: Mapping[str, object]
) -> None:
    services.database.run(
        lambda session: record_action(
            session,
            at=services.clock.refresh(session),
            actor=actor,
            action=action,
            subject_type="file",
            subject_id=kept.sha256.hex(),
            after=dict(counts),
        )
    )
