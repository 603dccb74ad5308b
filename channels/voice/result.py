"""What came of one call: the facts that the outcome, the evidence and the reports are made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from channels.voice.script import Counts


class AnsweredBy(StrEnum):
    """Who took the call, as far as its sound tells (domain 6.2)."""

    HUMAN = "human"
    MACHINE = "machine"
    UNSURE = "unsure"  #: treated as a human
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Signalling:
    """The telephone's side: the final SIP status, the Q.850 cause, and how long each stage took.

    `status` is 200 for an answered call, 0 where nothing came back. `trunk` and `caller_id` are ours.
    """

    status: int
    cause: int | None = None
    reason: str = ""
    trunk: str = ""
    caller_id: str = ""
    ring_seconds: float = 0.0
    talk_seconds: float = 0.0
    ended_by_them: bool = False
    call_id: str = ""  #: of the SIP dialogue: the operator finds the call by it


@dataclass(frozen=True, slots=True)
class CallResult:
    """One call. `keys` are those pressed, in order; `collected` the digits asked for, by name.

    `collected` and `keys` may tell about the person: they are kept with the attempt, never logged.
    `prompts` are the SHA-256 of what was played, in order. `heard_seconds` of `message_seconds` of facts.
    """

    signalling: Signalling
    answered_by: AnsweredBy = AnsweredBy.NOBODY
    answered_because: str = ""  #: why it is taken for that: `channels.voice.detection.Cause`
    reached: Counts | None = None
    is_identity_confirmed: bool = False
    heard_seconds: float = 0.0
    message_seconds: float = 0.0
    keys: str = field(default="", repr=False)
    collected: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    is_wrong_person: bool = False
    wants_no_calls: bool = False
    was_transferred: bool = False
    prompts: tuple[str, ...] = ()
    expected_seconds: float = 0.0  #: ringing and talking as reckoned before it was dialled; 0: it was not
    recording: bytes | None = field(default=None, repr=False)  #: of the far end, only where switched on
