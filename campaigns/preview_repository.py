"""Reading one recipient, or counting empty fields of a whole list, for previews of templates."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from dispatcher.delivery.checks import Candidate
from dispatcher.delivery.states import NoticeState

_LIST = text(
    """
    SELECT id, recipient_count FROM recipient_list
    WHERE name = :name AND state = 'frozen' ORDER BY version DESC LIMIT 1
    """
)
_RECIPIENT = text(
    """
    SELECT r.id, r.person_id, r.full_name, r.customer_group, r.address AS supply_address, r.time_zone,
           r.language, r.fields, c.id AS contact_id, c.address, o.number AS account_number, o.has_contract
    FROM recipient r JOIN account o ON o.id = r.account_id
    LEFT JOIN contact_point c
      ON c.id = CASE WHEN :channel IN ('sms', 'voice') THEN r.phone_contact_id ELSE r.email_contact_id END
    WHERE r.list_id = :list
      AND (CAST(:account AS text) IS NULL OR o.number = :account)
      AND (CAST(:position AS integer) IS NULL OR r.position = :position)
    ORDER BY r.position LIMIT 1
    """
)
# One pass over the list, whatever its size: the fields of a recipient, with what has columns of its own.
_COUNT = text(
    """
    SELECT w.name, count(*) FILTER (WHERE jsonb_exists(f.fields, w.name)) AS given,
           count(*) FILTER (WHERE coalesce(btrim(f.fields ->> w.name), '') = '') AS empty
    FROM recipient r
    CROSS JOIN LATERAL (SELECT r.fields || jsonb_build_object('full_name', r.full_name, 'address', r.address))
         AS f(fields)
    CROSS JOIN unnest(CAST(:names AS text[])) AS w(name)
    WHERE r.list_id = :list GROUP BY w.name
    """
)


@dataclass(frozen=True, slots=True)
class ListOfRecipients:
    """A frozen list."""

    id: UUID
    recipient_count: int


@dataclass(frozen=True, slots=True)
class FieldCount:
    """For how many recipients a field is there at all, and for how many it is empty."""

    given: int
    empty: int


def get_newest_list(session: Session, name: str) -> ListOfRecipients | None:
    """The newest frozen version of a list."""
    row = session.execute(_LIST, {"name": name}).first()
    return None if row is None else ListOfRecipients(row.id, row.recipient_count)


def get_recipient(
    session: Session, list_id: UUID, *, account: str | None, position: int | None, channel: str
) -> tuple[UUID, Candidate] | None:
    """A recipient by account number or position, as the engine would see a notice over `channel`."""
    wanted = {"list": list_id, "account": account, "position": position, "channel": channel}
    row = session.execute(_RECIPIENT, wanted).first()
    return None if row is None else (row.id, _candidate(row, channel))


def count_fields(session: Session, list_id: UUID, names: Collection[str]) -> dict[str, FieldCount]:
    """Count these fields over a whole list; a list without recipients gives nothing."""
    rows = session.execute(_COUNT, {"list": list_id, "names": sorted(names)})
    return {row.name: FieldCount(row.given, row.empty) for row in rows}


def _candidate(row: Any, channel: str) -> Candidate:
    nobody = UUID(int=0)  # there is no notice yet
    return Candidate(
        period=date(1970, 1, 1),
        attempt_id=nobody,
        notice_id=nobody,
        person_id=row.person_id,
        contact_point_id=row.contact_id,
        channel=channel,
        step=0,
        truth_until=None,
        notice_state=NoticeState.OPEN,
        address=row.address,
        full_name=row.full_name,
        supply_address=row.supply_address,
        time_zone=row.time_zone,
        language=row.language,
        fields=row.fields,
        account_number=row.account_number,
        has_contract=row.has_contract,
        customer_group=row.customer_group,
    )
