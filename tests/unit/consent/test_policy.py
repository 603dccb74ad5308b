"""Policy profiles: the presets, and what cannot be a profile."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from consent.calendar import WorkingCalendar
from consent.caps import free_again_at
from consent.errors import EmptyHoursError, PolicyError
from consent.group_policy import ProfileVersion, combine, group_policy_from_json
from consent.hours import DayHours, is_allowed
from consent.policy import GROUP_OF, Cap, CapPeriod, PolicyProfile, profile_from_json, profile_to_json
from consent.presets import (
    ALWAYS,
    DEBTOR_SAFE,
    EMERGENCY_OUTAGE,
    PRESETS,
    SERVICE_STANDARD,
    SURVEY,
    UKRAINE,
    default_profiles,
)
from consent.purposes import Purpose

SARANSK = ZoneInfo("Europe/Moscow")
KYIV = ZoneInfo("Europe/Kyiv")
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def is_open(profile, *wall, zone=SARANSK, country="RU"):
    now = datetime(*wall, tzinfo=zone).astimezone(UTC)
    return is_allowed(now, profile.hours_in(zone), WorkingCalendar(country))


def most_in(profile, channel, length):
    """How many attempts fit into a span when each is made as soon as it is free."""
    made, now = [], NOON
    while now < NOON + length:
        free = free_again_at(profile.caps, channel, made, now, SARANSK)
        if free is None:
            made.append((channel, now))
        else:
            now = free
    return len(made)


class TestPresets:
    def test_always_is_open_at_night_and_on_sundays(self):
        assert is_open(ALWAYS, 2026, 11, 22, 3, 0)

    def test_the_service_standard_keeps_to_working_days_from_8_to_17(self):
        assert is_open(SERVICE_STANDARD, 2026, 11, 20, 8, 0)
        assert not is_open(SERVICE_STANDARD, 2026, 11, 20, 17, 0)
        assert not is_open(SERVICE_STANDARD, 2026, 11, 21, 12, 0)

    def test_the_service_standard_ends_an_hour_earlier_on_the_eve_of_a_holiday(self):
        assert is_open(SERVICE_STANDARD, 2026, 11, 3, 15, 59)
        assert not is_open(SERVICE_STANDARD, 2026, 11, 3, 16, 0)

    @pytest.mark.parametrize(
        ("wall", "expected"),
        [
            ((20, 8, 0), True),  # Friday
            ((20, 21, 59), True),
            ((20, 22, 0), False),
            ((21, 8, 59), False),  # Saturday
            ((21, 9, 0), True),
            ((22, 19, 59), True),  # Sunday
            ((22, 20, 0), False),
        ],
    )
    def test_debtors_are_spoken_to_from_8_to_22_and_on_days_off_from_9_to_20(self, wall, expected):
        assert is_open(DEBTOR_SAFE, 2026, 11, *wall) is expected

    def test_a_public_holiday_has_the_hours_of_a_day_off(self):
        assert not is_open(DEBTOR_SAFE, 2026, 11, 4, 8, 30)  # a Wednesday, Unity Day
        assert is_open(DEBTOR_SAFE, 2027, 2, 20, 8, 30)  # a working Saturday

    @pytest.mark.parametrize(
        ("channel", "limits"), [("voice", (1, 2, 8)), ("sms", (2, 4, 16)), ("email", (2, 4, 16))]
    )
    def test_debtors_are_called_1_2_8_and_written_to_2_4_16_times(self, channel, limits):
        spans = (timedelta(days=1), timedelta(days=7), timedelta(days=31))
        assert tuple(most_in(DEBTOR_SAFE, channel, span) for span in spans) == limits

    def test_a_survey_comes_once_in_three_months_over_whatever_channel(self):
        assert most_in(SURVEY, "email", timedelta(days=92)) == 1
        assert free_again_at(SURVEY.caps, "voice", [("email", NOON)], NOON + 80 * 24 * HOUR, SARANSK)

    def test_an_emergency_is_round_the_clock_uncapped_urgent_and_of_a_group_of_its_own(self):
        assert is_open(EMERGENCY_OUTAGE, 2027, 1, 1, 3, 0)
        assert EMERGENCY_OUTAGE.caps == ()
        assert EMERGENCY_OUTAGE.is_urgent
        assert EMERGENCY_OUTAGE.purpose_group not in {GROUP_OF[purpose] for purpose in Purpose}

    def test_ukraine_works_on_what_was_a_holiday_before_martial_law(self):
        assert is_open(UKRAINE, 2026, 8, 24, 12, 0, zone=KYIV, country="UA")
        assert not is_open(UKRAINE, 2026, 8, 23, 12, 0, zone=KYIV, country="UA")

    @pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
    def test_each_comes_back_from_its_row_as_it_was(self, preset):
        assert profile_from_json(preset.name, profile_to_json(preset)) == preset


class TestDefaults:
    @pytest.mark.parametrize("country", ["RU", "UA", "KZ"])
    @pytest.mark.parametrize("group", [1, 2, 3])
    @pytest.mark.parametrize("purpose", Purpose)
    def test_every_purpose_has_profiles_that_agree(self, purpose, group, country):
        names = default_profiles(purpose, group, country)
        policy = combine(purpose, [ProfileVersion(PRESETS[name], 1) for name in names])
        assert policy.purpose_group == GROUP_OF[purpose]
        assert group_policy_from_json(policy.to_json()) == policy

    def test_debts_of_households_are_capped_and_those_of_companies_are_not(self):
        assert "debtor_safe" in default_profiles(Purpose.DEBT, 1, "RU")
        assert default_profiles(Purpose.DEBT, 3, "RU") == ("service_standard",)


class TestCombine:
    def test_all_the_hours_hold_at_once(self):
        policy = combine(Purpose.DEBT, [ProfileVersion(SERVICE_STANDARD, 1), ProfileVersion(DEBTOR_SAFE, 3)])
        hours = policy.hours_in(SARANSK)
        days = WorkingCalendar("RU")
        assert is_allowed(datetime(2026, 11, 20, 16, 59, tzinfo=SARANSK), hours, days)
        assert not is_allowed(datetime(2026, 11, 20, 18, 0, tzinfo=SARANSK), hours, days)
        assert policy.profiles == (("service_standard", 1), ("debtor_safe", 3))

    def test_profiles_that_count_in_different_groups_are_refused(self):
        with pytest.raises(PolicyError):
            combine(Purpose.DEBT, [ProfileVersion(SURVEY, 1), ProfileVersion(DEBTOR_SAFE, 1)])

    def test_hours_that_never_meet_are_refused(self):
        night = PolicyProfile("night", daily_from=time(22), daily_to=time(6))
        with pytest.raises(EmptyHoursError):
            combine(Purpose.DEBT, [ProfileVersion(SERVICE_STANDARD, 1), ProfileVersion(night, 1)])


class TestCap:
    def test_a_cap_below_one_is_refused(self):
        with pytest.raises(PolicyError):
            Cap("text", 0, CapPeriod.DAY)

    def test_unknown_channels_are_refused(self):
        with pytest.raises(PolicyError):
            Cap("pigeon", 1, CapPeriod.DAY)


class TestPolicyProfile:
    def test_senseless_hours_are_refused_when_they_are_used(self):
        with pytest.raises(PolicyError):
            PolicyProfile("x", "debt", time(8), time(8)).hours_in(SARANSK)

    def test_hours_of_days_off_and_working_days_only_contradict_each_other(self):
        both = PolicyProfile("x", working_days_only=True, days_off=DayHours(time(9), time(20)))
        with pytest.raises(PolicyError):
            both.hours_in(SARANSK)

    def test_the_same_cap_twice_is_refused(self):
        with pytest.raises(PolicyError):
            PolicyProfile("x", caps=(Cap("text", 1, CapPeriod.DAY), Cap("text", 2, CapPeriod.DAY)))
