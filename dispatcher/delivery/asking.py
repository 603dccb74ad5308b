"""Asking providers: the road of a question. No transaction is open while the provider is called."""

from collections.abc import Sequence

import structlog
from sqlalchemy.orm import Session

from channels.port import Channel, Question, Receipt, ReceiptKind
from dispatcher.core.clock import Clock
from dispatcher.core.db import Database
from dispatcher.delivery.bridge import Bridge
from dispatcher.delivery.questions import drop_questions, take_due
from dispatcher.delivery.receipts import apply_stored, store_receipt

log = structlog.get_logger()

ASK_SECONDS = 120.0  #: for one slice of questions


def ask_due(database: Database, clock: Clock, bridge: Bridge, channel: Channel) -> int:
    """Ask the provider about everything that is due; returns how many answers came."""
    answered = 0
    while True:
        questions = database.run(
            lambda session: take_due(session, channel.kind.value, clock.refresh(session))
        )
        if not questions:
            return answered
        receipts = _ask(bridge, channel, questions)
        answered += len(receipts)
        database.run(lambda session, receipts=receipts: _record(session, channel, receipts, clock))  # type: ignore[misc]
        database.run(lambda session: apply_stored(session, clock.refresh(session)))


def _ask(bridge: Bridge, channel: Channel, questions: Sequence[Question]) -> Sequence[Receipt]:
    try:
        return bridge.run(channel.query(questions), ASK_SECONDS)
    except TimeoutError:
        log.warning("delivery.not_answered", channel=channel.kind.value)
        return ()


def _record(session: Session, channel: Channel, receipts: Sequence[Receipt], clock: Clock) -> None:
    """Keep the answers raw; whatever settles a question ends it."""
    now = clock.refresh(session)
    settled = []
    for receipt in receipts:
        store_receipt(session, channel.kind, receipt, now)
        if receipt.attempt is not None and receipt.kind in {ReceiptKind.DELIVERED, ReceiptKind.FAILED}:
            settled.append((receipt.attempt.period, receipt.attempt.attempt_id))
    drop_questions(session, settled)
