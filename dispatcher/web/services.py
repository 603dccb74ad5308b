"""What the pages are built from; the composition root makes it."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy.orm import Session

from campaigns.dry_run import DryRunTools
from campaigns.dry_run_result import DryRun, priced, sounded
from consent.calendar_table import CalendarTable
from consent.confirmations import ConfirmationTokens
from consent.unsubscribe import UnsubscribeTokens
from dispatcher.bootstrap import build_script_reader, build_sms_quotes, provider_limits, read_former_keys
from dispatcher.core.clock import Clock
from dispatcher.core.db import Database
from dispatcher.core.settings import Settings
from dispatcher.core.sign_in import SignIn
from dispatcher.delivery.calls.recordings import RecordingSeal
from dispatcher.delivery.errors import UnknownRunError
from dispatcher.delivery.payment import Payments
from dispatcher.delivery.render import Renderer, Sender
from dispatcher.delivery.sms_texts import SmsTexts
from dispatcher.web.import_desk import ImportDesk
from dispatcher.web.uploads import UploadDirectory
from reports.live import LiveRun, read_run

if TYPE_CHECKING:
    from channels.sms.quotes import SmsQuotes
    from channels.voice.speech.reading import ScriptReader


@dataclass(frozen=True)
class WebServices:
    """Everything that a request may need."""

    database: Database
    clock: Clock
    settings: Settings
    unsubscribe_tokens: UnsubscribeTokens
    secret_key: bytes
    renderer: Renderer | None = None  #: of notices, for the dry run; None makes one without attachments

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
    def confirmation_tokens(self) -> ConfirmationTokens:
        """Reads the links and codes by which people prove an address."""
        return ConfirmationTokens(self.secret_key)

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

    @cached_property
    def notices(self) -> Renderer:
        """What makes notices, for previews and dry runs."""
        settings = self.settings
        sender = Sender(
            settings.company_name,
            settings.company_phone,
            settings.web.public_url,
            settings.mail.bounce_domain,
            settings.company_hours,
        )
        return self.renderer or Renderer(sender, self.unsubscribe_tokens, sms_texts=SmsTexts(settings.sms))

    @cached_property
    def recording_seal(self) -> RecordingSeal:
        """Opens recordings of calls."""
        return RecordingSeal(self.secret_key, read_former_keys(self.settings))

    @cached_property
    def payments(self) -> Payments:
        """Reads the tokens of payment links."""
        return Payments(self.settings.payment, self.secret_key, read_former_keys(self.settings))

    @cached_property
    def sms_quotes(self) -> "SmsQuotes | None":
        """Who asks providers what short messages would cost."""
        return build_sms_quotes(self.settings)

    @cached_property
    def script_reader(self) -> "ScriptReader":
        """Who reads calls aloud."""
        return build_script_reader(self.settings, self.database)

    def completed(self, result: DryRun) -> DryRun:
        """A dry run with what is asked with no transaction open: prices, and how calls sound."""
        return sounded(priced(result, self.sms_quotes), self.script_reader)

    def dry_run_tools(self, session: Session) -> DryRunTools:
        """What a dry run shares with sending."""
        settings = self.settings
        return DryRunTools(
            renderer=self.notices,
            delivery=settings.delivery,
            calendar=self.calendar.read(session),
            provider_limits=provider_limits(settings),
            call_lines=settings.voice.lines,
        )


def load_run(services: WebServices, run: UUID) -> LiveRun:
    """The run as it stands; raises `UnknownRunError`."""
    with services.database.transaction() as session:
        live = read_run(session, run, services.clock.now())
        services.clock.refresh(session)
    if live is None:
        raise UnknownRunError("there is no such run")
    return live
