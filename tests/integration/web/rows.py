"""Rows for tests of the pages, by plain SQL: runs with their counters, contact points with consent."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from dispatcher.core.ids import new_id

_SCENARIO = text("INSERT INTO scenario (id, name, title) VALUES (:id, :name, 'Долг')")
_VERSION = text(
    """
    INSERT INTO scenario_version (id, scenario_id, version, purpose, policy_profile, steps, created_by,
                                  created_at)
    VALUES (:id, :scenario, 1, 'debt', 'always', '{}', 'test', :now)
    """
)
_CAMPAIGN = text(
    """
    INSERT INTO campaign (id, name, scenario_version_id, policy_profile, priority, starts_at, ends_at,
                          daily_from, working_days_only, created_by, created_at)
    VALUES (:id, :name, :version, 'always', 'bulk', :starts_at, :ends_at, '00:00', false, 'test', :now)
    """
)
_LIST = text(
    """
    INSERT INTO recipient_list (id, name, version, state, file_name, fingerprint, recipient_count, created_by,
                                created_at)
    VALUES (:id, :name, 1, 'frozen', 'list.csv', '\\x00', :count, 'test', :now)
    """
)
_RUN = text(
    """
    INSERT INTO run (id, campaign_id, number, period, list_id, state, state_reason, priority, purpose,
                     purpose_group, starts_at, ends_at, hours, caps, step_plan, recipient_count,
                     planned_position, created_at, started_at)
    VALUES (:id, :campaign, 1, date_trunc('month', CAST(:now AS timestamptz)), :list, :state, :reason, 'bulk',
            'debt', 'debt', :starts_at, :ends_at, '{}', '[]', '{}', :count, :planned, :now, :started_at)
    """
)
_COUNT = text(
    """
    INSERT INTO progress (run_id, kind, channel, state, reason, shard, count)
    VALUES (:run, :kind, :channel, :state, :reason, :shard, :count)
    ON CONFLICT (run_id, kind, channel, state, reason, shard)
    DO UPDATE SET count = progress.count + excluded.count
    """
)
_PERSON = text(
    """
    INSERT INTO person (id, external_id, full_name, customer_group, created_at, updated_at)
    VALUES (:id, :external, 'Иванова Мария', 1, :now, :now)
    """
)
_CONTACT = text(
    """
    INSERT INTO contact_point (id, person_id, kind, address, created_at)
    VALUES (:id, :person, 'email', 'maria@example.org', :now)
    """
)


def add_run(
    session: Session,
    *,
    name: str = "Долги за октябрь",
    state: str = "running",
    reason: str | None = None,
    planned: int = 100,
    fanned_out: int | None = None,
    started_ago: timedelta = timedelta(minutes=10),
    ends_in: timedelta = timedelta(hours=8),
) -> UUID:
    """A run with everything it refers to; its counters are empty."""
    now = datetime.now(UTC)
    ids = {key: new_id() for key in ("scenario", "version", "campaign", "list", "run")}
    times = {"now": now, "starts_at": now - started_ago, "ends_at": now + ends_in}
    unique = ids["scenario"].hex
    session.execute(_SCENARIO, {"id": ids["scenario"], "name": unique})
    session.execute(_VERSION, {"id": ids["version"], "scenario": ids["scenario"], "now": now})
    session.execute(_CAMPAIGN, {"id": ids["campaign"], "name": name, "version": ids["version"], **times})
    session.execute(
        _LIST, {"id": ids["list"], "name": f"Октябрь {unique[-4:]}", "count": planned, "now": now}
    )
    session.execute(
        _RUN,
        {
            **times,
            "id": ids["run"],
            "campaign": ids["campaign"],
            "list": ids["list"],
            "state": state,
            "reason": reason,
            "count": planned,
            "planned": planned if fanned_out is None else fanned_out,
            "started_at": now - started_ago,
        },
    )
    return ids["run"]


def count_notices(session: Session, run: UUID, state: str, by: int, reason: str = "", shard: int = 0) -> None:
    """Move a counter of notices."""
    _count(session, run, "notice", "", state, reason, shard, by)


def count_attempts(
    session: Session, run: UUID, state: str, by: int, reason: str = "", channel: str = "email", shard: int = 0
) -> None:
    """Move a counter of attempts."""
    _count(session, run, "attempt", channel, state, reason, shard, by)


def add_contact(session: Session) -> UUID:
    """A person with one e-mail address; consent is recorded by the test itself."""
    person, contact, now = new_id(), new_id(), datetime.now(UTC)
    session.execute(_PERSON, {"id": person, "external": f"customer:{person.hex}", "now": now})
    session.execute(_CONTACT, {"id": contact, "person": person, "now": now})
    return contact


def _count(
    session: Session, run: UUID, kind: str, channel: str, state: str, reason: str, shard: int, by: int
) -> None:
    session.execute(
        _COUNT,
        {
            "run": run,
            "kind": kind,
            "channel": channel,
            "state": state,
            "reason": reason,
            "shard": shard,
            "count": by,
        },
    )
