"""What a list says about consent, written into the ledger (requirements 12 and 13).

A list's "yes" gives consent where nobody said otherwise; it never undoes a withdrawal that came from
elsewhere, and never a "no" of the same list. The contact points must be locked before: then nothing that
a claim or a withdrawal does meanwhile is missed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from campaigns.import_arrays import literals
from campaigns.import_people import CONTACT_CHANNELS, Contacts, People, contact_keys
from campaigns.list_errors import RowProblem, Severity
from campaigns.list_row import ListRow
from dispatcher.core.ids import new_ids

_LATEST = text(
    """
    SELECT w.contact, w.channel, latest.action, latest.source, latest.source_reference
    FROM unnest(CAST(:contacts AS uuid[]), CAST(:channels AS text[])) AS w(contact, channel)
    JOIN LATERAL (
        SELECT CASE WHEN e.valid_until <= :now THEN 'expired' ELSE e.action END AS action, e.source,
               e.source_reference
        FROM consent_event e
        WHERE e.contact_point_id = w.contact AND e.channel = w.channel AND e.purpose IN (:purpose, '*')
          AND e.action <> 'pending'
        ORDER BY e.sequence DESC LIMIT 1
    ) latest ON true
    """
)
_ADD_CONSENTS = text(
    """
    INSERT INTO consent_event (id, contact_point_id, channel, purpose, action, basis, source,
                               source_reference, recorded_by, valid_from, recorded_at)
    SELECT id, contact, channel, :purpose, action, 'consent', 'import', :list, :by, :now, :now
    FROM unnest(CAST(:ids AS uuid[]), CAST(:contacts AS uuid[]), CAST(:channels AS text[]),
                CAST(:actions AS text[])) AS e(id, contact, channel, action)
    """
)


@dataclass(frozen=True, slots=True)
class _Said:
    """What the rows of a batch say about one contact point and channel."""

    row: ListRow
    is_agreed: bool
    is_refused: bool  #: an explicit "no", not just silence about this channel


@dataclass(frozen=True, slots=True)
class _Known:
    """The latest entry of the ledger."""

    action: str | None = None
    source: str | None = None
    source_reference: str | None = None

    def is_given(self) -> bool:
        return self.action in {"given", "confirmed"}

    def is_no_of(self, list_id: UUID) -> bool:
        """Whether an earlier row of this very list said no."""
        said_no = self.action in {"refused", "withdrawn"} and self.source == "import"
        return said_no and self.source_reference == str(list_id)


def record_consents(
    session: Session,
    list_id: UUID,
    rows: Sequence[ListRow],
    people: People,
    contacts: Contacts,
    *,
    purpose: str,
    actor: str,
    now: datetime,
) -> list[RowProblem]:
    """Write what the consent column says into the ledger, where it says something new.

    A "yes" never overrides a withdrawal that came from elsewhere than a list: the row is reported instead.
    Of two rows of one person that disagree the "no" counts, however far apart they stand in the list.
    """
    said = _consents_said(rows, people, contacts)
    known = _latest_entries(session, list(said), purpose, now)
    problems, entries = list[RowProblem](), list[tuple[UUID, str, str]]()
    for (contact, channel), one in said.items():
        latest = known.get((contact, channel), _Known())
        if one.is_agreed and latest.action == "withdrawn" and latest.source != "import":
            problems.append(_was_withdrawn(one.row))
            continue
        action = _new_action(one, latest, list_id)
        if action is not None:
            entries.append((contact, channel, action))
    if entries:
        session.execute(
            _ADD_CONSENTS,
            literals(
                {
                    "purpose": purpose,
                    "by": actor,
                    "list": str(list_id),
                    "now": now,
                    "ids": new_ids(len(entries)),
                    "contacts": [contact for contact, _, _ in entries],
                    "channels": [channel for _, channel, _ in entries],
                    "actions": [action for _, _, action in entries],
                }
            ),
        )
    return problems


def _new_action(said: _Said, latest: _Known, list_id: UUID) -> str | None:
    """The entry that the ledger needs; None when it says so already."""
    if said.is_agreed:
        return None if latest.is_given() or latest.is_no_of(list_id) else "given"
    if latest.is_given():
        return "withdrawn"
    # Somebody never asked before says no: on record, so that a later row does not make it a yes.
    return "refused" if said.is_refused and latest.action in {None, "expired"} else None


def _consents_said(
    rows: Sequence[ListRow], people: People, contacts: Contacts
) -> dict[tuple[UUID, str], _Said]:
    said: dict[tuple[UUID, str], _Said] = {}
    for row in rows:
        if row.consent is None:
            continue
        for contact, kind, is_named in _places(row, people, contacts):
            for channel in CONTACT_CHANNELS[kind]:
                if channel in row.consent and not is_named:
                    continue
                place = (contact, channel)
                earlier = said.get(place)
                # Two rows of one person that disagree: the "no" counts.
                is_agreed = channel in row.consent and (earlier is None or earlier.is_agreed)
                is_refused = not row.consent or (earlier is not None and earlier.is_refused)
                said[place] = _Said(row, is_agreed, is_refused)
    return said


def _places(row: ListRow, people: People, contacts: Contacts) -> list[tuple[UUID, str, bool]]:
    """Contact, kind, and whether the row names it: the person's confirmed contacts hear its "no" too.

    They are the ones written to; a "yes" is taken only for what the list names.
    """
    named = {contacts.named[key]: key[1] for key in contact_keys(row, people)}
    places = [(contact, kind, True) for contact, kind in named.items()]
    for kind in CONTACT_CHANNELS:
        confirmed = contacts.confirmed.get((people.person_of(row), kind))
        if confirmed is not None and confirmed not in named:
            places.append((confirmed, kind, False))
    return places


def _latest_entries(
    session: Session, places: Sequence[tuple[UUID, str]], purpose: str, now: datetime
) -> dict[tuple[UUID, str], _Known]:
    if not places:
        return {}
    rows = session.execute(
        _LATEST,
        literals(
            {
                "purpose": purpose,
                "now": now,
                "contacts": [contact for contact, _ in places],
                "channels": [channel for _, channel in places],
            }
        ),
    )
    return {(row.contact, row.channel): _Known(row.action, row.source, row.source_reference) for row in rows}


def _was_withdrawn(row: ListRow) -> RowProblem:
    return RowProblem(row.line, "consent", "text", "consent_was_withdrawn", Severity.WARNING)
