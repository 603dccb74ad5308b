"""Seed contacts: colleagues who receive exactly the text that customers receive, with made-up data.

Personal data of customers never goes to staff, so the fields are invented here. A colleague is a person
of his own in the database, apart from the customer he may also be, with a consent recorded by staff.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from email_validator import EmailNotValidError, validate_email
from sqlalchemy.orm import Session

from campaigns import seed_repository as repository
from campaigns.errors import SeedError
from campaigns.seed_repository import SeedContactView
from consent.ledger import ConsentEntry, record_consent
from consent.permission import EVERY_PURPOSE
from dispatcher.core.audit import record_action
from dispatcher.delivery.run_lock import hold_alone
from dispatcher.delivery.runs import NewRun, RunKind, add_run
from dispatcher.delivery.step_plan import CONSENT, StepPlan
from templates.notice_fields import NOTICE_FIELDS
from templates.repository import compiled_versions

SAMPLE_ADDRESS: Final = "г. Образцов, ул. Примерная, д. 1"
SAMPLE_TEXT: Final = "образец"
#: The renderer gives these itself.
_GIVEN: Final = frozenset({"account_number", "full_name", "address", "local_hour", "unsubscribe_url"})


def add_seed(
    session: Session,
    *,
    name: str,
    address: str,
    time_zone: str,
    actor: str,
    now: datetime,
    language: str = "ru",
) -> UUID:
    """Add a colleague, or put a removed one back; the consent is recorded as given to staff.

    Raises `SeedError` when the address, the name or the zone cannot be used.
    """
    address = _checked_address(address)
    if not name.strip():
        raise SeedError("a seed contact needs a name: the text greets by it", code="seed_name")
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # `Etc` is a folder of the zone data
        raise SeedError("this time zone is not known: write Europe/Moscow", code="zone_unknown") from error
    seed, contact = repository.upsert_seed(
        session,
        name=name.strip(),
        address=address,
        sample_address=SAMPLE_ADDRESS,
        time_zone=time_zone,
        language=language,
        actor=actor,
        now=now,
    )
    _consent(session, contact, "given", actor, now)
    _record(session, "seed.added", seed, actor, now)
    return seed


def remove_seed(session: Session, address: str, *, actor: str, now: datetime) -> None:
    """Send a colleague nothing more, from this moment on; raises `SeedError` when there is none."""
    removed = repository.remove_seed_row(session, _checked_address(address), now)
    if removed is None:
        raise SeedError("there is no seed contact with this address", code="unknown_seed")
    seed, contact = removed
    _consent(session, contact, "withdrawn", actor, now)
    _record(session, "seed.removed", seed, actor, now)


def list_seeds(session: Session) -> Sequence[SeedContactView]:
    """Everybody on the list now, by address."""
    return repository.list_seed_rows(session)


def make_seed_run(session: Session, now: datetime) -> int:
    """Make the seed run of one run that has begun; returns 0 when there is none to make.

    Called by the scheduler. A run has at most one, by a unique key; it has the parent's text, hours and
    end, no caps (they are for customers), and needs no approval: the parent had it.
    """
    run = repository.find_run_without_seeds(session, now)
    if run is None:
        return 0
    hold_alone(session, run)
    parent = repository.get_seed_parent(session, run)
    # Colleagues need not be told by hand.
    plan = replace(StepPlan.from_json(parent["step_plan"]), basis=CONSENT)
    seeds = repository.list_seed_rows(session)
    list_id = repository.add_seed_list(session, seeds, _sample_fields(session, plan, parent, now), run, now)
    add_run(
        session,
        NewRun(
            campaign_id=parent["campaign_id"],
            list_id=list_id,
            recipient_count=len(seeds),
            priority=parent["priority"],
            purpose=parent["purpose"],
            purpose_group=parent["purpose_group"],
            starts_at=now,
            ends_at=parent["ends_at"],
            hours=parent["hours"],
            caps=(),
            policies=_without_caps(parent["policies"]),
            plan=plan,
            kind=RunKind.SEED,
            parent_run_id=run,
            created_by="system",
            common_fields=parent["common_fields"],
        ),
        now,
    )
    return 1


def _without_caps(policies: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    return policies and {group: {**policy, "caps": []} for group, policy in policies.items()}


def _sample_fields(
    session: Session, plan: StepPlan, parent: Mapping[str, Any], now: datetime
) -> Mapping[str, Any]:
    """Made-up values for everything that the texts of a plan need."""
    versions = {version for step in plan.steps for version in step.version_ids()}
    templates = compiled_versions(session, versions).values()
    needed = {name for template in templates for name in template.required_fields()}
    return sample_fields(needed - parent["common_fields"].keys(), now)


def sample_fields(needed: Iterable[str], now: datetime) -> Mapping[str, Any]:
    """Made-up values in the form in which lists keep them."""
    fields = {name: _sample(name) for name in needed if name not in _GIVEN}
    due = now.date() + timedelta(days=10)
    return {**fields, "debt": "1234.56", "due_date": due.isoformat()}


def _sample(name: str) -> str:
    known = NOTICE_FIELDS.get(name)
    return SAMPLE_TEXT if known is None else known.example[0]


def _checked_address(address: str) -> str:
    try:
        found = validate_email(address.strip(), check_deliverability=False)
    except EmailNotValidError as error:
        raise SeedError("this is not an e-mail address", code="seed_address") from error
    return found.normalized


def _consent(session: Session, contact: UUID, action: str, actor: str, now: datetime) -> None:
    entry = ConsentEntry(
        channel="email",
        purpose=EVERY_PURPOSE,
        action=action,
        source="staff",
        recorded_by=actor,
        source_reference="seed contact",
    )
    record_consent(session, contact, entry, now)


def _record(session: Session, action: str, seed: UUID, actor: str, now: datetime) -> None:
    record_action(session, at=now, actor=actor, action=action, subject_type="seed_contact", subject_id=seed)
