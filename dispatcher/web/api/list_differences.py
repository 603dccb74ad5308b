"""What differs between two versions of a list: in figures, and account by account."""

from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from campaigns.errors import UnknownListError
from campaigns.list_diff import diff_lists
from dispatcher.core.api_keys import Scope
from dispatcher.web.api.calls import ApiCall, Limit, Reads
from dispatcher.web.api.lists import known_list
from dispatcher.web.api.problems import answers
from dispatcher.web.api.values import Page, example
from reports.list_contents import get_version_before, list_changed_accounts
from reports.lists import ListVersion

router = APIRouter(prefix="/lists/{list_id}/difference", tags=["lists"])

Reader = Annotated[ApiCall, Depends(Reads(Scope.LISTS_READ))]
PersonalReader = Annotated[ApiCall, Depends(Reads(Scope.RECIPIENTS_READ))]
Since = Annotated[
    UUID | None, Query(description="The other version of the same list; default: the one before.")
]

_DIFFERENCE: Final = {
    "earlier": 2,
    "later": 3,
    "added": 40,
    "removed": 12,
    "changed": 310,
    "same": 1648,
    "email": 4,
    "phone": 9,
    "debt": 300,
    "due_date": 0,
}
_CHANGE: Final = {"account": "0012345", "kind": "changed", "fields": ["debt"]}


class DifferenceOut(BaseModel):
    """Accounts by what became of them. `email`, `phone`, `debt` and `due_date` are among `changed`."""

    model_config = example(_DIFFERENCE)
    earlier: int = Field(description="Number of the earlier version.")
    later: int
    added: int
    removed: int
    changed: int
    same: int
    email: int
    phone: int
    debt: int
    due_date: int


class ChangeOut(BaseModel):
    """One account that differs; never its values."""

    model_config = example(_CHANGE)
    account: str
    kind: Literal["added", "removed", "changed"]
    fields: list[str] = Field(description="What changed: email, phone, debt, due_date.")


class ChangePage(Page[ChangeOut]):
    """Accounts that differ, by number."""

    model_config = example({"items": [_CHANGE], "next": "01936f3e-7b1a-7c51-9d57-0a2f6f1c2b10"})


@router.get("", responses=answers(404))
def show_difference(call: Reader, list_id: UUID, since: Since = None) -> DifferenceOut:
    """How many accounts came, went and changed. 500 000 rows take a few seconds."""

    def read(session: Session) -> DifferenceOut:
        earlier, later = _sides(session, list_id, since)
        found = diff_lists(session, later.name, earlier.version, later.version, limit=0)
        return DifferenceOut(earlier=found.earlier_version, later=found.later_version, **found.counts)

    return call.read(read)


@router.get("/accounts", responses=answers(404))
def list_changes(
    call: PersonalReader,
    list_id: UUID,
    since: Since = None,
    limit: Limit = 100,
    cursor: Annotated[UUID | None, Query(description="`next` of the page before.")] = None,
) -> ChangePage:
    """Which accounts differ and in what, by account number."""

    def read(session: Session) -> ChangePage:
        earlier, later = _sides(session, list_id, since)
        found = list_changed_accounts(session, earlier.id, later.id, limit=limit + 1, after=cursor)
        items = [
            ChangeOut(account=one.account_number, kind=one.kind, fields=list(one.fields))  # type: ignore[arg-type]
            for one in found[:limit]
        ]
        return ChangePage(items=items, next=str(found[limit - 1].account_id) if len(found) > limit else None)

    return call.read(read)


def _sides(session: Session, list_id: UUID, since: UUID | None) -> tuple[ListVersion, ListVersion]:
    """The earlier and the later version; both must be frozen versions of one list."""
    later = known_list(session, list_id)
    other = since or get_version_before(session, list_id)
    if other is None:
        raise UnknownListError("this is the first version of the list: there is nothing to compare it with")
    earlier = known_list(session, other)
    if earlier.name != later.name:
        raise UnknownListError("these are versions of different lists: name two versions of one")
    if not earlier.state == later.state == "frozen":
        raise UnknownListError("only complete versions can be compared")
    return earlier, later
