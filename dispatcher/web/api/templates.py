"""Texts of notices: their versions, what a list lacks for one, and what a recipient would get."""

from datetime import datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field, StringConstraints
from sqlalchemy.orm import Session

from dispatcher.core.api_keys import Scope
from dispatcher.web.api.calls import ApiCall, Limit, Made, Makes, Reads
from dispatcher.web.api.problems import answers
from dispatcher.web.api.values import Body, Cursor, Language, Page, TemplateName, example, json_bytes
from reports.templates import list_template_versions
from templates.attachment_rules import MAX_ATTACHMENTS, AttachmentRule, IfMissing
from templates.rendering import MAX_SOURCE_CHARS, TemplateText
from templates.service import compare_versions, read_version, save_template

router = APIRouter(prefix="/templates", tags=["templates"])

Reader = Annotated[ApiCall, Depends(Reads(Scope.TEMPLATES_READ))]
Writer = Annotated[ApiCall, Depends(Makes(Scope.TEMPLATES_WRITE))]
InLanguage = Annotated[Language, Query(description="ru, uk or en.")]
VersionNumber = Annotated[int, Query(ge=1, le=2**31 - 1)]

_WITHOUT_NUL: Final = r"^[^\x00]*$"
_VERSION: Final = {
    "id": "01936f40-1a2b-7c3d-8e4f-5a6b7c8d9e0f",
    "name": "debt_reminder",
    "language": "ru",
    "version": 4,
    "origin": "staff",
    "created_by": "api:crm",
    "created_at": "2026-11-19T08:00:00Z",
}
_TEXTS: Final = {
    "subject": "Задолженность по счёту {{ account_number }}",
    "text": "{{ full_name | name_short('vocative') }}! Ваш долг {{ debt | money }}.",
    "html": None,
    "attachments": [{"field": "Файл", "if_missing": "hold"}],
}


class AttachmentIn(Body):
    """A PDF for each recipient: the list's column that names it, and what to do where there is none."""

    model_config = example({"field": "Файл", "if_missing": "hold"})
    field: Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=_WITHOUT_NUL)]
    if_missing: Literal["refuse", "hold", "omit"] = "refuse"


class NewVersionIn(Body):
    """The sources of a text. What may stand in them: docs/templates.md."""

    model_config = example({"language": "ru", **_TEXTS})
    language: Language = "ru"
    subject: Annotated[str, StringConstraints(max_length=MAX_SOURCE_CHARS["subject"], pattern=_WITHOUT_NUL)]
    text: Annotated[str, StringConstraints(max_length=MAX_SOURCE_CHARS["text"], pattern=_WITHOUT_NUL)] = (
        Field(description="The plain text; a letter never goes without one.")
    )
    html: (
        Annotated[str, StringConstraints(max_length=MAX_SOURCE_CHARS["html"], pattern=_WITHOUT_NUL)] | None
    ) = None
    attachments: list[AttachmentIn] = Field(default=[], max_length=MAX_ATTACHMENTS)


class SavedOut(BaseModel):
    """Where the text is kept; the newest version with the same text is not saved once more."""

    model_config = example({"id": _VERSION["id"], "version": 4, "is_new": True})
    id: UUID
    version: int
    is_new: bool


class VersionOut(BaseModel):
    """One version of a text."""

    model_config = example(_VERSION)
    id: UUID
    name: str
    language: str
    version: int
    origin: str = Field(description="builtin: came with the product; staff: saved since.")
    created_by: str
    created_at: datetime


class VersionDetailOut(VersionOut):
    """One version with its sources; `html` is as it was written, before styles are moved into the tags."""

    model_config = example({**_VERSION, **_TEXTS})
    subject: str
    text: str
    html: str | None
    attachments: list[AttachmentIn]


class VersionPage(Page[VersionOut]):
    """Versions of texts."""

    model_config = example({"items": [_VERSION], "next": None})


class TextDifferenceOut(BaseModel):
    """Two versions compared."""

    model_config = example(
        {"difference": "--- debt_reminder.ru v3\n+++ debt_reminder.ru v4\n@@ -2 +2 @@\n-Долг\n+Задолженность"}
    )
    difference: str = Field(description="A unified diff over all parts; empty when both say the same.")


@router.get("", responses=answers())
def list_templates(
    call: Reader,
    name: Annotated[TemplateName | None, Query(description="Only versions of this text.")] = None,
    language: Annotated[Language | None, Query(description="Only in this language.")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> VersionPage:
    """Versions of texts, the newest first. A built-in text is listed once a campaign has used it."""
    found = call.read(
        lambda session: list_template_versions(
            session, limit=limit + 1, before=cursor, name=name, language=language
        )
    )
    items = [VersionOut.model_validate(one, from_attributes=True) for one in found[:limit]]
    return VersionPage(items=items, next=str(items[-1].id) if len(found) > limit else None)


@router.get("/{name}", responses=answers(404))
def show_template(
    call: Reader, name: TemplateName, language: InLanguage = "ru", version: VersionNumber | None = None
) -> VersionDetailOut:
    """The sources of a version; without a number those of the newest."""

    def read(session: Session) -> VersionDetailOut:
        found = read_version(session, name, language, version)
        return VersionDetailOut(
            id=found.id,
            name=found.name,
            language=found.language,
            version=found.version,
            origin=found.origin,
            created_by=found.created_by,
            created_at=found.created_at,
            subject=found.texts.subject,
            text=found.texts.text,
            html=found.html_source,
            attachments=[
                AttachmentIn(field=rule.field, if_missing=rule.if_missing.value)
                for rule in found.texts.attachments
            ],
        )

    return call.read(read)


@router.get("/{name}/difference", responses=answers(404))
def compare(
    call: Reader, name: TemplateName, old: VersionNumber, new: VersionNumber, language: InLanguage = "ru"
) -> TextDifferenceOut:
    """What differs between two versions."""
    return call.read(
        lambda session: TextDifferenceOut(difference=compare_versions(session, name, language, old, new))
    )


@router.post("/{name}/versions", status_code=201, response_model=SavedOut, responses=answers(409))
def save_version(call: Writer, name: TemplateName, wanted: NewVersionIn) -> object:
    """Save a text as the newest version: campaigns made from now on take it, existing ones keep theirs.

    A text that cannot be used is refused with part and line, and nothing is saved.
    """

    def save(session: Session, now: datetime) -> Made:
        saved = save_template(
            session,
            name=name,
            language=wanted.language,
            texts=_texts(wanted),
            actor=call.client.actor,
            now=now,
        )
        place = f"/api/v1/templates/{name}?language={wanted.language}&version={saved.version}"
        return Made(
            SavedOut(id=saved.id, version=saved.version, is_new=saved.is_new), 201, {"Location": place}
        )

    return call.change(save, request=json_bytes(wanted))


def _texts(wanted: NewVersionIn) -> TemplateText:
    return TemplateText(
        subject=wanted.subject.strip(),
        text=wanted.text,
        html=wanted.html,
        attachments=tuple(AttachmentRule(one.field, IfMissing(one.if_missing)) for one in wanted.attachments),
    )
