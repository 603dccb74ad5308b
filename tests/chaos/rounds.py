"""One round: a run over the kept list, a strike while it sends, and the verdict once it is closed."""

import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from campaigns.service import NewCampaign, create_campaign
from channels.sandbox.journal import JournalEntry
from tests.chaos.house import POLL_SECONDS, House
from tests.chaos.phases import Phase, Phases
from tests.chaos.strikes import Blow, StrikeError, count_sending
from tests.chaos.targets import TARGETS, Target
from tests.chaos.verdict import Allowance, Verdict, judge

CLOSED_SECONDS: Final = 180.0  #: a run that is not closed by then stands still
ORPHAN_SECONDS: Final = 60.0
WINDOW: Final = timedelta(hours=6)  #: nothing goes to SMSC in the last hour of one
LOOK_SECONDS: Final = 0.02  #: for the moment to strike; each look counts the run, and costs it speed
LETTERS_BYTES: Final = 3000  #: some twenty letters in the journal

_CHOOSE_ON_UNKNOWN: Final = text(
    """
    UPDATE run SET step_plan = jsonb_set(step_plan, '{on_unknown}', to_jsonb(CAST(:choice AS text)))
    WHERE id = :run
    """
)
_BEGUN: Final = text(
    "SELECT count(*) FROM attempt WHERE run_id = :run AND state NOT IN ('planned', 'blocked')"
)
_END_OF: Final = text(
    """
    SELECT r.state, r.planned_position = r.recipient_count
       AND NOT EXISTS (SELECT 1 FROM attempt a WHERE a.period = r.period AND a.run_id = r.id
                       AND a.state IN ('planned', 'sending'))
    FROM run r WHERE r.id = :run
    """
)
_STATE: Final = text("SELECT state FROM run WHERE id = :run")


@dataclass(frozen=True, slots=True)
class Plan:
    """What a round does, drawn from the seed before anything runs."""

    number: int
    target: Target
    part_before: float  #: this part of the run is let through first


@dataclass(slots=True)
class Result:
    """What a round found."""

    plan: Plan
    verdict: Verdict
    killed: int
    phases: Phases
    is_void: bool


def plan_rounds(seed: int, rounds: int, names: Sequence[str] = ()) -> list[Plan]:
    """Which target when: each once in a shuffled order, then each again in another order."""
    chance = random.Random(seed)
    order: list[str] = []
    while len(order) < rounds:
        turn = list(names or TARGETS)
        if not names:
            chance.shuffle(turn)
        order += turn
    return [
        Plan(number, TARGETS[name], chance.uniform(*TARGETS[name].part_before))
        for number, name in enumerate(order[:rounds], start=1)
    ]


def play(house: House, plan: Plan, *, watches_journal: bool = False) -> Result:
    """Play one round. `watches_journal`: strike when letters arrive, for builds that hide what they send."""
    target, phases = plan.target, Phases()
    house.wait_until_whole()
    target.prepare(house)
    before, marks = house.journal_size(), house.journal_marks()
    run = house.application.database.run(lambda session: _create(house, session, plan))
    phases.end(Phase.READY)
    blow, faults = _strike(house, run, plan, before if watches_journal else None, phases)
    faults += _until_closed(house, run, blow, phases)
    bounced = blow.finish()
    house.end_extra()
    faults += _orphans(house)
    phases.end(Phase.AFTER)
    allowance = Allowance(
        blow.sampled,
        blow.at,
        blow.may_lose_sight and target.strike is not None,
        bounced,
        frozenset(blow.doubted),
    )
    verdict = _judge(house, run, marks, allowance)
    verdict.faults += faults + blow.faults
    is_void = target.strike is not None and blow.sampled == 0 and not watches_journal
    phases.end(Phase.VERDICT)
    return Result(plan, verdict, blow.killed, phases, is_void)


def _create(house: House, session: Session, plan: Plan) -> UUID:
    now = house.application.clock.refresh(session)
    created = create_campaign(
        session,
        NewCampaign(
            f"round {plan.number}: {plan.target.name}",
            "debt_reminder",
            plan.target.recipients,
            starts_at=now,
            ends_at=now + WINDOW,
            policy_profile="always",
            priority=plan.target.priority,
            channels=(house.channel,),
        ),
        delivery=house.settings.delivery,
        calendar=house.application.calendar.read(session),
        actor="chaos",
        now=now,
    )
    session.execute(_CHOOSE_ON_UNKNOWN, {"run": created.run_id, "choice": plan.target.on_unknown})
    return created.run_id


def _strike(
    house: House, run: UUID, plan: Plan, journal_before: int | None, phases: Phases
) -> tuple[Blow, list[str]]:
    if plan.target.strike is None:
        return Blow(), []
    until = time.monotonic() + CLOSED_SECONDS
    while time.monotonic() < until:
        state, begun = house.application.database.run(lambda session: _progress(session, run))
        if state == "closed":
            return Blow(), []  # over before anything could be struck: void
        if journal_before is None:
            is_time = begun >= plan.part_before * _size(house, plan) and count_sending(house, run) > 0
        else:
            is_time = house.journal_size() > journal_before + LETTERS_BYTES
        if is_time:
            phases.end(Phase.BEFORE)
            try:
                return plan.target.strike(house, run), []
            except StrikeError as error:
                return Blow(1, 1), [str(error)]
            finally:
                phases.end(Phase.STRIKE)
        time.sleep(LOOK_SECONDS)
    return Blow(), ["nothing was sent"]


def _size(house: House, plan: Plan) -> int:
    return house.sizes[plan.target.recipients]


def _progress(session: Session, run: UUID) -> tuple[str, int]:
    state = session.execute(_STATE, {"run": run}).scalar_one()
    return state, session.execute(_BEGUN, {"run": run}).scalar_one()


def _end_of(session: Session, run: UUID) -> tuple[str, bool]:
    """The run's state, and whether all of it was sent as far as one can see now."""
    return tuple(session.execute(_END_OF, {"run": run}).one())  # type: ignore[return-value] - two columns


def _until_closed(house: House, run: UUID, blow: Blow, phases: Phases) -> list[str]:
    until = time.monotonic() + CLOSED_SECONDS
    while time.monotonic() < until:
        blow.tend()
        house.keep_servers()
        try:
            state, is_sent = house.application.database.run(lambda session: _end_of(session, run))
        except DBAPIError:
            state, is_sent = "unseen", False
        if is_sent and Phase.SENDING not in phases.seconds:
            phases.end(Phase.SENDING)
        if state == "closed":
            phases.end(Phase.CLOSING)
            return []
        time.sleep(POLL_SECONDS)
    return [f"the run was not closed within {CLOSED_SECONDS:.0f} s"]


def _orphans(house: House) -> list[str]:
    until = time.monotonic() + ORPHAN_SECONDS
    while house.orphans() and time.monotonic() < until:
        time.sleep(POLL_SECONDS)
    return [f"an orphan: {' '.join(process.cmdline())}" for process in house.orphans()]


def _judge(house: House, run: UUID, marks: Mapping[str, int], allowance: Allowance) -> Verdict:
    journal: list[JournalEntry] = house.journal_since(marks)
    with house.application.database.transaction() as session:
        return judge(session, run, journal, allowance)
