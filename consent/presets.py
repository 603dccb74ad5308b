"""The policy profiles that come with the product, and which of them serve which purpose by default.

What each means, with the clauses of law and how sure they are: `docs/policy.md`. Staff may change both;
a changed profile gets a version of its own (`consent.profiles`).
"""

from collections.abc import Mapping
from datetime import time
from types import MappingProxyType
from typing import Final

from consent.hours import DayHours
from consent.policy import Cap, CapPeriod, ChannelGroup, PolicyProfile, PurposeGroup
from consent.purposes import Purpose

CUSTOMER_GROUPS: Final = (1, 2, 3)  #: households; providers of utilities; companies (requirement 62)
#: What a scenario or a campaign writes that names no profile: the table of purposes decides.
BY_PURPOSE: Final = "by_purpose"

#: Calls 1/2/8 and messages 2/4/16 a day, a week and a month: law 230-FZ, article 7 (domain.md 4.4).
DEBT_CAPS: Final = (
    Cap(ChannelGroup.VOICE, 1, CapPeriod.DAY),
    Cap(ChannelGroup.VOICE, 2, CapPeriod.WEEK),
    Cap(ChannelGroup.VOICE, 8, CapPeriod.MONTH),
    Cap(ChannelGroup.TEXT, 2, CapPeriod.DAY),
    Cap(ChannelGroup.TEXT, 4, CapPeriod.WEEK),
    Cap(ChannelGroup.TEXT, 16, CapPeriod.MONTH),
)

#: Round the clock, no caps: the sandbox, the demo, and whatever staff answer for themselves.
ALWAYS = PolicyProfile(name="always", purpose_group=PurposeGroup.EMERGENCY)
#: Debt, tariff, contract and supply information: requirements 28 and 29.
SERVICE_STANDARD = PolicyProfile(
    name="service_standard",
    daily_from=time(8),
    daily_to=time(17),
    working_days_only=True,
    follows_short_days=True,
)
#: Law 230-FZ, article 7: what a debtor may be asked to bear, by the debtor's own clock.
DEBTOR_SAFE = PolicyProfile(
    name="debtor_safe",
    purpose_group=PurposeGroup.DEBT,
    daily_from=time(8),
    daily_to=time(22),
    days_off=DayHours(time(9), time(20)),
    caps=DEBT_CAPS,
)
#: Requirement 34: not more often than once in three months, over whatever channel.
SURVEY = PolicyProfile(
    name="survey",
    purpose_group=PurposeGroup.SURVEY,
    daily_from=time(8),
    daily_to=time(17),
    working_days_only=True,
    caps=(Cap(ChannelGroup.ANY, 1, CapPeriod.QUARTER),),
    follows_short_days=True,
)
#: Debt of customers in Ukraine; the holidays are off the table in martial law, so weekends alone are off.
UKRAINE = PolicyProfile(
    name="ukraine",
    purpose_group=PurposeGroup.DEBT,
    daily_from=time(9),
    daily_to=time(19),
    working_days_only=True,
    caps=DEBT_CAPS,
)
#: An accident or danger: at once, whatever the hour and whatever was said before.
EMERGENCY_OUTAGE = PolicyProfile(
    name="emergency_outage", purpose_group=PurposeGroup.EMERGENCY, is_urgent=True
)

PRESETS: Final[Mapping[str, PolicyProfile]] = MappingProxyType(
    {
        profile.name: profile
        for profile in (ALWAYS, SERVICE_STANDARD, DEBTOR_SAFE, SURVEY, UKRAINE, EMERGENCY_OUTAGE)
    }
)

_DEBT: Final = frozenset({Purpose.DEBT, Purpose.PAYMENT_DUE, Purpose.RESTRICTION_WARNING})


def default_profiles(purpose: Purpose, customer_group: int, country: str) -> tuple[str, ...]:
    """The names of the profiles that serve a purpose until staff say otherwise; all of them hold at once.

    Law 230-FZ protects natural persons, so its caps are for households; the hours of the service standard
    are for everybody.
    """
    if purpose is Purpose.SURVEY:
        return (SURVEY.name,)
    if purpose not in _DEBT or customer_group != 1:
        return (SERVICE_STANDARD.name,)
    if country == "UA":
        return (UKRAINE.name,)
    return (SERVICE_STANDARD.name, DEBTOR_SAFE.name)
