"""Template versions in the database. A version never changes, so a process compiles it once.

A template's row is locked while a version is added (the upsert touches it), so two people who save at the
same moment get two numbers, one after the other.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from dispatcher.core.ids import new_id
from templates.attachment_rules import rules_from_json
from templates.bundled import channel_of
from templates.call_template import call_of
from templates.rendering import CompiledTemplate, TemplateText, compile_template

Origin = Literal["builtin", "staff"]

_GET = text(
    """
    SELECT v.id, v.subject, v.text, v.html, v.attachments, t.language
    FROM template_version v JOIN template t ON t.id = v.template_id WHERE v.id = ANY(:versions)
    """
)
_TEMPLATE = text(
    """
    INSERT INTO template (id, name, language) VALUES (:id, :name, :language)
    ON CONFLICT (name, language) DO UPDATE SET name = excluded.name RETURNING id
    """
)
_LATEST = text(
    """
    SELECT id, version, content_hash, origin FROM template_version
    WHERE template_id = :template ORDER BY version DESC LIMIT 1
    """
)
_ADD = text(
    """
    INSERT INTO template_version (id, template_id, version, subject, text, html, html_source, origin,
                                  attachments, content_hash, accepted_because, created_by, created_at)
    VALUES (:id, :template, :version, :subject, :text, :html, :html_source, :origin,
            CAST(:attachments AS jsonb), :hash, :accepted, :by, :now)
    """
)
_VIEW = """
    SELECT v.id, t.name, t.language, v.version, v.origin, v.created_by, v.created_at, v.subject, v.text,
           v.html, coalesce(v.html_source, v.html) AS html_source, v.attachments, v.accepted_because
    FROM template_version v JOIN template t ON t.id = v.template_id
"""
_LIST = text(
    f"""{_VIEW} WHERE (CAST(:name AS text) IS NULL OR t.name = :name)
    AND (CAST(:language AS text) IS NULL OR t.language = :language)
    ORDER BY t.name, t.language, v.version DESC"""
)
_SOME = text(f"{_VIEW} WHERE v.id = ANY(:versions)")
_ONE = text(
    f"""{_VIEW} WHERE t.name = :name AND t.language = :language
    AND (CAST(:version AS integer) IS NULL OR v.version = :version) ORDER BY v.version DESC LIMIT 1"""
)


@dataclass(frozen=True, slots=True)
class TemplateVersionView:
    """One version: what it says, who wrote it and when. `html_source` is the HTML before inlining."""

    id: UUID
    name: str
    language: str
    version: int
    origin: Origin
    created_by: str
    created_at: datetime
    texts: TemplateText
    html_source: str | None
    accepted_because: str | None = None  #: why an administrator let words pass that look like advertising


@dataclass(frozen=True, slots=True)
class SavedVersion:
    """Where a text is kept; `is_new` is false when the newest version says the same already."""

    id: UUID
    version: int
    is_new: bool


def save_version(
    session: Session,
    *,
    name: str,
    language: str,
    texts: TemplateText,
    created_by: str,
    now: datetime,
    origin: Origin = "staff",
    html_source: str | None = None,
) -> UUID:
    """Keep a text as the newest version of a template; the same text again is the same version.

    Raises `TemplateError` when the text does not compile: nothing is saved then.
    """
    return add_version(
        session,
        name=name,
        language=language,
        texts=texts,
        created_by=created_by,
        now=now,
        origin=origin,
        html_source=html_source,
    ).id


def add_version(
    session: Session,
    *,
    name: str,
    language: str,
    texts: TemplateText,
    created_by: str,
    now: datetime,
    origin: Origin,
    html_source: str | None = None,
    accepted_because: str | None = None,
) -> SavedVersion:
    """As `save_version`, telling the number. A seed never follows a version of the staff."""
    compiled = compile_template(texts, language)
    if channel_of(name) == "voice":
        call_of(compiled)
    template = session.execute(_TEMPLATE, {"id": new_id(), "name": name, "language": language}).scalar_one()
    latest = session.execute(_LATEST, {"template": template}).first()
    content_hash = bytes.fromhex(texts.content_hash)
    if latest is not None:
        is_outranked = origin == "builtin" and latest.origin == "staff"
        if is_outranked or latest.content_hash == content_hash:
            return SavedVersion(latest.id, latest.version, is_new=False)
    saved = SavedVersion(new_id(), 1 if latest is None else latest.version + 1, is_new=True)
    values = {
        "id": saved.id,
        "template": template,
        "version": saved.version,
        "subject": texts.subject,
        "text": texts.text,
        "html": texts.html,
        "html_source": None if html_source == texts.html else html_source,
        "origin": origin,
        "attachments": json.dumps([rule.to_json() for rule in texts.attachments]),
        "hash": content_hash,
        "accepted": accepted_because,
        "by": created_by,
        "now": now,
    }
    session.execute(_ADD, values)
    return saved


def compiled_versions(session: Session, versions: Collection[UUID]) -> dict[UUID, CompiledTemplate]:
    """The compiled templates of these versions."""
    return {
        row.id: compile_template(_texts(row), row.language)
        for row in session.execute(_GET, {"versions": list(versions)})
    }


def versions_of(session: Session, versions: Collection[UUID]) -> Sequence[TemplateVersionView]:
    """These versions with their sources."""
    return [_view(row) for row in session.execute(_SOME, {"versions": list(versions)})]


def list_versions(
    session: Session, name: str | None = None, language: str | None = None
) -> Sequence[TemplateVersionView]:
    """All versions by name and language, the newest first."""
    return [_view(row) for row in session.execute(_LIST, {"name": name, "language": language})]


def get_version(
    session: Session, name: str, language: str, version: int | None = None
) -> TemplateVersionView | None:
    """One version by its number, or the newest; None when there is none."""
    row = session.execute(_ONE, {"name": name, "language": language, "version": version}).first()
    return None if row is None else _view(row)


def _texts(row: Any) -> TemplateText:
    return TemplateText(row.subject, row.text, row.html, rules_from_json(row.attachments))


def _view(row: Any) -> TemplateVersionView:
    return TemplateVersionView(
        row.id,
        row.name,
        row.language,
        row.version,
        row.origin,
        row.created_by,
        row.created_at,
        _texts(row),
        row.html_source,
        row.accepted_because,
    )
