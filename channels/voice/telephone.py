"""The telephone: what the dialogue needs of a SIP engine, so that it can be tried without one."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from channels.port import Health
from channels.voice.result import Signalling
from channels.voice.sound import Sound


@dataclass(frozen=True, slots=True)
class CallRequest:
    """Whom to call. `call_key` names the attempt in the SIP dialogue, by id only.

    `begin_until` (of `time.monotonic()`): later than this nothing is dialled, whatever was waited for.
    """

    number: str = field(repr=False)
    call_key: str
    ring_seconds: float | None = None  #: None: as the trunk's settings say
    begin_until: float | None = None
    #: asked just before it is dialled: whoever wanted the call may have gone while it waited for a line
    is_wanted: Callable[[], bool] = field(default=lambda: True, repr=False, compare=False)


class Call(Protocol):
    """One answered call. Everything it offers ends, without an error, once the far end has hung up."""

    async def play(self, sound: Sound) -> float:
        """Play to its end, to a key, to `stop_playing` or to the hang-up; returns the seconds played."""
        ...

    def stop_playing(self) -> None:
        """Throw away what is queued to be played."""
        ...

    async def key(self, wait_seconds: float) -> str | None:
        """The next key (0-9, *, #), each press once (RFC 4733); None after the wait or the hang-up."""
        ...

    async def listen(self, wait_seconds: float) -> Sound | None:
        """Some of what the far end sends (20 ms or more); None after the wait or the hang-up."""
        ...

    async def transfer(self, number: str) -> bool:
        """Hand the call over (REFER); false where the far end refuses."""
        ...

    async def hang_up(self) -> None:
        """End it; harmless when it has ended."""
        ...

    @property
    def is_over(self) -> bool:
        """Whether it has ended, whoever ended it."""
        ...

    def signalling(self) -> Signalling:
        """How it came about and, once it is over, how it ended."""
        ...


@runtime_checkable
class Recorded(Protocol):
    """A call of which the far end can be kept."""

    def recording(self) -> bytes | None:
        """What the far end said, as WAV; None unless that is switched on."""
        ...


class Telephone(Protocol):
    """A set of trunks over which calls go out."""

    async def call(self, request: CallRequest) -> "Call | Signalling":
        """The answered call, or why there is none; raises `NotDialledError` when nothing left the house."""
        ...

    def free_lines(self) -> int:
        """How many more calls may be begun now. Safe in every thread."""
        ...

    def busy_lines(self) -> int:
        """How many lines are taken by calls of this telephone, ringing ones too. Safe in every thread."""
        ...

    def stop_starting(self) -> None:
        """From now on dial nothing more; running calls go on. Safe in every thread."""
        ...

    async def healthy(self) -> Health:
        """Whether calls could be made now, as far as that can be told without one."""
        ...

    async def close(self) -> None:
        """End all calls and let go of the trunks."""
        ...
