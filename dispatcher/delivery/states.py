"""The states of a notice and of an attempt, and the one table of allowed changes (promise P7).

A pair of state and trigger that is not in the table changes nothing: that is how late, repeated and
reordered receipts are harmless. The drawing in `docs/states.md` is generated from this table.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class AttemptState(StrEnum):
    """Where one try over one channel stands."""

    #: waits for its time; `hold_reason` says why it was moved
    PLANNED = "planned"
    #: committed before the provider is called; may have left
    SENDING = "sending"
    #: the provider took it; a refusal may still come back
    ACCEPTED = "accepted"
    #: the provider confirmed that it arrived
    DELIVERED = "delivered"
    #: refused, for good or for now; a later attempt may follow
    FAILED = "failed"
    #: nobody knows whether it left; never blindly sent again
    UNKNOWN = "unknown"
    #: not sent: no consent, suppressed, no address, no contract
    BLOCKED = "blocked"
    #: not sent: the window ended first
    EXPIRED = "expired"
    #: not sent: staff stopped the run
    STOPPED = "stopped"
    #: not sent: another attempt of the notice succeeded
    CANCELLED = "cancelled"


class Trigger(StrEnum):
    """What can happen to an attempt."""

    #: a worker takes it
    CLAIM = "claim"
    #: not allowed now; its time is moved
    HOLD = "hold"
    #: not allowed at all
    BLOCK = "block"
    #: the window ended
    EXPIRE = "expire"
    #: staff stopped the run
    STOP = "stop"
    #: another attempt succeeded
    CANCEL = "cancel"
    #: it cannot have left: due again, not an attempt
    NOT_SENT = "not_sent"
    #: the provider asked to slow down: due later, not an attempt
    THROTTLE = "throttle"
    #: the provider took it
    ACCEPT = "accept"
    #: refused for good
    REFUSE = "refuse"
    #: refused for now
    DEFER = "defer"
    #: refused because of us
    SENDER_FAULT = "sender_fault"
    #: in doubt: no answer, or the worker vanished
    LOSE = "lose"
    #: asked by our own id, the provider has it: it left after all
    FOUND = "found"
    #: a receipt says that it arrived
    DELIVER = "deliver"
    #: a receipt says that it did not
    BOUNCE = "bounce"
    #: the settle time or the query limit has passed
    SETTLE = "settle"


class NoticeState(StrEnum):
    """Whether the recipient was told. All but `open` are terminal (promise P1)."""

    #: not decided yet
    OPEN = "open"
    #: told; `strength` says how surely
    NOTIFIED = "notified"
    #: some of the required channels succeeded
    PARTLY_NOTIFIED = "partly_notified"
    #: every permitted way was tried and refused
    FAILED = "failed"
    #: nothing could be sent: no permission or no address
    BLOCKED = "blocked"
    #: the window ended first: not notified
    EXPIRED = "expired"
    #: staff stopped the run first
    STOPPED = "stopped"
    #: it may have been told; nobody knows
    UNKNOWN = "unknown"


class Strength(StrEnum):
    """How surely a notified person was told, the weakest first (domain.md section 7)."""

    #: the provider took it, and nothing came back
    ACCEPTED = "accepted"
    #: somebody took the call; what was said to them is not known to have been heard
    ANSWERED = "answered"
    #: the provider confirmed that it arrived
    DELIVERED = "delivered"
    #: who took the call heard every fact to its end
    HEARD = "heard"
    #: and confirmed it by the key for that
    CONFIRMED = "confirmed"

    @classmethod
    def of_delivered(cls, reason: str | None) -> "Strength":
        """That of a delivered attempt: a call's own, as its reason says, else that it arrived."""
        return cls(reason) if reason in _OF_CALLS else cls.DELIVERED

    def rank(self) -> int:
        """Its place: more is surer."""
        return _STRENGTHS.index(self)


_STRENGTHS: Final = tuple(Strength)
_OF_CALLS: Final = frozenset({Strength.ANSWERED.value, Strength.HEARD.value, Strength.CONFIRMED.value})

_A = AttemptState
_T = Trigger

#: (state, trigger) → state. Whatever is missing here changes nothing.
ATTEMPT_TRANSITIONS: Final[Mapping[tuple[AttemptState, Trigger], AttemptState]] = MappingProxyType(
    {
        (_A.PLANNED, _T.CLAIM): _A.SENDING,
        (_A.PLANNED, _T.HOLD): _A.PLANNED,
        (_A.PLANNED, _T.BLOCK): _A.BLOCKED,
        (_A.PLANNED, _T.EXPIRE): _A.EXPIRED,
        (_A.PLANNED, _T.STOP): _A.STOPPED,
        (_A.PLANNED, _T.CANCEL): _A.CANCELLED,
        (_A.SENDING, _T.NOT_SENT): _A.PLANNED,
        (_A.SENDING, _T.THROTTLE): _A.PLANNED,
        (_A.SENDING, _T.ACCEPT): _A.ACCEPTED,
        (_A.SENDING, _T.REFUSE): _A.FAILED,
        (_A.SENDING, _T.DEFER): _A.FAILED,
        (_A.SENDING, _T.SENDER_FAULT): _A.FAILED,
        (_A.SENDING, _T.LOSE): _A.UNKNOWN,
        # A receipt may overtake the provider's own answer.
        (_A.SENDING, _T.DELIVER): _A.DELIVERED,
        (_A.SENDING, _T.BOUNCE): _A.FAILED,
        # The answer of a worker that was thought lost, or a receipt, resolves the doubt.
        (_A.UNKNOWN, _T.ACCEPT): _A.ACCEPTED,
        (_A.UNKNOWN, _T.FOUND): _A.ACCEPTED,
        (_A.UNKNOWN, _T.REFUSE): _A.FAILED,
        (_A.UNKNOWN, _T.DEFER): _A.FAILED,
        (_A.UNKNOWN, _T.SENDER_FAULT): _A.FAILED,
        (_A.UNKNOWN, _T.NOT_SENT): _A.FAILED,
        (_A.UNKNOWN, _T.THROTTLE): _A.FAILED,
        (_A.UNKNOWN, _T.DELIVER): _A.DELIVERED,
        (_A.UNKNOWN, _T.BOUNCE): _A.FAILED,
        (_A.UNKNOWN, _T.SETTLE): _A.UNKNOWN,
        (_A.ACCEPTED, _T.DELIVER): _A.DELIVERED,
        (_A.ACCEPTED, _T.BOUNCE): _A.FAILED,
        (_A.ACCEPTED, _T.SETTLE): _A.ACCEPTED,
        # The provider's own answer after a receipt changes no state, but what was sent goes on record.
        (_A.DELIVERED, _T.ACCEPT): _A.DELIVERED,
        (_A.FAILED, _T.ACCEPT): _A.FAILED,
        # A refusal for now may have been heeded by a server that took the message all the same.
        (_A.FAILED, _T.DELIVER): _A.DELIVERED,
        # A late bounce: some server on the way had it, the person has not (receipts.py: in any order).
        (_A.DELIVERED, _T.BOUNCE): _A.FAILED,
    }
)

_N = NoticeState
#: What late knowledge may make of a closed notice. It is never opened again.
_AMENDED = frozenset({_N.NOTIFIED, _N.PARTLY_NOTIFIED, _N.UNKNOWN, _N.FAILED})

#: State → the states allowed next for a notice. The first row closes; the others amend a closed one.
NOTICE_TRANSITIONS: Final[Mapping[NoticeState, frozenset[NoticeState]]] = MappingProxyType(
    {
        _N.OPEN: frozenset(NoticeState) - {_N.OPEN},
        _N.NOTIFIED: _AMENDED,
        _N.PARTLY_NOTIFIED: _AMENDED | {_N.STOPPED, _N.EXPIRED},
        _N.UNKNOWN: _AMENDED | {_N.STOPPED, _N.EXPIRED},
        # What was refused or never left can only turn out to have arrived.
        _N.FAILED: frozenset({_N.NOTIFIED, _N.PARTLY_NOTIFIED}),
        _N.EXPIRED: frozenset({_N.NOTIFIED, _N.PARTLY_NOTIFIED}),
        _N.STOPPED: frozenset({_N.NOTIFIED, _N.PARTLY_NOTIFIED}),
        _N.BLOCKED: frozenset({_N.NOTIFIED, _N.PARTLY_NOTIFIED}),
    }
)

#: The attempt may have reached the person, or may still.
OUT: Final = frozenset({AttemptState.SENDING, AttemptState.ACCEPTED, AttemptState.UNKNOWN})
#: The attempt left the house at some time: it counts in "how many had already left".
LEFT: Final = frozenset({AttemptState.ACCEPTED, AttemptState.DELIVERED, AttemptState.UNKNOWN})


def next_state(state: AttemptState, trigger: Trigger) -> AttemptState | None:
    """The state after the trigger, or None when it changes nothing."""
    return ATTEMPT_TRANSITIONS.get((state, trigger))


def may_become(state: NoticeState, wanted: NoticeState) -> bool:
    """Whether a notice in `state` may be closed, or amended, as `wanted`."""
    return wanted in NOTICE_TRANSITIONS[state]
