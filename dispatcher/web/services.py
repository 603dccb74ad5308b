"""What the pages are built from; the composition root makes it."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

from consent.unsubscribe import UnsubscribeTokens
from dispatcher.core.clock import Clock
from dispatcher.core.db import Database
from dispatcher.core.settings import Settings
from dispatcher.core.sign_in import SignIn


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
