"""Frequency caps: may this person, or this address, be contacted once more now, and if not, when?

A period is rolling and at the same time of the calendar on the recipient's wall, whichever ends later:
the stricter reading of "per day", "per week" and "per month" (decision 0021).
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from consent.policy import PERIOD_LENGTH, Cap, CapPeriod, ChannelGroup

_GROUP_OF: Final = MappingProxyType(
    {"email": ChannelGroup.TEXT, "sms": ChannelGroup.TEXT, "voice": ChannelGroup.VOICE}
)
#: A day on the wall may have 25 hours, where clocks are put back.
_LONGEST_DAY: Final = timedelta(hours=2)

Contact = tuple[str, datetime]  #: channel and time of a counted attempt


def counted_since(caps: Iterable[Cap], now: datetime) -> datetime | None:
    """From when on attempts may still count against these caps; None: there are no caps."""
    lengths = [PERIOD_LENGTH[cap.period] for cap in caps]
    return now - max(lengths) - _LONGEST_DAY if lengths else None


def free_again_at(
    caps: Sequence[Cap], channel: str, contacts: Sequence[Contact], now: datetime, zone: ZoneInfo
) -> datetime | None:
    """When a further attempt over `channel` fits under every cap; None means that it fits now.

    `contacts` are the counted attempts of one person, or to one address, over all campaigns; `zone` is
    that on whose wall days begin.
    """
    if not contacts:  # nearly always, and no limit is below one
        return None
    waits = [
        _free_at(cap, [at for other, at in contacts if _counts(cap, other)], now, zone)
        for cap in caps
        if _counts(cap, channel)
    ]
    return max((at for at in waits if at is not None), default=None)


def _counts(cap: Cap, channel: str) -> bool:
    return cap.channel_group in (ChannelGroup.ANY, _GROUP_OF[channel])


def _free_at(cap: Cap, times: Sequence[datetime], now: datetime, zone: ZoneInfo) -> datetime | None:
    ends = sorted(_forgotten_at(at, cap.period, zone) for at in times)
    counted = [end for end in ends if end > now]
    # Free once all but limit - 1 of them are forgotten.
    return counted[-cap.limit] if len(counted) >= cap.limit else None


def _forgotten_at(at: datetime, period: CapPeriod, zone: ZoneInfo) -> datetime:
    length = PERIOD_LENGTH[period]
    # The later of the two, where the wall shows the time twice.
    on_the_wall = (at.astimezone(zone) + length).replace(fold=1)
    return max(at + length, on_the_wall.astimezone(UTC))
