"""Recorded prompts: what a call plays in place of a spoken phrase."""

from datetime import datetime

from sqlalchemy import DateTime, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from dispatcher.core.db import Base


class RecordedPrompt(Base):
    """One recording. It never changes: a text names it by its digest, and evidence does too."""

    __tablename__ = "recorded_prompt"
    __table_args__ = (
        Index("ix_recorded_prompt_name", "name", unique=True, postgresql_where=text("is_active")),
    )
    sha256: Mapped[str] = mapped_column(primary_key=True)  #: of the samples, in hexadecimal
    name: Mapped[str]  #: of those in use no two have the same
    seconds: Mapped[float]
    samples: Mapped[bytes] = mapped_column(LargeBinary)  #: 8 kHz, mono, signed 16 bits, little endian
    original: Mapped[bytes] = mapped_column(LargeBinary)  #: the file as it was uploaded
    uploaded_by: Mapped[str]
    uploaded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    is_active: Mapped[bool]  #: false: retired; texts that name it still play it
