"""Passwords and roles."""

import time

import pytest

from dispatcher.core.ids import new_id
from dispatcher.core.sign_in import network_of
from dispatcher.core.staff import (
    MIN_PASSWORD_CHARACTERS,
    StaffMember,
    StaffRole,
    WeakPasswordError,
    hash_password,
    is_password,
    normal_login,
)


class TestPasswords:
    def test_a_hash_fits_its_password_only(self):
        hashed = hash_password("correct horse battery")
        assert hashed.startswith("$argon2id$")
        assert is_password(hashed, "correct horse battery")
        assert not is_password(hashed, "correct horse batterx")

    def test_nobody_costs_as_much_as_somebody(self):
        hashed = hash_password("correct horse battery")
        started = time.process_time()
        assert not is_password(hashed, "wrong")
        somebody = time.process_time() - started
        started = time.process_time()
        assert not is_password(None, "wrong")
        nobody = time.process_time() - started
        assert nobody > somebody / 4

    def test_a_damaged_hash_fits_nothing(self):
        assert not is_password("not a hash", "wrong")

    @pytest.mark.parametrize("password", ["", "x" * (MIN_PASSWORD_CHARACTERS - 1), "x" * 1001])
    def test_a_weak_one_is_refused(self, password):
        with pytest.raises(WeakPasswordError):
            hash_password(password)

    def test_the_login_is_no_password(self):
        with pytest.raises(WeakPasswordError):
            hash_password("Administrator", login="administrator")


class TestRoles:
    @pytest.mark.parametrize("role", StaffRole)
    def test_all_but_the_auditor_control_runs(self, role):
        member = StaffMember(new_id(), "x", "X", role)
        assert member.may_control_runs is (role is not StaffRole.AUDITOR)

    def test_who_left_controls_nothing(self):
        assert not StaffMember(new_id(), "x", "X", StaffRole.OPERATOR, is_active=False).may_control_runs


class TestNormalLogin:
    def test_ignores_case_and_spaces_around(self):
        assert normal_login("  Olga.P ") == "olga.p"


class TestNetworkOf:
    @pytest.mark.parametrize(
        ("address", "network"),
        [
            ("192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("testclient", "testclient"),
        ],
    )
    def test_is_what_one_customer_has(self, address, network):
        assert network_of(address) == network
