"""Frequency caps: may this person be contacted once more now, and if not, when?"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from consent.policy import Cap, CapPeriod

#: Caps count over a rolling time, which is never looser than calendar days, weeks and months.
PERIOD_LENGTH: Final = MappingProxyType(
    {
        CapPeriod.DAY: timedelta(days=1),
        CapPeriod.WEEK: timedelta(days=7),
        CapPeriod.MONTH: timedelta(days=31),
    }
)
_CHANNEL_GROUPS: Final = MappingProxyType({"email": "text", "sms": "text", "voice": "voice"})
LONGEST: Final = max(PERIOD_LENGTH.values())


def free_again_at(
    caps: Sequence[Cap], channel: str, contacts: Sequence[tuple[str, datetime]], now: datetime
) -> datetime | None:
    """When a further attempt over `channel` fits under every cap; None means that it fits now.

    `contacts` are channel and time of the person's counted attempts, over all campaigns.
    """
    group = _CHANNEL_GROUPS[channel]
    times = sorted(at for other, at in contacts if _CHANNEL_GROUPS[other] == group)
    waits = [_free_at(cap, times, now) for cap in caps if cap.channel_group == group]
    return max((at for at in waits if at is not None), default=None)


def _free_at(cap: Cap, times: Sequence[datetime], now: datetime) -> datetime | None:
    length = PERIOD_LENGTH[cap.period]
    counted = [at for at in times if at > now - length]
    if len(counted) < cap.limit:
        return None
    # Free once all but limit - 1 of them have aged out.
    return counted[-cap.limit] + length
