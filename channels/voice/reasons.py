"""Why a call ended as it did: the words in `Outcome.reason` by which retry rules, reports and staff go.

The words are those of domain.md 6.1 and 6.2; the adapter turns SIP statuses, causes and what was heard into
one of them, whatever provider the call went over. Status and cause themselves stay in `CallResult`.
"""

from enum import StrEnum
from types import MappingProxyType
from typing import Final

from channels.port import OutcomeKind


class CallReason(StrEnum):
    """What became of a call that did not tell the person; the kind of outcome is in `KINDS`."""

    #: 486, 600
    BUSY = "busy"
    #: 480, or our ring time ran out
    NO_ANSWER = "no_answer"
    #: 408: nothing came back from the other side
    NO_RESPONSE = "no_response"
    #: 603, 403: the person, or their operator, refused the call
    DECLINED = "declined"
    #: 607, 608: unwanted, or rejected by the operator's analytics
    UNWANTED = "unwanted"
    #: 404, 485, 604
    WRONG_NUMBER = "wrong_number"
    #: 410
    NUMBER_CHANGED = "number_changed"
    #: 484
    NUMBER_INCOMPLETE = "number_incomplete"
    #: 488, 606: the trunk is to be mended
    CODEC_PROBLEM = "codec_problem"
    #: 502
    OUT_OF_ORDER = "out_of_order"
    #: 500, 503, 504: not an attempt
    CONGESTION = "congestion"
    #: an answering machine took it
    MACHINE = "machine"
    #: somebody answered and hung up before the facts were told
    NOT_HEARD = "not_heard"
    #: nobody said, by the key for it, that the call reached the right person
    NOT_IDENTIFIED = "not_identified"
    #: all was told, and no key confirmed it, which the scenario wants
    NOT_CONFIRMED = "not_confirmed"
    #: the key "not me"
    WRONG_PERSON = "wrong_person"
    #: the key "no more calls", before all was told
    STOP_CALLS = "stop_calls"
    #: nothing could be said: a phrase gave no sound
    NO_SPEECH = "no_speech"
    #: the text of this notice has no call script
    NO_SCRIPT = "no_script"
    #: the call was answered and its sound did not arrive
    NO_SOUND = "no_sound"
    #: 400, 405, 420 and the like: the trunk does not take calls as we make them
    REQUEST_REFUSED = "request_refused"
    #: 401, 402, 407: the trunk takes neither our password nor our address
    LOGIN_REFUSED = "login_refused"
    #: no INVITE arrived there: no route, refused connection, no such host
    TRUNK_UNREACHABLE = "trunk_unreachable"
    #: no trunk takes this number, or all that do are spared because they fail
    NO_TRUNK = "no_trunk"
    #: all lines were taken
    NO_LINE = "no_line"
    #: the SIP stack of this process is gone; the process ends
    ENGINE_GONE = "engine_gone"
    #: the phrases were not made audible in time; they are there the next time
    SPEECH_NOT_READY = "speech_not_ready"
    #: as for every channel: told to begin nothing more
    STOPPED = "stopped"
    #: as for every channel: `Envelope.begin_until` is past
    NOT_BEGUN_IN_TIME = "not_begun_in_time"
    #: `Envelope.deliver_until` is nearer than the call with its spoken phrases is long
    WINDOW_TOO_SHORT = "call_window_too_short"
    #: cut off by our own process; nobody knows what was heard
    BROKEN_OFF = "broken_off"


#: What kind of outcome each reason comes with. Without one of these a call is `DELIVERED`, or in doubt.
KINDS: Final = MappingProxyType(
    {
        CallReason.BUSY: OutcomeKind.TRANSIENT,
        CallReason.NO_ANSWER: OutcomeKind.TRANSIENT,
        CallReason.NO_RESPONSE: OutcomeKind.TRANSIENT,
        CallReason.DECLINED: OutcomeKind.TRANSIENT,
        CallReason.UNWANTED: OutcomeKind.PERMANENT,
        CallReason.WRONG_NUMBER: OutcomeKind.PERMANENT,
        CallReason.NUMBER_CHANGED: OutcomeKind.PERMANENT,
        CallReason.NUMBER_INCOMPLETE: OutcomeKind.PERMANENT,
        CallReason.CODEC_PROBLEM: OutcomeKind.SENDER_FAULT,
        CallReason.OUT_OF_ORDER: OutcomeKind.TRANSIENT,
        CallReason.CONGESTION: OutcomeKind.NOT_SENT,
        CallReason.MACHINE: OutcomeKind.TRANSIENT,
        CallReason.NOT_HEARD: OutcomeKind.TRANSIENT,
        CallReason.NOT_IDENTIFIED: OutcomeKind.TRANSIENT,
        CallReason.NOT_CONFIRMED: OutcomeKind.TRANSIENT,
        CallReason.WRONG_PERSON: OutcomeKind.PERMANENT,
        CallReason.STOP_CALLS: OutcomeKind.PERMANENT,
        CallReason.NO_SPEECH: OutcomeKind.PERMANENT,
        CallReason.NO_SCRIPT: OutcomeKind.SENDER_FAULT,
        CallReason.NO_SOUND: OutcomeKind.TRANSIENT,
        CallReason.REQUEST_REFUSED: OutcomeKind.SENDER_FAULT,
        CallReason.LOGIN_REFUSED: OutcomeKind.NOT_SENT,
        CallReason.TRUNK_UNREACHABLE: OutcomeKind.NOT_SENT,
        CallReason.NO_TRUNK: OutcomeKind.NOT_SENT,
        CallReason.NO_LINE: OutcomeKind.NOT_SENT,
        CallReason.ENGINE_GONE: OutcomeKind.NOT_SENT,
        CallReason.SPEECH_NOT_READY: OutcomeKind.NOT_SENT,
        CallReason.STOPPED: OutcomeKind.NOT_SENT,
        CallReason.NOT_BEGUN_IN_TIME: OutcomeKind.NOT_SENT,
        CallReason.WINDOW_TOO_SHORT: OutcomeKind.NOT_SENT,
        CallReason.BROKEN_OFF: OutcomeKind.UNKNOWN,
    }
)
