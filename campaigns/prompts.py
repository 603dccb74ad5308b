"""Recorded prompts: adding, retiring, and giving the samples to whoever plays them.

A prompt is named in a text by the SHA-256 of its samples, so what a text plays can never be exchanged under
it. A retired one is gone from the choice only, and its name is free: texts and runs that name its digest go
on playing it.
"""

import hashlib
import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from campaigns.errors import CampaignError
from channels.voice.sound import Sound
from dispatcher.core.audit import record_action

LONGEST_NAME: Final = 100

#: Two who take one name at the same moment: the second one waits, and is told.
_ALONE = text("SELECT pg_advisory_xact_lock(hashtext('recorded_prompt:' || :name))")
_ADD = text(
    """
    INSERT INTO recorded_prompt
        (sha256, name, seconds, samples, original, uploaded_by, uploaded_at, is_active)
    VALUES (:sha256, :name, :seconds, :samples, :original, :actor, :now, true)
    ON CONFLICT DO NOTHING RETURNING sha256
    """
)
_COLUMNS: Final = "sha256, name, seconds, uploaded_by, uploaded_at, is_active"
_SAME = text(
    f"SELECT {_COLUMNS} FROM recorded_prompt"  # noqa: S608 - a constant
    " WHERE sha256 = :sha256 OR name = :name AND is_active ORDER BY sha256 = :sha256 DESC LIMIT 1 FOR UPDATE"
)
_IS_TAKEN = text(
    "SELECT EXISTS (SELECT FROM recorded_prompt WHERE name = :name AND is_active AND sha256 <> :sha256)"
)
_LIST = text(f"SELECT {_COLUMNS} FROM recorded_prompt ORDER BY is_active DESC, name")  # noqa: S608 - a constant
_SET_ACTIVE = text("UPDATE recorded_prompt SET is_active = :is_active WHERE sha256 = :sha256")
_SAMPLES = text("SELECT samples FROM recorded_prompt WHERE sha256 = :sha256")


class PromptError(CampaignError):
    """Raised when a recording cannot be kept under what it is called."""


class UnknownPromptError(CampaignError):
    """Raised when there is no such recording."""


@dataclass(frozen=True, slots=True)
class PromptView:
    """A recording without its sound; `sha256` is what a text writes behind `запись =`."""

    sha256: str
    name: str
    seconds: float
    uploaded_by: str
    uploaded_at: datetime
    is_active: bool


def add_prompt(
    session: Session, *, name: str, sound: Sound, original: bytes, actor: str, now: datetime
) -> tuple[PromptView, bool]:
    """Keep a recording that `prompt_sound` has made, and whether it is new.

    The same sound under the same name is one, and is taken back when it was retired. Raises `PromptError`
    for a name that another recording has, a sound that has another name, and a name that is no line.
    """
    name = _line(name)
    digest = hashlib.sha256(sound.samples).hexdigest()
    values = {"sha256": digest, "name": name, "seconds": sound.seconds, "actor": actor, "now": now}
    session.execute(_ALONE, values)
    binary = {"samples": sound.samples, "original": original}
    added = session.execute(_ADD, {**values, **binary}).one_or_none()
    found = PromptView(*session.execute(_SAME, {"sha256": digest, "name": name}).one())
    if added is not None:
        _record(session, "prompt.added", found, actor, now, before=None)
        return found, True
    if found.sha256 != digest or session.execute(_IS_TAKEN, values).scalar_one():
        raise PromptError(
            f"название «{name}» занято другой записью: назовите иначе", code="prompt_name_taken", name=name
        )
    if found.name != name:
        raise PromptError(
            f"эта запись уже загружена под названием «{found.name}»", code="prompt_known", name=found.name
        )
    if not found.is_active:
        _set_active(session, found, True, "prompt.restored", actor, now)
    return PromptView(*session.execute(_SAME, {"sha256": digest, "name": name}).one()), False


def retire_prompt(session: Session, sha256: str, *, actor: str, now: datetime) -> PromptView:
    """Offer a recording no more; raises `UnknownPromptError`. Retiring it again changes nothing."""
    row = session.execute(_SAME, {"sha256": sha256, "name": None}).one_or_none()
    if row is None:
        raise UnknownPromptError("такой записи нет", code="unknown_prompt")
    found = PromptView(*row)
    if found.is_active:
        _set_active(session, found, False, "prompt.retired", actor, now)
    return replace(found, is_active=False)


def list_prompts(session: Session) -> list[PromptView]:
    """All recordings, those in use first, by name."""
    return [PromptView(*row) for row in session.execute(_LIST)]


def prompt_samples(session: Session, sha256: str) -> bytes | None:
    """The samples of a recording (8 kHz, mono, 16 bits), of a retired one too; None where there is none."""
    found: bytes | None = session.execute(_SAMPLES, {"sha256": sha256}).scalar_one_or_none()
    return found


def _line(name: str) -> str:
    line = " ".join(name.split())
    if not line or len(line) > LONGEST_NAME or re.search(r"[\x00-\x1f\x7f]", line):
        raise PromptError(
            f"назовите запись: от 1 до {LONGEST_NAME} знаков", code="prompt_name", most=LONGEST_NAME
        )
    return line


def _set_active(
    session: Session, found: PromptView, is_active: bool, action: str, actor: str, now: datetime
) -> None:
    session.execute(_SET_ACTIVE, {"sha256": found.sha256, "is_active": is_active})
    _record(session, action, found, actor, now, before=found.is_active, is_active=is_active)


def _record(
    session: Session,
    action: str,
    found: PromptView,
    actor: str,
    now: datetime,
    *,
    before: bool | None,
    is_active: bool = True,
) -> None:
    record_action(
        session,
        at=now,
        actor=actor,
        action=action,
        subject_type="recorded_prompt",
        subject_id=found.sha256,
        before=None if before is None else {"is_active": before},
        after={"name": found.name, "seconds": round(found.seconds, 2), "is_active": is_active},
    )
