"""Signing in: throttled guesses, and sessions that the server can revoke.

A guess is counted before the password is looked at and taken back when it was right, so that a hundred
guesses sent at once count as a hundred. Logins and network addresses are kept only as keyed hashes
(promise P10), of a session token only its SHA-256: a stolen backup opens nothing.
"""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from dispatcher.core.audit import record_action
from dispatcher.core.clock import Clock
from dispatcher.core.db import Database
from dispatcher.core.errors import DispatcherError
from dispatcher.core.ids import new_id
from dispatcher.core.staff import StaffMember, StaffRole, get_staff, is_password, normal_login

WINDOW: Final = timedelta(minutes=15)
FAILURES_PER_LOGIN: Final = 5
FAILURES_PER_ADDRESS: Final = 20  #: a whole office may come from one address
TOKEN_BYTES: Final = 32
SESSIONS_KEPT: Final = timedelta(days=30)  #: after they have expired; the audit keeps the rest

# Guesses about the same subject wait for each other: otherwise several would see the last free place.
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(encode(CAST(:subject AS bytea), 'hex'), 0))")
_FAILURES = text(
    """
    SELECT at FROM sign_in_failure WHERE subject_hash = :subject AND at > :since
    ORDER BY at DESC LIMIT :limit
    """
)
_COUNT_GUESS = text("INSERT INTO sign_in_failure (id, subject_hash, at) VALUES (:id, :subject, :now)")
_TAKE_BACK = text("DELETE FROM sign_in_failure WHERE id = ANY(:ids) OR subject_hash = :login")
_FORGET = text("DELETE FROM sign_in_failure WHERE at < :before")
_OPEN = text(
    """
    INSERT INTO staff_session (token_hash, staff_id, created_at, expires_at)
    VALUES (:token_hash, :staff, :now, :expires_at)
    """
)
_FORGET_SESSIONS = text("DELETE FROM staff_session WHERE expires_at < :before")
_READ = text(
    """
    SELECT s.id, s.login, s.full_name, s.role FROM staff_session t JOIN staff s ON s.id = t.staff_id
    WHERE t.token_hash = :token_hash AND t.revoked_at IS NULL AND t.expires_at > :now AND s.is_active
    """
)
_REVOKE = text(
    "UPDATE staff_session SET revoked_at = :now WHERE token_hash = :token_hash AND revoked_at IS NULL"
)


class SignInError(DispatcherError):
    """Raised when nobody was signed in."""


class WrongPasswordError(SignInError):
    """Raised when login and password do not fit; it does not tell which of them."""


class TooManyGuessesError(SignInError):
    """Raised when the login or the network address must wait; `wait` says how long."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(f"too many wrong passwords: wait {wait.total_seconds():.0f} s")
        self.wait = wait


@dataclass(frozen=True, slots=True)
class Guess:
    """One attempt to sign in."""

    login: str
    password: str
    network_address: str


class SignIn:
    """Signs staff in and out and reads sessions. Thread-safe; opens its own transactions."""

    def __init__(
        self, database: Database, clock: Clock, *, secret_key: bytes, session_length: timedelta
    ) -> None:
        self._database = database
        self._clock = clock
        self._key = hmac.digest(secret_key, b"sign-in-failure.v1", "sha256")
        self._session_length = session_length

    def sign_in(self, guess: Guess) -> str:
        """The token of a new session; raises `WrongPasswordError` or `TooManyGuessesError`.

        Takes a tenth of a second and 64 MB; no transaction is open while the password is hashed.
        """
        login = self._hash("login", normal_login(guess.login))
        address = self._hash("address", network_of(guess.network_address))
        limits = sorted([(login, FAILURES_PER_LOGIN), (address, FAILURES_PER_ADDRESS)])
        counted, found = self._database.run(
            lambda session: (self._count_guess(session, limits), get_staff(session, guess.login))
        )
        is_right = is_password(found[1] if found else None, guess.password)
        if found is None or not is_right or not found[0].is_active:
            self._database.run(lambda session: self._record_failure(session, found[0] if found else None))
            raise WrongPasswordError("the login or the password is wrong")
        member = found[0]
        return self._database.run(lambda session: self._open(session, member, counted, login))

    def read_session(self, token: str) -> StaffMember | None:
        """Who is signed in with this token, or None."""

        def read(session: Session) -> StaffMember | None:
            now = self._clock.refresh(session)
            row = session.execute(_READ, {"token_hash": hash_token(token), "now": now}).first()
            return None if row is None else StaffMember(row.id, row.login, row.full_name, StaffRole(row.role))

        return self._database.run(read)

    def sign_out(self, token: str, member: StaffMember) -> None:
        """End the session; nothing happens when it has ended already."""

        def revoke(session: Session) -> None:
            now = self._clock.refresh(session)
            session.execute(_REVOKE, {"token_hash": hash_token(token), "now": now})
            _record(session, "staff.signed_out", member, now)

        self._database.run(revoke)

    def _count_guess(self, session: Session, limits: Sequence[tuple[bytes, int]]) -> list[UUID]:
        now = self._clock.refresh(session)
        session.execute(_FORGET, {"before": now - WINDOW * 4})
        for subject, _ in limits:
            session.execute(_LOCK, {"subject": subject})
        waits = [_wait(session, subject, limit, now) for subject, limit in limits]
        if any(waits):
            raise TooManyGuessesError(max(waits))
        ids = [new_id() for _ in limits]
        for (subject, _), guess_id in zip(limits, ids, strict=True):
            session.execute(_COUNT_GUESS, {"id": guess_id, "subject": subject, "now": now})
        return ids

    def _open(self, session: Session, member: StaffMember, counted: Sequence[UUID], login: bytes) -> str:
        now = self._clock.refresh(session)
        session.execute(_TAKE_BACK, {"ids": list(counted), "login": login})
        session.execute(_FORGET_SESSIONS, {"before": now - SESSIONS_KEPT})
        token = secrets.token_urlsafe(TOKEN_BYTES)
        session.execute(
            _OPEN,
            {
                "token_hash": hash_token(token),
                "staff": member.id,
                "now": now,
                "expires_at": now + self._session_length,
            },
        )
        _record(session, "staff.signed_in", member, now)
        return token

    def _record_failure(self, session: Session, member: StaffMember | None) -> None:
        now = self._clock.refresh(session)
        if member is not None:
            _record(session, "staff.sign_in_failed", member, now)

    def _hash(self, kind: str, value: str) -> bytes:
        return hmac.digest(self._key, f"{kind}:{value}".encode(errors="replace"), "sha256")


def hash_token(token: str) -> bytes:
    """What is kept of a session's token. Plain SHA-256: the token itself is 256 random bits."""
    return hashlib.sha256(token.encode(errors="replace")).digest()


def network_of(address: str) -> str:
    """What counts as one network address: of IPv6 the /64 that one customer gets."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or IPv6Network((parsed, 64), strict=False))
    return str(parsed)


def _wait(session: Session, subject: bytes, limit: int, now: datetime) -> timedelta:
    failures = (
        session.execute(_FAILURES, {"subject": subject, "since": now - WINDOW, "limit": limit})
        .scalars()
        .all()
    )
    if len(failures) < limit:
        return timedelta(0)
    oldest: datetime = failures[-1]
    return oldest + WINDOW - now


def _record(session: Session, action: str, member: StaffMember, now: datetime) -> None:
    record_action(
        session, at=now, actor=member.actor, action=action, subject_type="staff", subject_id=member.id
    )
