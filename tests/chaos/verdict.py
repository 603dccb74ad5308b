"""The verdict over one round: the database's own account of the run against the sandbox's journal.

Nothing here asks the product for its opinion but the counters, which are compared with the rows. All of
it is read in one snapshot, so that a bounce that comes just now cannot make the two sides differ.
"""

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from channels.sandbox.journal import JournalEntry, JournalVerdict
from dispatcher.delivery.progress import Count, read_progress, recount
from dispatcher.delivery.states import AttemptState, NoticeState, Trigger
from tests.chaos.lists import contradicts, is_doubtful

#: What shows that the product knows that the provider took an attempt, or may have.
KNOWN: Final = frozenset({Trigger.ACCEPT, Trigger.DELIVER, Trigger.BOUNCE, Trigger.LOSE, Trigger.FOUND})
#: Faults that builds broken on purpose must show.
TOLD_TWICE: Final = "people were told twice, which nobody chose"
INVENTED: Final = "recorded as accepted, but never received"
#: What a receipt does.
REPORTED: Final = frozenset({Trigger.DELIVER, Trigger.BOUNCE})

_SNAPSHOT = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
_RUN = text(
    """
    SELECT r.recipient_count, r.state, r.step_plan ->> 'on_unknown' AS on_unknown,
           (SELECT count(*) FROM recipient c WHERE c.list_id = r.list_id
              AND NOT EXISTS (SELECT 1 FROM notice n WHERE n.run_id = r.id AND n.recipient_id = c.id))
              AS without_notice,
           (SELECT count(*) FROM notice n WHERE n.run_id = r.id) AS notices,
           (SELECT count(DISTINCT n.recipient_id) FROM notice n WHERE n.run_id = r.id) AS told_of,
           (SELECT count(*) FROM notice n WHERE n.run_id = r.id AND n.state = 'open') AS open
    FROM run r WHERE r.id = :run
    """
)
_ATTEMPTS = text(
    """
    SELECT a.id, a.notice_id, a.state, a.number, c.address, n.state AS notice_state
    FROM attempt a JOIN notice n ON n.period = a.period AND n.id = a.notice_id
    LEFT JOIN contact_point c ON c.id = a.contact_point_id
    WHERE a.run_id = :run
    """
)
# Ids follow time: what was written before the run existed, by the rounds before, is not looked through.
_EVENTS = text(
    """
    SELECT e.id, e.attempt_id, e.trigger, e.reason FROM attempt_event e
    JOIN attempt a ON a.period = e.period AND a.id = e.attempt_id
    WHERE a.run_id = :run AND e.id > CAST(:run AS uuid) ORDER BY e.id
    """
)


@dataclass(frozen=True, slots=True)
class Allowance:
    """What the strike of this round explains. `kill_at`: attempts that were out then may be unknown."""

    sampled: int = 0
    kill_at: datetime | None = None
    may_lose_sight: bool = True  #: False: nothing that sends was hurt, so nothing may become unknown
    bounced: frozenset[UUID] = frozenset()  #: attempts whose bounce was injected
    doubted: frozenset[UUID] = frozenset()  #: attempts that the wire leaves in doubt


@dataclass(slots=True)
class Verdict:
    """The figures of a round and what is wrong with them."""

    notices: int = 0
    in_flight: int = 0
    unknown: int = 0  #: attempts that were in doubt at any time
    unknown_by_provider: int = 0  #: of these, such as the provider itself never answered
    unknown_at_end: int = 0
    lost: int = 0
    doubled: int = 0
    doubled_by_choice: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def is_green(self) -> bool:
        """Whether every promise held."""
        return not self.faults


def judge(session: Session, run: UUID, journal: Sequence[JournalEntry], allowance: Allowance) -> Verdict:
    """Compare both sides of a closed run. `session` must be fresh: its snapshot is set here."""
    session.execute(_SNAPSHOT)
    facts = session.execute(_RUN, {"run": run}).one()
    attempts = {row.id: row for row in session.execute(_ATTEMPTS, {"run": run})}
    events: dict[UUID, list[Any]] = {}
    for event in session.execute(_EVENTS, {"run": run}):
        events.setdefault(event.attempt_id, []).append(event)
    verdict = Verdict(notices=facts.recipient_count)
    received = _entered(journal, JournalVerdict.ACCEPTED, attempts)
    unanswered = _entered(journal, JournalVerdict.UNANSWERED, attempts)
    _check_people(verdict, facts)
    _check_both_sides(verdict, attempts, events, received)
    _check_doubles(verdict, facts.on_unknown, attempts, events, received)
    by_provider = {
        id_
        for id_, row in attempts.items()
        if is_doubtful(row.address, is_received=received[id_] > 0, is_unanswered=unanswered[id_] > 0)
    }
    _check_unknown(verdict, attempts, events, received, by_provider, allowance)
    _check_counters(verdict, read_progress(session, run), recount(session, run))
    _check_bounced(verdict, attempts, allowance.bounced)
    _check_reports(verdict, attempts, events, allowance.bounced)
    return verdict


def _entered(
    journal: Sequence[JournalEntry], what: JournalVerdict, attempts: Mapping[UUID, Any]
) -> Counter[UUID]:
    """How often this became of each of the run's attempts."""
    ids = (entry.attempt.attempt_id for entry in journal if entry.verdict is what and entry.attempt)
    return Counter(id_ for id_ in ids if id_ in attempts)


def _check_people(verdict: Verdict, facts: Any) -> None:
    if facts.state != "closed":
        verdict.faults.append(f"the run is {facts.state}, not closed")
    missing = facts.without_notice + facts.open + (facts.notices - facts.told_of)
    if missing or facts.notices != facts.recipient_count:
        verdict.lost += missing
        verdict.faults.append(
            f"{facts.without_notice} recipients without a notice, {facts.open} notices open,"
            f" {facts.notices} notices for {facts.recipient_count} recipients"
        )


def _check_both_sides(
    verdict: Verdict, attempts: Mapping[UUID, Any], events: Mapping[UUID, list[Any]], received: Counter[UUID]
) -> None:
    """What we call accepted was received; what was received we call accepted, or in doubt."""
    triggers = {id_: {event.trigger for event in events.get(id_, ())} for id_ in attempts}
    invented = [id_ for id_, seen in triggers.items() if Trigger.ACCEPT in seen and not received[id_]]
    forgotten = [id_ for id_ in received if not triggers[id_] & KNOWN]
    stuck = [
        id_ for id_, row in attempts.items() if row.state in {AttemptState.SENDING, AttemptState.PLANNED}
    ]
    denied = [
        id_
        for id_ in received
        if attempts[id_].state not in {AttemptState.ACCEPTED, AttemptState.DELIVERED, AttemptState.UNKNOWN}
        and Trigger.BOUNCE not in triggers[id_]
    ]
    for words, found in (
        (INVENTED, invented),
        ("received, but never recorded as accepted or in doubt", forgotten),
        ("received, but recorded as neither accepted nor unknown at the end", denied),
        ("still planned or being sent though the run is closed", stuck),
    ):
        if found:
            verdict.lost += len(found)
            verdict.faults.append(f"{len(found)} attempts {words}, such as {found[0]}")


def _check_doubles(
    verdict: Verdict,
    on_unknown: str,
    attempts: Mapping[UUID, Any],
    events: Mapping[UUID, list[Any]],
    received: Counter[UUID],
) -> None:
    copies = Counter[UUID]()
    in_doubt = set()
    for id_, row in attempts.items():
        copies[row.notice_id] += received[id_]
        if any(event.trigger == Trigger.LOSE for event in events.get(id_, ())):
            in_doubt.add(row.notice_id)
    doubled = {notice for notice, count in copies.items() if count > 1}
    chosen = doubled & in_doubt if on_unknown == "resend_once" else set()
    chosen = {notice for notice in chosen if copies[notice] == 2}
    same = [id_ for id_, count in received.items() if count > 1]
    verdict.doubled, verdict.doubled_by_choice = len(doubled), len(chosen)
    if doubled - chosen:
        verdict.faults.append(f"{len(doubled - chosen)} {TOLD_TWICE}")
    if same:
        verdict.faults.append(f"{len(same)} attempts went out twice under one id, such as {same[0]}")


def _check_unknown(
    verdict: Verdict,
    attempts: Mapping[UUID, Any],
    events: Mapping[UUID, list[Any]],
    received: Counter[UUID],
    by_provider: Set[UUID],
    allowance: Allowance,
) -> None:
    in_doubt = {id_ for id_, seen in events.items() if any(one.trigger == Trigger.LOSE for one in seen)}
    by_provider = by_provider & in_doubt
    out = _out_at(events, allowance.kill_at)
    verdict.in_flight = max(allowance.sampled, len(out))
    verdict.unknown, verdict.unknown_by_provider = len(in_doubt), len(by_provider)
    verdict.unknown_at_end = sum(row.state == AttemptState.UNKNOWN for row in attempts.values())
    allowed = verdict.in_flight if allowance.may_lose_sight else 0
    ours = in_doubt - by_provider - allowance.doubted
    if len(ours) > allowed:
        verdict.faults.append(f"{len(ours)} attempts became unknown, only {allowed} were out at the kill")
    strangers = ours - out if allowance.kill_at else set()
    if strangers:
        reasons = Counter(
            (event.reason, received[id_])
            for id_ in strangers
            for event in events[id_]
            if event.trigger == Trigger.LOSE
        )
        verdict.faults.append(
            f"{len(strangers)} attempts became unknown that were not out at the kill:"
            f" (reason, received) {dict(reasons)}"
        )
    closed_unknown = {row.notice_id for row in attempts.values() if row.notice_state == NoticeState.UNKNOWN}
    explained = {row.notice_id for row in attempts.values() if row.state == AttemptState.UNKNOWN}
    if closed_unknown - explained:
        verdict.faults.append(
            f"{len(closed_unknown - explained)} notices are unknown without an attempt in doubt"
        )


def _out_at(events: Mapping[UUID, list[Any]], moment: datetime | None) -> set[UUID]:
    """Attempts whose claim was committed before the moment and whose outcome was not."""
    if moment is None:
        return set()
    last = {
        id_: [one.trigger for one in seen if _written_at(one.id) <= moment][-1:]
        for id_, seen in events.items()
    }
    return {id_ for id_, trigger in last.items() if trigger == [Trigger.CLAIM]}


def _written_at(event: UUID) -> datetime:
    """When an event was written, from its UUIDv7.

    Its `at` is the time its transaction asked for: a process frozen behind that question writes later.
    """
    return datetime.fromtimestamp((event.int >> 80) / 1000, UTC)


def _check_counters(verdict: Verdict, counters: Sequence[Count], rows: Sequence[Count]) -> None:
    differing = set(counters) ^ set(rows)
    if differing:
        verdict.faults.append(f"counters differ from the rows: {sorted(map(str, differing))[:4]}")


def _check_bounced(verdict: Verdict, attempts: Mapping[UUID, Any], bounced: frozenset[UUID]) -> None:
    told = [id_ for id_ in bounced if attempts[id_].state != AttemptState.FAILED]
    if told:
        verdict.faults.append(
            f"{len(told)} attempts bounced but are not recorded as failed, such as {told[0]}"
        )


def _check_reports(
    verdict: Verdict,
    attempts: Mapping[UUID, Any],
    events: Mapping[UUID, list[Any]],
    bounced: frozenset[UUID],
) -> None:
    """However often and in whatever order it was reported: nobody's end contradicts it."""
    wrong = [
        id_
        for id_, row in attempts.items()
        if id_ not in bounced
        and (triggers := {event.trigger for event in events.get(id_, ())} & REPORTED)
        and contradicts(row.address, is_delivered=Trigger.DELIVER in triggers)
    ]
    wrong += [
        id_
        for id_, row in attempts.items()
        if row.state == AttemptState.DELIVERED and contradicts(row.address, is_delivered=True)
    ]
    if wrong:
        verdict.faults.append(f"{len(wrong)} attempts ended otherwise than reported, such as {wrong[0]}")
