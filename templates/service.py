"""What staff do with templates: save a new version, look at old ones, compare (requirements 1, 59).

An old version is never changed: runs are pinned to it and evidence names it. Built-in texts are seeds; as
soon as staff save a text of the same name and language, theirs is taken for new campaigns.
"""

import difflib
import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from dispatcher.core.audit import record_action
from dispatcher.core.staff import StaffMember, StaffRole
from templates.bundled import builtin_template
from templates.errors import TemplateError, UnknownTemplateError
from templates.inlining import inline_css
from templates.lint import check_notice
from templates.rendering import TemplateText, compile_template
from templates.repository import SavedVersion, TemplateVersionView, add_version, get_version

MAX_REASON_CHARS: Final = 500
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")


@dataclass(frozen=True, slots=True)
class Acceptance:
    """An administrator's word that what looks like advertising is none; `reason` goes on record."""

    member: StaffMember
    reason: str


def save_template(
    session: Session,
    *,
    name: str,
    language: str,
    texts: TemplateText,
    actor: str,
    now: datetime,
    accepted: Acceptance | None = None,
) -> SavedVersion:
    """Save what staff wrote as the newest version, its CSS inlined; the same text again is the same version.

    Raises `TemplateError` with part and line when the text cannot be used, and `NoticeRuleError` when it
    says what a notice must not say or leaves out what it must (`templates.lint`): nothing is saved then.
    """
    reason = None if accepted is None else _reason_of(accepted)
    if not _NAME.fullmatch(name):
        raise TemplateError("имя шаблона: латинские строчные буквы, цифры и «_», с буквы, до 64 знаков")
    if not texts.text.strip():
        raise TemplateError("нужен обычный текст: письмо из одного HTML не отправляется", part="text")
    html = None if texts.html is None else inline_css(texts.html)
    compiled = compile_template(texts, language)
    check_notice(name, texts, compiled, advertising_accepted=reason is not None)
    before = get_version(session, name, language)
    saved = add_version(
        session,
        name=name,
        language=language,
        texts=replace(texts, html=html),
        created_by=actor,
        now=now,
        origin="staff",
        html_source=texts.html,
        accepted_because=reason,
    )
    if saved.is_new:
        _record(session, saved, before, reason, actor, now)
    return saved


def seed_builtin(session: Session, name: str, language: str, *, actor: str, now: datetime) -> UUID:
    """The version that new campaigns take: the staff's newest, else the built-in text, kept as a seed.

    Raises `UnknownBuiltinError` when there is no built-in text of this name and language.
    """
    texts = builtin_template(name, language)
    saved = add_version(
        session, name=name, language=language, texts=texts, created_by=actor, now=now, origin="builtin"
    )
    return saved.id


def read_version(
    session: Session, name: str, language: str, version: int | None = None
) -> TemplateVersionView:
    """One version, by default the newest; raises `UnknownTemplateError`."""
    found = get_version(session, name, language, version)
    if found is None:
        which = "" if version is None else f", версии {version}"
        raise UnknownTemplateError(f"нет шаблона «{name}» на языке «{language}»{which}")
    return found


def compare_versions(session: Session, name: str, language: str, old: int, new: int) -> str:
    """The difference of two versions as a unified diff over all parts; empty when they say the same."""
    before = read_version(session, name, language, old)
    after = read_version(session, name, language, new)
    lines = difflib.unified_diff(
        _lines(before), _lines(after), f"{name}.{language} v{old}", f"{name}.{language} v{new}", lineterm=""
    )
    return "\n".join(lines)


def _reason_of(accepted: Acceptance) -> str:
    if not accepted.member.is_active or accepted.member.role is not StaffRole.ADMINISTRATOR:
        raise TemplateError("слова, похожие на рекламу, может принять только администратор")
    if not accepted.reason.strip():
        raise TemplateError("напишите, почему эти слова не реклама: причина останется в журнале")
    return " ".join(accepted.reason.split())[:MAX_REASON_CHARS]


def _lines(view: TemplateVersionView) -> list[str]:
    rules = [f"{rule.field}: {rule.if_missing.value}" for rule in view.texts.attachments]
    return [
        *("[subject]", *view.texts.subject.splitlines(), "[text]", *view.texts.text.splitlines()),
        *("[html]", *(view.html_source or "").splitlines(), "[attachments]", *rules),
    ]


def _record(
    session: Session,
    saved: SavedVersion,
    before: TemplateVersionView | None,
    reason: str | None,
    actor: str,
    now: datetime,
) -> None:
    record_action(
        session,
        at=now,
        actor=actor,
        action="template.saved",
        subject_type="template_version",
        subject_id=saved.id,
        before=None if before is None else {"version_id": before.id, "version": before.version},
        after={"version": saved.version, **({} if reason is None else {"advertising_accepted": reason})},
    )
