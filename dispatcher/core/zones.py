"""Time zones by name. `ZoneInfo` itself keeps only the last eight; Russia has eleven."""

from functools import lru_cache
from zoneinfo import ZoneInfo

_KEPT = 128


@lru_cache(maxsize=_KEPT)
def zone(name: str) -> ZoneInfo:
    """The zone of this IANA name; raises `ZoneInfoNotFoundError` (a `KeyError`) or `ValueError`."""
    return ZoneInfo(name)
