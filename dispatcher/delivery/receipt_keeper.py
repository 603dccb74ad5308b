"""Where receipts and customers' texts go that come over a channel's own connection, in the worker."""

import asyncio

from channels.port import ChannelKind, IncomingText, Receipt
from dispatcher.core.clock import Clock
from dispatcher.core.db import Database
from dispatcher.delivery.receipts import store_receipt
from dispatcher.delivery.returns.sms_replies import SmsReply, take_reply


class ReceiptKeeper:
    """Stores each receipt in a thread, for the channels' loop must not wait for the database.

    Raises what the database raises: the channel then asks the provider to send it again. The scheduler's
    sweep applies what is stored.
    """

    def __init__(self, database: Database, clock: Clock, channel: ChannelKind) -> None:
        self._database, self._clock, self._channel = database, clock, channel

    async def keep(self, receipt: Receipt) -> None:
        """See `ReceiptSink`."""
        await asyncio.to_thread(self._store, receipt)

    async def keep_text(self, text: IncomingText) -> None:
        """See `TextSink`. Over a connection texts have no id: the same words of one day are taken once."""
        reply = SmsReply(text.provider, "", text.phone, text.text)
        await asyncio.to_thread(
            self._database.run,
            lambda session: take_reply(session, reply, self._clock.refresh(session)),
        )

    def _store(self, receipt: Receipt) -> None:
        self._database.run(
            lambda session: store_receipt(session, self._channel, receipt, self._clock.refresh(session))
        )
