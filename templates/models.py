"""Templates and their versions. A version never changes; a run is pinned to one."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, ForeignKey, LargeBinary, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from dispatcher.core.db import Base


class Template(Base):
    """A named text in one language."""

    __tablename__ = "template"
    __table_args__ = (UniqueConstraint("name", "language"),)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    language: Mapped[str]


class TemplateVersion(Base):
    """The text as it stood when a run was pinned to it."""

    __tablename__ = "template_version"
    __table_args__ = (UniqueConstraint("template_id", "version"),)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    template_id: Mapped[UUID] = mapped_column(ForeignKey("template.id"))
    version: Mapped[int]
    subject: Mapped[str]
    text: Mapped[str]
    html: Mapped[str | None]
    content_hash: Mapped[bytes] = mapped_column(LargeBinary)  #: SHA-256 over texts and attachment rules
    html_source: Mapped[str | None]  #: as staff wrote it, before its CSS was inlined; None: the same as html
    #: builtin: a seed of the product, which a newer release may follow; staff: wins over every seed
    origin: Mapped[str] = mapped_column(server_default="builtin")
    attachments: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=sql("'[]'::jsonb"))
    accepted_because: Mapped[str | None]  #: why an administrator let words pass that look like advertising
    created_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
