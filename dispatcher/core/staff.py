"""The people of the company who may sign in: adding them, their roles and passwords.

Passwords are kept as Argon2id hashes (RFC 9106). Who changes a password or a role loses every session of
that person, so that a stolen browser dies with the password. Every change goes on record (promise P11).
"""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import text
from sqlalchemy.orm import Session

from dispatcher.core.audit import record_action
from dispatcher.core.errors import DispatcherError
from dispatcher.core.ids import new_id

MIN_PASSWORD_CHARACTERS: Final = 10
MAX_PASSWORD_CHARACTERS: Final = 1000  #: longer ones only make the hash work

_LOGIN: Final = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")
_hasher: Final = PasswordHasher()
#: Checked when there is no such login, so that the answer takes the same time.
_NOBODY: Final = (
    "$argon2id$v=19$m=65536,t=3,p=4$c29tZSBzYWx0IGZvciBub2JvZHk$rAZ/n1DGSOXY7mFpMoXS6LbgaPLfQBTuO1tvQ3Jcrd0"
)

_ADD = text(
    """
    INSERT INTO staff (id, login, full_name, role, password_hash, created_at)
    VALUES (:id, :login, :full_name, :role, :password_hash, :now)
    ON CONFLICT (login) DO NOTHING
    """
)
_FIND = text("SELECT id, login, full_name, role, password_hash, is_active FROM staff WHERE login = :login")
_LIST = text("SELECT id, login, full_name, role, is_active FROM staff ORDER BY login")
_SET_PASSWORD = text("UPDATE staff SET password_hash = :password_hash WHERE id = :id")
_SET_ROLE = text("UPDATE staff SET role = :role WHERE id = :id")
_SET_ACTIVE = text("UPDATE staff SET is_active = :is_active WHERE id = :id")
_END_SESSIONS = text("UPDATE staff_session SET revoked_at = :now WHERE staff_id = :id AND revoked_at IS NULL")


class StaffError(DispatcherError):
    """Raised when a person of the staff cannot be added or changed as asked."""


class LoginTakenError(StaffError):
    """Raised when somebody already has this login."""


class UnknownStaffError(StaffError):
    """Raised when nobody has this login."""


class UnfitLoginError(StaffError):
    """Raised when a login has characters that logins must not have."""


class WeakPasswordError(StaffError):
    """Raised when a password is too short, too long or the login itself."""


class StaffRole(StrEnum):
    """What a person may do; every role may look."""

    #: runs campaigns: pauses, resumes and stops them
    OPERATOR = "operator"
    #: also approves them
    APPROVER = "approver"
    #: answers for the results
    MANAGER = "manager"
    #: also keeps the staff and the settings
    ADMINISTRATOR = "administrator"
    #: looks and changes nothing
    AUDITOR = "auditor"


MAY_CONTROL_RUNS: Final = frozenset(StaffRole) - {StaffRole.AUDITOR}
#: Hours, caps and calendars bind everybody's campaigns: who answers for these changes them.
MAY_CHANGE_RULES: Final = frozenset({StaffRole.APPROVER, StaffRole.ADMINISTRATOR})


@dataclass(frozen=True, slots=True)
class StaffMember:
    """One person, without the secret."""

    id: UUID
    login: str
    full_name: str
    role: StaffRole
    is_active: bool = True

    @property
    def actor(self) -> str:
        """How this person is named in the audit."""
        return f"staff:{self.login}"

    @property
    def may_control_runs(self) -> bool:
        """Whether pausing, resuming and stopping runs is permitted."""
        return self.is_active and self.role in MAY_CONTROL_RUNS

    @property
    def may_see_personal_data(self) -> bool:
        """Whether names, addresses and texts are shown whole; to others they are masked."""
        return self.may_control_runs

    @property
    def may_change_rules(self) -> bool:
        """Whether changing policies and the calendar is permitted."""
        return self.is_active and self.role in MAY_CHANGE_RULES

    @property
    def may_handle_personal_data(self) -> bool:
        """Whether handing out and erasing a person's data is permitted."""
        return self.is_active and self.role is StaffRole.ADMINISTRATOR


def add_staff(
    session: Session,
    *,
    login: str,
    full_name: str,
    role: StaffRole,
    password: str,
    actor: str,
    now: datetime,
) -> UUID:
    """Add a person; raises `LoginTakenError`, `UnfitLoginError` or `WeakPasswordError`."""
    login = normal_login(login)
    if _LOGIN.fullmatch(login) is None:
        raise UnfitLoginError("a login has 1 to 64 Latin letters, digits and the signs . _ @ -")
    staff_id = new_id()
    added = session.execute(
        _ADD,
        {
            "id": staff_id,
            "login": login,
            "full_name": full_name,
            "role": role.value,
            "password_hash": hash_password(password, login=login),
            "now": now,
        },
    )
    if not added.rowcount:  # type: ignore[attr-defined]
        raise LoginTakenError(f"the login {login} is taken: choose another one")
    _record(session, "staff.added", staff_id, actor, now, after={"role": role})
    return staff_id


def set_password(session: Session, *, login: str, password: str, actor: str, now: datetime) -> None:
    """Give a new password and end every session of the person."""
    member, _ = _known(session, login)
    password_hash = hash_password(password, login=member.login)
    session.execute(_SET_PASSWORD, {"id": member.id, "password_hash": password_hash})
    _end_sessions(session, member.id, now)
    _record(session, "staff.password_set", member.id, actor, now)


def set_role(session: Session, *, login: str, role: StaffRole, actor: str, now: datetime) -> None:
    """Give another role and end every session of the person."""
    member, _ = _known(session, login)
    session.execute(_SET_ROLE, {"id": member.id, "role": role.value})
    _end_sessions(session, member.id, now)
    _record(
        session, "staff.role_set", member.id, actor, now, before={"role": member.role}, after={"role": role}
    )


def set_active(session: Session, *, login: str, is_active: bool, actor: str, now: datetime) -> None:
    """Let a person sign in, or no longer; who may not loses every session at once."""
    member, _ = _known(session, login)
    session.execute(_SET_ACTIVE, {"id": member.id, "is_active": is_active})
    if not is_active:
        _end_sessions(session, member.id, now)
    action = "staff.activated" if is_active else "staff.deactivated"
    _record(session, action, member.id, actor, now, before={"is_active": member.is_active})


def list_staff(session: Session) -> list[StaffMember]:
    """Everybody, by login."""
    return [
        StaffMember(row.id, row.login, row.full_name, StaffRole(row.role), row.is_active)
        for row in session.execute(_LIST)
    ]


def get_staff(session: Session, login: str) -> tuple[StaffMember, str] | None:
    """The person with this login and the hash of the password, or None."""
    login = normal_login(login)
    # What cannot be a login is not looked for: PostgreSQL takes neither NUL nor half a character.
    row = session.execute(_FIND, {"login": login}).first() if _LOGIN.fullmatch(login) else None
    if row is None:
        return None
    member = StaffMember(row.id, row.login, row.full_name, StaffRole(row.role), row.is_active)
    return member, row.password_hash


def normal_login(login: str) -> str:
    """A login as it is kept: without spaces around it, in small letters."""
    return login.strip().casefold()


def hash_password(password: str, *, login: str = "") -> str:
    """The Argon2id hash (0.1 s, 64 MB); raises `WeakPasswordError`."""
    if not MIN_PASSWORD_CHARACTERS <= len(password) <= MAX_PASSWORD_CHARACTERS:
        raise WeakPasswordError(f"a password has at least {MIN_PASSWORD_CHARACTERS} characters")
    if login and password.casefold() == login:
        raise WeakPasswordError("a password must not be the login")
    return _hasher.hash(password)


def is_password(password_hash: str | None, password: str) -> bool:
    """Whether the password fits. Without a hash the same work is done and the answer is no."""
    try:
        fits = _hasher.verify(password_hash or _NOBODY, password[:MAX_PASSWORD_CHARACTERS])
    except (VerificationError, InvalidHashError):
        return False
    return fits and password_hash is not None


def _known(session: Session, login: str) -> tuple[StaffMember, str]:
    found = get_staff(session, login)
    if found is None:
        raise UnknownStaffError("nobody has this login")
    return found


def _end_sessions(session: Session, staff_id: UUID, now: datetime) -> None:
    session.execute(_END_SESSIONS, {"id": staff_id, "now": now})


def _record(
    session: Session,
    action: str,
    staff_id: UUID,
    actor: str,
    now: datetime,
    *,
    before: dict[str, object] | None = None,
    after: dict[str, object] | None = None,
) -> None:
    record_action(
        session,
        at=now,
        actor=actor,
        action=action,
        subject_type="staff",
        subject_id=staff_id,
        before=before,
        after=after,
    )
