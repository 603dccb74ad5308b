"""Who a person is in this database: the ids and values by which the rows about that person are found."""

from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from consent.errors import UnknownPersonError

_CONTACTS = text("SELECT id, kind, address FROM contact_point WHERE person_id = :person ORDER BY id")
_ACCOUNTS = text("SELECT id, number FROM account WHERE person_id = :person ORDER BY id")
_PERSON = text("SELECT external_id FROM person WHERE id = :person")
_DIGITS = 10  #: a national number: lists write 8 (916)… for +7916…
_LEAST_CHARACTERS = 5
_ERASED = "erased:"


@dataclass(frozen=True, slots=True)
class Subject:
    """The parameters of the register's conditions. `values` are in lower case; none of them is erased yet."""

    person: UUID
    contacts: list[UUID]
    subjects: list[str]
    values: list[str]
    number_ends: list[str]

    def parameters(self) -> dict[str, Any]:
        """For SQL."""
        return asdict(self)


def find_subject(session: Session, person: UUID) -> Subject:
    """Look the person up; raises `UnknownPersonError`."""
    external_id = session.execute(_PERSON, {"person": person}).scalar_one_or_none()
    if external_id is None:
        raise UnknownPersonError("there is no such person")
    contacts = session.execute(_CONTACTS, {"person": person}).all()
    accounts = session.execute(_ACCOUNTS, {"person": person}).all()
    said = [
        external_id.partition(":")[2],
        *(row.address for row in contacts),
        *(row.number for row in accounts),
    ]
    values = [] if external_id.startswith(_ERASED) else said
    # A short customer code would be found in rows of other people.
    kept = [
        value.strip().lower()
        for value in values
        if len(value.strip()) >= _LEAST_CHARACTERS and not value.startswith(_ERASED)
    ]
    return Subject(
        person=person,
        contacts=[row.id for row in contacts],
        subjects=[str(person), *(str(row.id) for row in (*contacts, *accounts))],
        values=sorted(set(kept)),
        number_ends=sorted(
            row.address[-_DIGITS:]
            for row in contacts
            if row.kind == "phone" and not row.address.startswith(_ERASED)
        ),
    )
