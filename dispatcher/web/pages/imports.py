"""An upload on its way to a list: how far it is, what its columns were taken for, and correcting that."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from campaigns.errors import ImportStateError
from campaigns.import_jobs import ImportJob, ImportState, ask_again, get_import_job
from campaigns.list_columns import FileColumns, mapping_of, read_columns
from campaigns.list_errors import ListFileError
from campaigns.list_file import read_list
from campaigns.list_header import FIELDS, FURTHER, IGNORE
from campaigns.list_mapping import get_mapping
from dispatcher.core.audit import record_action
from dispatcher.core.errors import DispatcherError
from dispatcher.web.auth import Controller, Services, SignedIn, Staff, require_csrf
from dispatcher.web.errors import NotFoundError
from dispatcher.web.languages import choose_language
from dispatcher.web.pages.showing import fault, show
from dispatcher.web.pages.uploading import ListForm, list_choices
from dispatcher.web.rendering import Renderer
from dispatcher.web.services import WebServices
from dispatcher.web.upload_form import BadFormError

router = APIRouter(prefix="/imports")

#: What a column can be taken for; the last two are "leave out" and "keep as it is".
CHOICES: Final = (*FIELDS, FURTHER, IGNORE)


async def typed_fields(request: Request) -> Mapping[str, str]:
    """All fields of a form whose names depend on what it shows."""
    form = await request.form(max_files=0, max_fields=1000)
    return {name: value for name, value in form.items() if isinstance(value, str)}


Typed = Annotated[Mapping[str, str], Depends(typed_fields)]


@router.get("/{import_id}")
def show_import(
    request: Request,
    services: Services,
    signed_in: Staff,
    import_id: UUID,
    part: Annotated[bool, Query(description="Only what changes.")] = False,
) -> Response:
    """How far an import is; when it is done, its list."""
    job = _known(services, import_id)
    if job.state == ImportState.HELD:
        return RedirectResponse(f"/imports/{import_id}/columns", 303)
    target = f"/lists/{job.list_id}" if job.list_id else f"/imports/{import_id}"
    values = {"job": job, "has_file": services.uploads.path_of(import_id) is not None}
    if not part:
        if job.list_id:
            return RedirectResponse(target, 303)
        return show(request, signed_in, "import.html", values)
    renderer: Renderer = request.app.state.renderer
    values["member"] = signed_in.member
    html = renderer.fragment("fragments/import.html", choose_language(request), values)
    headers = {"HX-Redirect": target} if job.is_over else {}
    return Response(html, 200, headers, media_type="text/html")


@router.get("/{import_id}/columns")
def show_columns(
    request: Request,
    services: Services,
    signed_in: Controller,
    import_id: UUID,
    encoding: Annotated[str | None, Query(max_length=20)] = None,
    sheet: Annotated[str | None, Query(max_length=100)] = None,
    source: Annotated[str | None, Query(max_length=100)] = None,
) -> Response:
    """What each column is taken for, with its first cells. Personal data: that it was looked at is kept."""
    job = _known(services, import_id)
    form = _form_of(job)
    given = {"encoding": encoding, "sheet": sheet, "source": source}
    form = replace(form, **{name: value for name, value in given.items() if value is not None})
    services.database.run(lambda session: _record_look(session, services, signed_in, import_id))
    return _columns_page(request, services, signed_in, job, form)


@router.post("/{import_id}/columns", dependencies=[Depends(require_csrf)])
def correct_columns(
    request: Request, services: Services, signed_in: Controller, import_id: UUID, typed: Typed
) -> Response:
    """Import the file with the columns as staff say; nothing changes when they cannot be right."""
    job = _known(services, import_id)
    path = services.uploads.path_of(import_id)
    form = _form_of(job)
    if path is None:
        return _columns_page(request, services, signed_in, job, form)
    try:
        form = ListForm.of({**typed, "name": job.list_name})
        options = _corrected(path, services, form, typed)
        services.database.run(
            lambda session: ask_again(
                session,
                import_id,
                options=options,
                actor=signed_in.member.actor,
                now=services.clock.refresh(session),
            )
        )
    except (ListFileError, ImportStateError, BadFormError) as error:
        problem = ListFileError("mapping_wrong", "") if isinstance(error, BadFormError) else error
        return _columns_page(request, services, signed_in, job, form, typed=typed, problem=problem)
    services.imports.hurry()
    return RedirectResponse(f"/imports/{import_id}", 303)


def _corrected(path: Path, services: WebServices, form: ListForm, typed: Mapping[str, str]) -> dict[str, Any]:
    """The options of the import; raises `ListFileError` when the file cannot be read so."""
    saves = bool(typed.get("saves_mapping"))
    if saves and not form.source:
        raise ListFileError("source_needed", "Чтобы запомнить столбцы, назовите источник.")
    found = _read(path, services, form)
    fields = {
        position: typed[f"column_{position}"]
        for position in range(len(found.columns))
        if f"column_{position}" in typed
    }
    mapping = mapping_of(found.columns, fields)
    read_list(path, encoding=form.encoding or None, sheet=form.sheet or None, mapping=mapping)
    return {**form.options(), "mapping": mapping, "saves_mapping": saves}


def _read(path: Path, services: WebServices, form: ListForm) -> FileColumns:
    source = form.source
    saved = services.database.run(lambda session: get_mapping(session, source)) if source else None
    return read_columns(
        path,
        encoding=form.encoding or None,
        sheet=form.sheet or None,
        saved=saved.columns if saved else None,
    )


def _columns_page(
    request: Request,
    services: WebServices,
    signed_in: SignedIn,
    job: ImportJob,
    form: ListForm,
    *,
    typed: Mapping[str, str] | None = None,
    problem: DispatcherError | None = None,
) -> Response:
    path = services.uploads.path_of(job.id)
    found: FileColumns | None = None
    if path is not None:
        try:
            found = _read(path, services, form)
        except ListFileError as error:
            problem = problem or error
    values = {
        **services.database.run(list_choices),
        "job": job,
        "form": form,
        "found": found,
        "has_file": path is not None,
        "choices": CHOICES,
        "typed": typed or {},
        "problem": fault(request, problem) if problem else "",
    }
    status = 410 if path is None else 422 if problem else 200
    return show(request, signed_in, "columns.html", values, status)


def _form_of(job: ImportJob) -> ListForm:
    given = {name: job.options.get(name) or "" for name in ("source", "encoding", "sheet")}
    return ListForm(name=job.list_name, purpose=job.options.get("purpose", "debt"), **given)


def _known(services: WebServices, import_id: UUID) -> ImportJob:
    job = services.database.run(lambda session: get_import_job(session, import_id))
    if job is None:
        raise NotFoundError("there is no such import")
    return job


def _record_look(session: Session, services: WebServices, signed_in: SignedIn, import_id: UUID) -> None:
    record_action(
        session,
        at=services.clock.refresh(session),
        actor=signed_in.member.actor,
        action="list.sample_seen",
        subject_type="list_import",
        subject_id=import_id,
    )
