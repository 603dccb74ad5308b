"""A process of the product with one rule of the engine broken on purpose. Never part of the product."""

import sys
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from channels.email import pipeline
from channels.email.transaction import LOST_BEFORE_DOT
from channels.port import Channel
from dispatcher.cli.app import main as real_main
from dispatcher.core.ids import new_id
from dispatcher.delivery import sweep
from dispatcher.delivery.lane import LaneWorker
from dispatcher.delivery.lane_tools import Lane
from dispatcher.delivery.outcomes import change_of
from dispatcher.delivery.states import Trigger
from dispatcher.delivery.transitions import Change, Transitions, apply_changes


def _send_all(worker: LaneWorker, channel: Channel, group: Any) -> list[Change]:
    envelopes, changes = worker._render(group)
    for outcomes in worker._outcomes(channel, list(envelopes.values())):
        changes += [
            change_of(one, envelopes[one.attempt.attempt_id], group.claimed.token, worker.tools.clock.now())
            for one in outcomes
        ]
    return changes


def send_before_commit() -> None:
    """The claim is committed only after its letters have left."""

    def work(worker: LaneWorker, lane: Lane, channel: Channel, until: float) -> int:
        claimed = 0
        while time.monotonic() < until and not worker.is_stopping:
            with worker.tools.database.transaction() as session:
                now = worker.tools.clock.refresh(session)
                work = Transitions(session, now)
                group = worker._claim(session, lane, new_id(), work, worker.tools.settings.claim_size)
                if group is None:
                    break
                work.write()
                apply_changes(session, _send_all(worker, channel, group), now)
                claimed += len(group.claimed.candidates)
        return claimed

    LaneWorker._work = work  # type: ignore[method-assign]


def blind_resend() -> None:
    """What a vanished worker held is simply due again."""

    def lose_expired(session: Session, now: datetime) -> int:
        return sweep._apply(session, sweep._LOST, {}, Trigger.NOT_SENT, "worker_vanished", now)

    sweep.lose_expired = lose_expired


def record_before_send() -> None:
    """Everything claimed is recorded as accepted, and then sent."""

    def send(worker: LaneWorker, lane: Lane, channel: Channel, group: Any, _places: Any) -> list[Change]:
        token = group.claimed.token
        accepted = [
            Change(one.period, one.attempt_id, Trigger.ACCEPT, token=token)
            for one in group.claimed.candidates
        ]
        worker._record_and_claim(lane, accepted, group.plans, most=0)
        return _send_all(worker, channel, group)

    LaneWorker._send = send  # type: ignore[method-assign]


def resend_behind_dot() -> None:
    """A connection lost behind the dot is taken for one lost before it."""
    for name in ("LOST_AFTER_DOT", "SILENT_AFTER_DOT"):
        setattr(pipeline, name, LOST_BEFORE_DOT)


BUILDS: dict[str, Callable[[], None]] = {
    "send-before-commit": send_before_commit,
    "blind-resend": blind_resend,
    "record-before-send": record_before_send,
    "resend-behind-dot": resend_behind_dot,
}


def main(arguments: Sequence[str]) -> None:
    """Break the rule named first, then run the command that follows."""
    BUILDS[arguments[0]]()
    sys.argv = ["dispatcher", *arguments[1:]]
    real_main()


if __name__ == "__main__":
    main(sys.argv[1:])
