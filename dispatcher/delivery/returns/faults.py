"""Refusals for which nobody's address is to blame: of us, by a domain, or of the text, by anybody.

A refusal of us pauses the domain that refused, unless it takes nearly all of our mail. Where many domains
refuse within the hour it is no domain's matter: then the channel waits. A refused text pauses its run once;
when staff resume it, they have decided.
"""

from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import text
from sqlalchemy.orm import Session

from channels.email.replies import ReplyClass
from channels.port import ChannelKind
from dispatcher.core.outbox import publish
from dispatcher.core.settings import ReturnsSettings
from dispatcher.delivery.channel_pause import LONGEST_WAIT_SECONDS, pause_channel
from dispatcher.delivery.errors import RunStateError
from dispatcher.delivery.returns.domains import PauseReason, pause_domain
from dispatcher.delivery.returns.judging import NotedRefusal, mark_judged, take_waiting
from dispatcher.delivery.runs import pause_run

log = structlog.get_logger(__name__)

HOUR: Final = timedelta(hours=1)
CONTENT_REFUSED: Final = "content_refused"
SENDER_REFUSED: Final = "sender_refused"

_FIGURES = text(
    """
    SELECT (SELECT count(*) FROM address_refusal f
            WHERE f.domain = :domain AND f.kind = 'sender' AND f.sent_at > :since) AS refused,
           (SELECT coalesce(sum(t.answered), 0)::bigint FROM domain_traffic t
            WHERE t.domain = :domain AND t.hour >= date_trunc('hour', CAST(:since AS timestamptz))) AS sent
    """
)
_PAUSED_LATELY = text(
    "SELECT count(*) FROM domain_pause WHERE reason = 'sender_fault' AND lifted_at IS NULL AND since > :since"
)
_LIFTED_LATELY = text(
    """
    SELECT 1 FROM domain_pause
    WHERE domain = :domain AND reason = 'sender_fault' AND lifted_at >= :noted LIMIT 1
    """
)
_PAUSED_BEFORE = text(
    """
    SELECT 1 FROM address_refusal
    WHERE run_id = :run AND kind = 'content' AND verdict = 'run_paused' LIMIT 1
    """
)


def judge_sender_faults(session: Session, now: datetime, *, settings: ReturnsSettings) -> int:
    """Pause the domains that refuse us; returns how many refusals were judged."""
    waiting = take_waiting(session, [ReplyClass.SENDER.value])
    by_domain: dict[str, list[NotedRefusal]] = {}
    for one in waiting:
        by_domain.setdefault(one.domain, []).append(one)
    for domain, refusals in sorted(by_domain.items()):
        verdict = _judge_domain(session, domain, refusals, settings, now)
        mark_judged(session, [(one, verdict) for one in refusals], now)
    return len(waiting)


def _judge_domain(
    session: Session, domain: str, refusals: list[NotedRefusal], settings: ReturnsSettings, now: datetime
) -> str:
    newest = max(refusals, key=lambda one: one.sent_at)
    if session.execute(_LIFTED_LATELY, {"domain": domain, "noted": newest.sent_at}).first() is not None:
        return "known"  # staff have looked since it was sent
    row = session.execute(_FIGURES, {"domain": domain, "since": newest.sent_at - HOUR}).one()
    sent = max(row.sent, row.refused)
    log.warning("returns.sender_refused", domain=domain, reason=newest.reason, refused=row.refused, sent=sent)
    if row.refused < settings.sender_fault_share * sent:
        return "warned"
    lately = session.execute(_PAUSED_LATELY, {"since": now - HOUR}).scalar_one()
    if lately >= settings.sender_fault_domains:
        channel = ChannelKind.EMAIL.value
        wait = LONGEST_WAIT_SECONDS
        pause_channel(session, channel, SENDER_REFUSED, first_wait_seconds=wait, now=now)
        publish(session, "channel.refused", {"channel": channel, "domains": lately})
        return "channel_paused"
    figures = {"refused": row.refused, "sent": sent, "reply": newest.reason}
    pause = pause_domain(session, domain, PauseReason.SENDER_FAULT, figures=figures, actor="system", now=now)
    return "known" if pause is None else "domain_paused"


def judge_contents(session: Session, now: datetime, *, settings: ReturnsSettings) -> int:  # noqa: ARG001
    """Pause the runs whose text is refused; returns how many refusals were judged."""
    waiting = take_waiting(session, [ReplyClass.CONTENT.value])
    for run in sorted({one.run_id for one in waiting}):
        refusals = [one for one in waiting if one.run_id == run]
        verdict = "known"
        if session.execute(_PAUSED_BEFORE, {"run": run}).first() is None:
            try:
                pause_run(session, run, actor="system", reason=CONTENT_REFUSED, now=now)
                verdict = "run_paused"
                log.warning("returns.content_refused", run_id=str(run), reason=refusals[0].reason)
            except RunStateError:
                verdict = "counted"  # it is over, or waits already
        mark_judged(session, [(one, verdict) for one in refusals], now)
    return len(waiting)
