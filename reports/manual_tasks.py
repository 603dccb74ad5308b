"""What is to be told by hand, and how it was: the list of manual tasks, with the text of each notice.

Full names, addresses and sums stand here (requirements 40 and 48): whoever looks is put on record by the
caller, and nothing of it belongs into logs or addresses.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from dispatcher.core.arrays import uuid_array
from dispatcher.delivery.checks import Candidate, with_common_fields
from dispatcher.delivery.manual_tasks import ManualTaskState
from dispatcher.delivery.render import Renderer
from dispatcher.delivery.states import NoticeState
from dispatcher.delivery.step_plan import StepPlan
from templates.errors import TemplateError
from templates.repository import compiled_versions

SLICE: Final = 200

# Whom a resend of the run has told meanwhile is marked, so that nobody is told twice by accident (P2).
_LIST = text(
    """
    SELECT m.id, m.run_id, m.state, m.reason, m.created_at, m.way, m.told_at, m.told_by, m.taken_by,
           m.reference, m.recorded_by, m.closed_at, m.period, m.notice_id, n.state AS notice_state,
           n.person_id, n.first_step, r.full_name, r.address, r.customer_group, r.time_zone, r.language,
           r.fields, o.number AS account_number, o.has_contract, c.name AS campaign, u.purpose, u.number,
           u.step_plan, u.common_fields, p.is_vulnerable,
           EXISTS (SELECT 1 FROM run child
                   JOIN notice told ON told.period = child.period AND told.run_id = child.id
                   WHERE child.parent_run_id = m.run_id AND child.kind = 'resend'
                     AND told.person_id = n.person_id AND told.state = 'notified') AS is_told_since
    FROM manual_task m
    JOIN notice n ON n.period = m.period AND n.id = m.notice_id
    JOIN recipient r ON r.id = n.recipient_id
    JOIN account o ON o.id = r.account_id
    JOIN person p ON p.id = n.person_id
    JOIN run u ON u.id = m.run_id
    JOIN campaign c ON c.id = u.campaign_id
    WHERE (CAST(:run AS uuid) IS NULL OR m.run_id = :run)
      AND (CAST(:state AS text) IS NULL OR m.state = :state)
      AND (CAST(:after AS uuid) IS NULL OR m.id > :after)
      AND (CAST(:ids AS uuid[]) IS NULL OR m.id = ANY(CAST(:ids AS uuid[])))
    ORDER BY m.id LIMIT :limit
    """
)
_COUNT = text(
    """
    SELECT state, count(*) AS total FROM manual_task
    WHERE CAST(:run AS uuid) IS NULL OR run_id = :run GROUP BY state
    """
)


@dataclass(frozen=True, slots=True)
class ManualTask:
    """One task with whom and what to tell; `text` is filled by `with_texts`, None where it cannot be made."""

    id: UUID
    run_id: UUID
    campaign: str
    run_number: int
    purpose: str
    basis: str
    state: str
    reason: str
    created_at: datetime
    notice_state: str
    account_number: str
    full_name: str
    address: str
    customer_group: int
    is_vulnerable: bool
    debt: str | None
    due_date: str | None
    is_told_since: bool
    way: str | None
    told_at: datetime | None
    told_by: str | None
    taken_by: str | None
    reference: str | None
    recorded_by: str | None
    closed_at: datetime | None
    text: str | None = None


def list_manual_tasks(
    session: Session,
    *,
    limit: int,
    run: UUID | None = None,
    state: str | None = ManualTaskState.OPEN,
    after: UUID | None = None,
    renderer: Renderer | None = None,
    now: datetime | None = None,
    ids: Sequence[UUID] | None = None,
) -> list[ManualTask]:
    """Tasks in the order in which they came up; with a renderer also the text of each notice."""
    values = {
        "run": run,
        "state": state,
        "after": after,
        "limit": limit,
        "ids": None if ids is None else uuid_array(ids),
    }
    rows = [dict(row) for row in session.execute(_LIST, values).mappings()]
    plans = {row["run_id"]: StepPlan.from_json(row["step_plan"]) for row in rows}
    texts = {} if renderer is None or now is None else _texts(session, renderer, rows, plans, now)
    return [_task(row, plans[row["run_id"]].basis, texts.get(row["id"])) for row in rows]


def each_manual_task(
    session: Session, *, run: UUID | None, state: str | None, renderer: Renderer, now: datetime
) -> Iterator[ManualTask]:
    """All of them with their texts, slice by slice, so that memory stays flat."""
    after: UUID | None = None
    while True:
        found = list_manual_tasks(
            session, limit=SLICE, run=run, state=state, after=after, renderer=renderer, now=now
        )
        yield from found
        if len(found) < SLICE:
            return
        after = found[-1].id


def count_manual_tasks(session: Session, run: UUID | None = None) -> Mapping[str, int]:
    """How many there are in each state."""
    return {row.state: row.total for row in session.execute(_COUNT, {"run": run})}


def _texts(
    session: Session,
    renderer: Renderer,
    rows: Sequence[Mapping[str, Any]],
    plans: Mapping[UUID, StepPlan],
    now: datetime,
) -> dict[UUID, str]:
    versions = frozenset().union(*(plan.version_ids() for plan in plans.values()))
    templates = compiled_versions(session, versions)
    texts = {}
    for row in rows:
        step = plans[row["run_id"]].steps[row["first_step"]]
        candidate = with_common_fields(row["common_fields"], _candidate(row, step.channel.value))
        try:
            template = templates[step.version_for(row["language"])]
            text_of = renderer.compose(template, candidate, row["purpose"], now).text
        except TemplateError:
            continue  # why it failed is the notice's own reason; staff see the fields
        texts[row["id"]] = _without_link(text_of, renderer.unsubscribe_url(row["purpose"], candidate))
    return texts


def _without_link(said: str, link: str) -> str:
    """What is handed over on paper offers no link to unsubscribe from e-mail."""
    parts = said.strip().split("\n\n")
    return "\n\n".join(part for part in parts if not part.rstrip().endswith(link))


def _candidate(row: Mapping[str, Any], channel: str) -> Candidate:
    return Candidate(
        period=date(1970, 1, 1),
        attempt_id=row["notice_id"],
        notice_id=row["notice_id"],
        person_id=row["person_id"],
        contact_point_id=None,  # what is printed unsubscribes nobody
        channel=channel,
        step=row["first_step"],
        truth_until=None,
        notice_state=NoticeState.OPEN,
        address=None,
        full_name=row["full_name"],
        supply_address=row["address"],
        time_zone=row["time_zone"],
        language=row["language"],
        fields=row["fields"],
        account_number=row["account_number"],
        has_contract=row["has_contract"],
        customer_group=row["customer_group"],
    )


def _task(row: Mapping[str, Any], basis: str, body: str | None) -> ManualTask:
    own = {name: row[name] for name in ManualTask.__dataclass_fields__ if name in row}
    fields = row["fields"]
    return ManualTask(
        **own,
        run_number=row["number"],
        basis=basis,
        debt=fields.get("debt"),
        due_date=fields.get("due_date") or row["common_fields"].get("due_date"),
        text=body,
    )
