"""Lists: their versions, the row-level report of one, its rejected rows, what differs between two."""

from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from campaigns.errors import UnknownListError
from campaigns.import_jobs import get_import_of_list, list_import_jobs
from campaigns.list_diff import ListDifference, diff_lists
from dispatcher.web.auth import Controller, Services, Staff
from dispatcher.web.errors import NotFoundError
from dispatcher.web.pages.showing import fault, show
from dispatcher.web.rejected_file import send_rejected
from reports.lists import (
    ListVersion,
    count_by_reason,
    get_list_version,
    list_problem_rows,
    list_versions,
)

router = APIRouter(prefix="/lists")

PAGE_SIZE: Final = 50
LATEST_IMPORTS: Final = 20  #: among which those are shown that are no list (yet)
MOST_VERSIONS: Final = 500  #: offered for a comparison
MOST_PAGES: Final = 20_000  #: of the largest list that there may be

Name = Annotated[str, Query(max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]
Kind = Literal["added", "removed", "changed"]


@router.get("")
def show_lists(
    request: Request,
    services: Services,
    signed_in: Staff,
    name: Name | None = None,
    before: Annotated[UUID | None, Query()] = None,
) -> Response:
    """All versions of all lists, or of one, the newest first; and the uploads that are no list yet."""
    with services.database.transaction() as session:
        found = list_versions(session, limit=PAGE_SIZE + 1, before=before, name=name)
        imports = list_import_jobs(session, limit=LATEST_IMPORTS)
    is_first = before is None
    values = {
        "lists": found[:PAGE_SIZE],
        "imports": [one for one in imports if one.list_id is None] if is_first and name is None else [],
        "older": found[PAGE_SIZE - 1].id if len(found) > PAGE_SIZE else None,
        "is_first": is_first,
        "name": name,
    }
    return show(request, signed_in, "lists.html", values)


@router.get("/compare")
def compare(
    request: Request,
    services: Services,
    signed_in: Staff,
    name: Name,
    earlier: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
    later: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
    kind: Kind | None = None,
    page: Annotated[int, Query(ge=0, le=MOST_PAGES)] = 0,
) -> Response:
    """What differs between two versions: counts over all accounts, and the changes page by page."""

    def work(session: Session) -> ListDifference:
        skip = page * PAGE_SIZE
        return diff_lists(session, name, earlier, later, limit=PAGE_SIZE + 1, skip=skip, kind=kind)

    found, problem = None, ""
    with services.database.transaction() as session:
        versions = list_versions(session, limit=MOST_VERSIONS, name=name)
        try:
            found = work(session)
        except UnknownListError as error:
            problem = fault(request, error)
    values = {
        "name": name,
        "versions": [one.version for one in versions if one.state == "frozen"],
        "found": found,
        "changes": found.changes[:PAGE_SIZE] if found else [],
        "next": page + 1 if found and len(found.changes) > PAGE_SIZE else None,
        "page": page,
        "kind": kind,
        "problem": problem,
    }
    return show(request, signed_in, "compare.html", values)


@router.get("/{list_id}")
def show_list(
    request: Request,
    services: Services,
    signed_in: Staff,
    list_id: UUID,
    reason: Annotated[str | None, Query(pattern=r"^[a-z0-9_]{1,60}$")] = None,
    after: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
) -> Response:
    """One version: how many were taken, and each row that was not, by kind of value and reason."""
    with services.database.transaction() as session:
        version = _known(session, list_id)
        reasons = count_by_reason(session, list_id)
        found = list_problem_rows(session, list_id, limit=PAGE_SIZE + 1, after=after, reason=reason)
        job = get_import_of_list(session, list_id)
    values = {
        "version": version,
        "reasons": reasons,
        "problems": found[:PAGE_SIZE],
        "next": found[PAGE_SIZE - 1].number if len(found) > PAGE_SIZE else None,
        "reason": reason,
        "correctable": job.id if job and services.uploads.path_of(job.id) else None,
    }
    return show(request, signed_in, "list.html", values)


@router.get("/{list_id}/rejected")
def download_rejected(services: Services, signed_in: Controller, list_id: UUID) -> Response:
    """The bad rows in the shape of the source, ready to be mended; personal data, so it goes on record."""
    return send_rejected(services, list_id, actor=signed_in.member.actor)


def _known(session: Session, list_id: UUID) -> ListVersion:
    found = get_list_version(session, list_id)
    if found is None:
        raise NotFoundError("there is no such list")
    return found
