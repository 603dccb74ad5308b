"""Policy profiles."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from consent.calendar import WorkingCalendar
from consent.errors import PolicyError
from consent.hours import is_allowed
from consent.policy import ALWAYS, SERVICE_STANDARD, Cap, CapPeriod, PolicyProfile, profile_named

SARANSK = ZoneInfo("Europe/Moscow")


def is_open(profile, *wall):
    now = datetime(*wall, tzinfo=SARANSK).astimezone(UTC)
    return is_allowed(now, profile.hours_in(SARANSK), WorkingCalendar("RU"))


class TestPresets:
    def test_always_is_open_at_night_and_on_sundays(self):
        assert is_open(ALWAYS, 2026, 11, 22, 3, 0)

    def test_the_service_standard_keeps_to_working_days_from_8_to_17(self):
        assert is_open(SERVICE_STANDARD, 2026, 11, 20, 8, 0)
        assert not is_open(SERVICE_STANDARD, 2026, 11, 20, 17, 0)
        assert not is_open(SERVICE_STANDARD, 2026, 11, 21, 12, 0)


class TestProfileNamed:
    def test_presets_are_found_by_name(self):
        assert profile_named("service_standard") is SERVICE_STANDARD

    def test_an_unknown_name_says_which_exist(self):
        with pytest.raises(PolicyError, match="always"):
            profile_named("sometimes")


class TestCap:
    def test_a_cap_below_one_is_refused(self):
        with pytest.raises(PolicyError):
            Cap("text", 0, CapPeriod.DAY)


class TestPolicyProfile:
    def test_senseless_hours_are_refused_when_they_are_used(self):
        with pytest.raises(PolicyError):
            PolicyProfile("x", "debt", time(8), time(8)).hours_in(SARANSK)
