"""Adding and changing staff, and guessing passwords from many places at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import text

from dispatcher.core.clock import Clock
from dispatcher.core.ids import new_id
from dispatcher.core.sign_in import (
    FAILURES_PER_LOGIN,
    Guess,
    SignIn,
    TooManyGuessesError,
    WrongPasswordError,
)
from dispatcher.core.staff import (
    LoginTakenError,
    StaffRole,
    UnfitLoginError,
    UnknownStaffError,
    add_staff,
    get_staff,
    list_staff,
    set_active,
    set_password,
    set_role,
)

CLOCK = Clock()
PASSWORD = "correct horse battery"


def add(session, login="olga", role=StaffRole.OPERATOR):
    return add_staff(
        session,
        login=login,
        full_name="Ольга Петрова",
        role=role,
        password=PASSWORD,
        actor="cli",
        now=CLOCK.now(),
    )


class TestAddStaff:
    def test_keeps_a_person_without_the_password(self, database):
        with database.transaction() as session:
            add(session, " Olga ")
        with database.transaction() as session:
            [member] = list_staff(session)
            _, password_hash = get_staff(session, "OLGA")
        assert (member.login, member.role, member.is_active) == ("olga", StaffRole.OPERATOR, True)
        assert PASSWORD not in password_hash

    def test_goes_on_record_without_personal_data(self, database):
        with database.transaction() as session:
            staff_id = add(session)
            row = session.execute(text("SELECT actor, action, subject_id, after FROM audit_event")).one()
        assert tuple(row) == ("cli", "staff.added", str(staff_id), {"role": "operator"})

    def test_refuses_a_login_twice(self, database):
        with database.transaction() as session:
            add(session)
            with pytest.raises(LoginTakenError):
                add(session, "OLGA")

    @pytest.mark.parametrize("login", ["", " ", "ольга", "a b", "x" * 65, "-x"])
    def test_refuses_unfit_logins(self, database, login):
        with database.transaction() as session, pytest.raises(UnfitLoginError):
            add(session, login)


class TestChanges:
    def test_each_ends_the_sessions_and_goes_on_record(self, database):
        now = CLOCK.now()
        with database.transaction() as session:
            staff_id = add(session)
        changes = [
            lambda session: set_password(
                session, login="olga", password="another long one", actor="cli", now=now
            ),
            lambda session: set_role(session, login="olga", role=StaffRole.AUDITOR, actor="cli", now=now),
            lambda session: set_active(session, login="olga", is_active=False, actor="cli", now=now),
        ]
        for change in changes:
            with database.transaction() as session:
                session.execute(
                    text(
                        "INSERT INTO staff_session (token_hash, staff_id, created_at, expires_at) "
                        "VALUES (:hash, :id, :now, :now)"
                    ),
                    {"hash": new_id().bytes, "id": staff_id, "now": now},
                )
                change(session)
                left = session.execute(text("SELECT count(*) FROM staff_session WHERE revoked_at IS NULL"))
                assert left.scalar_one() == 0
        with database.transaction() as session:
            actions = session.execute(text("SELECT action FROM audit_event ORDER BY id")).scalars().all()
        assert actions == ["staff.added", "staff.password_set", "staff.role_set", "staff.deactivated"]

    def test_nobody_cannot_be_changed(self, database):
        with database.transaction() as session, pytest.raises(UnknownStaffError):
            set_password(session, login="nobody", password=PASSWORD, actor="cli", now=CLOCK.now())


class TestGuessing:
    def test_guesses_sent_at_once_are_counted_one_by_one(self, database):
        with database.transaction() as session:
            add(session)
        sign_in = SignIn(database, CLOCK, secret_key=b"k" * 32, session_length=timedelta(hours=1))

        def guess(number: int) -> type[Exception] | None:
            try:
                sign_in.sign_in(Guess("olga", f"wrong {number}", f"192.0.2.{number}"))
            except (WrongPasswordError, TooManyGuessesError) as error:
                return type(error)
            return None

        with ThreadPoolExecutor(6) as pool:
            outcomes = list(pool.map(guess, range(FAILURES_PER_LOGIN * 3)))
        assert outcomes.count(WrongPasswordError) == FAILURES_PER_LOGIN
        assert outcomes.count(TooManyGuessesError) == FAILURES_PER_LOGIN * 2

    def test_an_empty_guess_is_wrong_like_any_other(self, database):
        sign_in = SignIn(database, CLOCK, secret_key=b"k" * 32, session_length=timedelta(hours=1))
        for guess in (Guess("", "", ""), Guess("\x00", "\x00", "x"), Guess("я" * 300, "п" * 3000, "::1")):
            with pytest.raises(WrongPasswordError):
                sign_in.sign_in(guess)
