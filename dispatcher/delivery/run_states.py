"""The states of a run, and the one table of allowed changes (promise P7).

`dispatcher.delivery.run_change` is the one locked function that asks it; `docs/states.md` is drawn from
it. A pair that is not in the table is refused with the state's name.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class RunState(StrEnum):
    """Where a run stands."""

    #: being prepared; nothing happens by itself
    DRAFT = "draft"
    #: ready; a second person must agree before it may start
    AWAITING_APPROVAL = "awaiting_approval"
    #: the second person refused: it never began, nobody was planned, told or lost
    REJECTED = "rejected"
    #: waits for its start
    SCHEDULED = "scheduled"
    #: sends inside its window
    RUNNING = "running"
    #: staff, the error limit, or "the first N were sent" holds it back
    PAUSED = "paused"
    #: staff ended it; what was out is being waited for
    STOPPING = "stopping"
    #: every recipient is in a terminal state
    CLOSED = "closed"


class RunAction(StrEnum):
    """What can be done to a run."""

    #: the author hands it over for approval
    SUBMIT = "submit"
    #: the author lets it go where nobody needs to approve
    SCHEDULE = "schedule"
    #: the second person agrees
    APPROVE = "approve"
    #: the second person refuses
    REJECT = "reject"
    #: window or list is changed
    EDIT = "edit"
    #: window or list is changed after approval: it must be approved anew
    SEND_BACK = "send_back"
    #: its start has come
    START = "start"
    #: hold it
    PAUSE = "pause"
    #: go on
    RESUME = "resume"
    #: go on waiting for the start, after a pause before it
    WAIT_AGAIN = "wait_again"
    #: the end of the window is moved forward
    EXTEND = "extend"
    #: end it for good
    STOP = "stop"
    #: everybody is accounted for
    CLOSE = "close"


_S = RunState
_A = RunAction

#: (state, action) → state. Whatever is missing here is refused.
RUN_TRANSITIONS: Final[Mapping[tuple[RunState, RunAction], RunState]] = MappingProxyType(
    {
        (_S.DRAFT, _A.SUBMIT): _S.AWAITING_APPROVAL,
        (_S.DRAFT, _A.SCHEDULE): _S.SCHEDULED,
        (_S.DRAFT, _A.EDIT): _S.DRAFT,
        (_S.DRAFT, _A.STOP): _S.STOPPING,
        (_S.AWAITING_APPROVAL, _A.APPROVE): _S.SCHEDULED,
        (_S.AWAITING_APPROVAL, _A.REJECT): _S.REJECTED,
        (_S.AWAITING_APPROVAL, _A.EDIT): _S.AWAITING_APPROVAL,
        (_S.AWAITING_APPROVAL, _A.STOP): _S.STOPPING,
        (_S.SCHEDULED, _A.EDIT): _S.SCHEDULED,
        (_S.SCHEDULED, _A.SEND_BACK): _S.AWAITING_APPROVAL,
        (_S.SCHEDULED, _A.EXTEND): _S.SCHEDULED,
        (_S.SCHEDULED, _A.START): _S.RUNNING,
        (_S.SCHEDULED, _A.PAUSE): _S.PAUSED,
        (_S.SCHEDULED, _A.STOP): _S.STOPPING,
        (_S.RUNNING, _A.EXTEND): _S.RUNNING,
        (_S.RUNNING, _A.PAUSE): _S.PAUSED,
        (_S.RUNNING, _A.STOP): _S.STOPPING,
        (_S.RUNNING, _A.CLOSE): _S.CLOSED,
        (_S.PAUSED, _A.EXTEND): _S.PAUSED,
        (_S.PAUSED, _A.RESUME): _S.RUNNING,
        (_S.PAUSED, _A.WAIT_AGAIN): _S.SCHEDULED,
        (_S.PAUSED, _A.STOP): _S.STOPPING,
        (_S.PAUSED, _A.CLOSE): _S.CLOSED,
        (_S.STOPPING, _A.CLOSE): _S.CLOSED,
    }
)

#: Nothing changes any more.
OVER: Final = frozenset({RunState.CLOSED, RunState.REJECTED})


def states_allowing(action: RunAction) -> list[RunState]:
    """The states in which the action is possible."""
    return [state for state, possible in RUN_TRANSITIONS if possible is action]
