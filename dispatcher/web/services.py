"""What the pages are built from; the composition root makes it."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from uuid import UUID

from consent.calendar_table import CalendarTable
from consent.unsubscribe import UnsubscribeTokens
from dispatcher.core.clock import Clock
from dispatcher.core.db import Database
from dispatcher.core.settings import Settings
from dispatcher.core.sign_in import SignIn
from dispatcher.delivery.errors import UnknownRunError
from dispatcher.web.import_desk import ImportDesk
from dispatcher.web.uploads import UploadDirectory
from reports.live import LiveRun, read_run


@dataclass(frozen=True)
class WebServices:
    """Everything that a request may need."""

    database: Database
    clock: Clock
    settings: Settings
    unsubscribe_tokens: UnsubscribeTokens
    secret_key: bytes

    @cached_property
    def sign_in(self) -> SignIn:
        """Signs staff in and reads sessions."""
        return SignIn(
            self.database,
            self.clock,
            secret_key=self.secret_key,
            session_length=timedelta(hours=self.settings.web.session_hours),
        )

    @cached_property
    def calendar(self) -> CalendarTable:
        """Working days, as staff have declared them."""
        return CalendarTable(self.settings.country)

    @cached_property
    def uploads(self) -> UploadDirectory:
        """Where lists wait to be imported."""
        return UploadDirectory(self.settings.data_directory / "uploads")

    @cached_property
    def imports(self) -> ImportDesk:
        """Makes lists of uploads; the application starts and stops it."""
        return ImportDesk(self.database, self.clock, self.settings, self.uploads)


def load_run(services: WebServices, run: UUID) -> LiveRun:
    """The run as it stands; raises `UnknownRunError`."""
    with services.database.transaction() as session:
        live = read_run(session, run, services.clock.now())
        services.clock.refresh(session)
    if live is None:
        raise UnknownRunError("there is no such run")
    return live
