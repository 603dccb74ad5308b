"""Fetching what customers wrote from providers' accounts: callbacks get lost (domain: 2.7).

How far an account was looked through is a row, so a restart neither loses nor repeats. Looking is a lease:
whoever looks moves the next time forward and commits before the provider is called. Each text is taken in
a transaction of its own, which moves the place too.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from channels.port import Collecting, IncomingText
from dispatcher.core.arrays import text_array
from dispatcher.core.clock import Clock
from dispatcher.core.db import Database, is_database_gone
from dispatcher.delivery.bridge import Bridge
from dispatcher.delivery.returns.sms_replies import SmsReply, take_reply

log = structlog.get_logger()

COLLECT_SECONDS: Final = 60.0  #: for one account
#: After so long without a look what is found may be old: it is obeyed, and not answered.
LATE: Final = timedelta(minutes=30)

_IS_ANY_DUE = text(
    """
    SELECT 1 FROM unnest(CAST(:names AS text[])) AS n(provider)
    LEFT JOIN inbox_cursor c ON c.provider = n.provider
    WHERE c.provider IS NULL OR c.ask_at <= :now LIMIT 1
    """
)
_TAKE = text(
    """
    INSERT INTO inbox_cursor (provider, ask_at) VALUES (:provider, :next)
    ON CONFLICT (provider) DO UPDATE SET ask_at = excluded.ask_at WHERE inbox_cursor.ask_at <= :now
    RETURNING after_id, read_at
    """
)
_MOVE = text(
    "UPDATE inbox_cursor SET after_id = coalesce(:after, after_id), read_at = :now WHERE provider = :provider"
)


@dataclass(frozen=True, slots=True)
class _Place:
    provider: str
    after_id: str | None
    read_at: datetime | None


def is_any_due(session: Session, providers: Collection[str], now: datetime) -> bool:
    """Whether one of these accounts should be looked into."""
    if not providers:
        return False
    return session.execute(_IS_ANY_DUE, {"names": text_array(providers), "now": now}).first() is not None


def collect_due(database: Database, clock: Clock, bridge: Bridge, channel: Collecting) -> int:
    """Fetch from every account of the channel that is due; returns how many texts were new."""
    taken = 0
    for provider, seconds in channel.inboxes().items():
        place = database.run(
            lambda session, provider=provider, seconds=seconds: _take_due(  # type: ignore[misc]
                session, provider, seconds, clock.refresh(session)
            )
        )
        if place is not None:
            taken += _collect(database, clock, bridge, channel, place)
    return taken


def _take_due(session: Session, provider: str, seconds: float, now: datetime) -> _Place | None:
    values = {"provider": provider, "now": now, "next": now + timedelta(seconds=seconds)}
    row = session.execute(_TAKE, values).first()
    return None if row is None else _Place(provider, row.after_id, row.read_at)


def _collect(database: Database, clock: Clock, bridge: Bridge, channel: Collecting, place: _Place) -> int:
    try:
        texts = bridge.run(channel.collect(place.provider, place.after_id), COLLECT_SECONDS)
    except TimeoutError:
        log.warning("delivery.inbox_not_answered", provider=place.provider)
        return 0
    if texts is None:
        return 0
    is_late = place.read_at is None or clock.now() - place.read_at > LATE
    taken = sum(_take(database, clock, one, is_late=is_late) for one in texts)
    last = texts[-1].id if texts else None
    database.run(lambda session: _move(session, place.provider, last, clock.refresh(session)))
    return taken


def _take(database: Database, clock: Clock, one: IncomingText, *, is_late: bool) -> bool:
    """Keep one text. One that cannot be kept must not keep the later ones from staff."""

    def take(session: Session) -> bool:
        now = clock.refresh(session)
        reply = SmsReply(one.provider, one.id, one.phone, one.text, is_fetched=True, is_late=is_late)
        is_new = take_reply(session, reply, now) is not None
        _move(session, one.provider, one.id, now)
        return is_new

    try:
        return database.run(take)
    except DBAPIError as error:
        if is_database_gone(error):
            raise
        # The type only: the words of the error hold the customer's.
        log.error("delivery.text_not_kept", provider=one.provider, text_id=one.id, error=type(error).__name__)  # noqa: TRY400
        return False


def _move(session: Session, provider: str, after: str | None, now: datetime) -> None:
    session.execute(_MOVE, {"provider": provider, "after": after, "now": now})
