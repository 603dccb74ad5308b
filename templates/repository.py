"""Template versions in the database. A version never changes, so a process compiles it once."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from dispatcher.core.ids import new_id
from templates.rendering import CompiledTemplate, TemplateText, compile_template

_GET = text(
    """
    SELECT v.id, v.subject, v.text, v.html, t.language
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
    SELECT id, version, content_hash FROM template_version
    WHERE template_id = :template ORDER BY version DESC LIMIT 1
    """
)
_ADD = text(
    """
    INSERT INTO template_version (id, template_id, version, subject, text, html, content_hash, created_by,
                                  created_at)
    VALUES (:id, :template, :version, :subject, :text, :html, :hash, :by, :now)
    """
)


def save_version(
    session: Session, *, name: str, language: str, texts: TemplateText, created_by: str, now: datetime
) -> UUID:
    """Keep a text as the newest version of a template; the same text again is the same version.

    Raises `TemplateError` when the text does not compile: nothing is saved then.
    """
    compile_template(texts, language)
    template = session.execute(_TEMPLATE, {"id": new_id(), "name": name, "language": language}).scalar_one()
    latest = session.execute(_LATEST, {"template": template}).first()
    content_hash = bytes.fromhex(texts.content_hash)
    if latest is not None and latest.content_hash == content_hash:
        return UUID(str(latest.id))
    version = new_id()
    session.execute(
        _ADD,
        {
            "id": version,
            "template": template,
            "version": 1 if latest is None else latest.version + 1,
            "subject": texts.subject,
            "text": texts.text,
            "html": texts.html,
            "hash": content_hash,
            "by": created_by,
            "now": now,
        },
    )
    return version


def compiled_versions(session: Session, versions: Collection[UUID]) -> dict[UUID, CompiledTemplate]:
    """The compiled templates of these versions."""
    return {
        row.id: compile_template(TemplateText(row.subject, row.text, row.html), row.language)
        for row in session.execute(_GET, {"versions": list(versions)})
    }
