"""How an address tells the sandbox what to do with its message.

The local part begins with a directive, then `.` or `-`, then anything, so that any number of made-up
people can share one fate: `reject-550-5.1.1.ivanov@example.com`. Everything else is accepted. Case does
not matter. `GRAMMAR` lists the directives; `RandomFaults` gives the same fates by lot to addresses that
ask for nothing.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from channels.sandbox.errors import SandboxError


class Fate(StrEnum):
    """What happens to a message."""

    ACCEPT = "accept"
    REJECT = "reject"
    REJECT_DATA = "rejectdata"
    DEFER = "defer"
    DEFER_ONCE = "deferonce"
    THROTTLE = "throttle"
    HANG = "hang"
    HANG_DROP = "hangdrop"
    DROP = "drop"
    DROP_START = "dropstart"
    DROP_START_ONCE = "dropstartonce"
    BOUNCE = "bounce"
    SLOW = "slow"


#: Form of the directive -> what the sandbox does. `[-S]` is an enhanced status code and may be left out.
GRAMMAR: dict[str, str] = {
    "reject-5xx[-S]": "answer RCPT with this refusal",
    "rejectdata-CODE[-S]": "take the body, then answer the dot with this 4xx or 5xx; journal: refused",
    "defer-4xx[-S]": "answer RCPT with this refusal, every time",
    "deferonce-4xx[-S]": "the same, but only the first time this address is seen",
    "throttle-4xx[-S]": "answer RCPT with this and the words `too many messages`; 421 also closes",
    "hang": "take the body, journal it as accepted, never answer the dot",
    "hangdrop": "take the body, journal it as accepted, close without an answer",
    "drop": "close when the first bytes of the body come; journal: unanswered (a client that has already "
    "written its dot cannot know)",
    "dropstart": "close right behind the 354, before any body (with BDAT, behind that); journal: unanswered",
    "dropstartonce": "the same, but only the first time this address is seen",
    "bounce-S": "accept, then send a non-delivery report (RFC 3464) with this status to the sender",
    "slow-N": "accept, and answer the dot only after N milliseconds",
}
_STATUS = r"[45]\.\d{1,3}\.\d{1,3}"
_DIRECTIVE = re.compile(
    rf"(?:(?P<refusal>reject)-(?P<reject_code>5\d\d)(?:-(?P<reject_status>{_STATUS}))?"
    rf"|(?P<data>rejectdata)-(?P<data_code>[45]\d\d)(?:-(?P<data_status>{_STATUS}))?"
    rf"|(?P<delay>defer|deferonce|throttle)-(?P<delay_code>4\d\d)(?:-(?P<delay_status>{_STATUS}))?"
    rf"|(?P<bounce>bounce)-(?P<bounce_status>{_STATUS})"
    r"|(?P<slow>slow)-(?P<delay_ms>\d{1,6})"
    r"|(?P<bare>hang|hangdrop|drop|dropstart|dropstartonce))(?=[.-]|$)",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Directive:
    """One fate with its parameters."""

    fate: Fate
    code: int = 250
    status: str | None = None
    delay_ms: int = 0


ACCEPT = Directive(Fate.ACCEPT)


def read_directive(address: str) -> Directive:
    """What the address asks for; `ACCEPT` when it asks for nothing."""
    match = _DIRECTIVE.match(address.lower().rpartition("@")[0])
    if match is None:
        return ACCEPT
    if match["slow"]:
        return Directive(Fate.SLOW, delay_ms=int(match["delay_ms"]))
    if match["bounce"]:
        return Directive(Fate.BOUNCE, status=match["bounce_status"])
    if match["bare"]:
        return Directive(Fate(match["bare"]))
    fate = match["refusal"] or match["data"] or match["delay"]
    code = match["reject_code"] or match["data_code"] or match["delay_code"]
    return Directive(
        Fate(fate), int(code), match["reject_status"] or match["data_status"] or match["delay_status"]
    )


class RandomFaults:
    """Fates by lot for addresses without a directive.

    `shares` maps directives to probabilities: `{"hangdrop": 0.01, "defer-451-4.3.0": 0.05}`. The lot of
    an address depends on the seed, the address and how often it has been tried, not on the order of
    arrival, so the same list meets the same faults again. Raises `SandboxError` on a wrong share.
    """

    def __init__(self, seed: int, shares: Mapping[str, float]) -> None:
        self._seed = seed
        self._tries: Counter[str] = Counter()
        self._steps: list[tuple[float, Directive]] = []
        total = 0.0
        for text, share in shares.items():
            directive = read_directive(f"{text}@")
            total += share
            if directive is ACCEPT or share < 0 or total > 1:
                raise SandboxError(f"random fault {text}={share}: not a directive, or the shares exceed 1")
            self._steps.append((total, directive))

    def draw(self, address: str) -> Directive:
        """The fate of the next try of this address."""
        if not self._steps:
            return ACCEPT
        self._tries[address] += 1
        digest = hashlib.sha256(f"{self._seed}|{address}|{self._tries[address]}".encode()).digest()
        lot = int.from_bytes(digest[:8]) / 2**64
        return next((directive for limit, directive in self._steps if lot < limit), ACCEPT)
