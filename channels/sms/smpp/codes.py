"""What the numbers and words of SMPP 3.4 mean here: statuses of commands, states of messages.

Source: SMPP 3.4, tables 5-2 (command_status) and 5-6 (message_state), appendix B (words of receipts). A
status that is not here came from a vendor's own range: the message was refused, and it may be tried later.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from channels.port import OutcomeKind, ReceiptKind


@dataclass(frozen=True, slots=True)
class CommandStatus:
    """A `command_status`: what became of a message that was answered so. `meaning` is for staff."""

    kind: OutcomeKind
    name: str
    meaning: str
    #: the whole account or connection is meant: it has not left, another provider may take it
    is_for_provider: bool = False

    @property
    def reason(self) -> str:
        """The short code that is recorded."""
        return f"smpp_{self.name}"


_OURS, _PERMANENT, _TRANSIENT = OutcomeKind.SENDER_FAULT, OutcomeKind.PERMANENT, OutcomeKind.TRANSIENT
_THROTTLED, _NOT_SENT = OutcomeKind.THROTTLED, OutcomeKind.NOT_SENT
OK: Final = 0x00
INVALID_COMMAND: Final = 0x03
INVALID_BIND: Final = 0x04
ALREADY_BOUND: Final = 0x05
SYSTEM_ERROR: Final = 0x08
INVALID_DESTINATION: Final = 0x0B
NO_SUCH_MESSAGE: Final = 0x0C
BIND_FAILED: Final = 0x0D
WRONG_PASSWORD: Final = 0x0E
QUEUE_FULL: Final = 0x14
SUBMIT_FAILED: Final = 0x45
THROTTLED: Final = 0x58
REFUSED_FOR_GOOD: Final = 0x65
TRY_LATER: Final = 0x64  #: what we answer to a receipt that could not be stored

#: `command_status` → what it says of a message.
COMMAND_STATUSES: Final[Mapping[int, CommandStatus]] = MappingProxyType(
    {
        OK: CommandStatus(OutcomeKind.ACCEPTED, "rok", "taken"),
        0x01: CommandStatus(_OURS, "rinvmsglen", "the text is too long for this provider"),
        0x02: CommandStatus(_OURS, "rinvcmdlen", "a packet of a wrong length: report it"),
        INVALID_COMMAND: CommandStatus(_OURS, "rinvcmdid", "the provider does not know the command"),
        INVALID_BIND: CommandStatus(_NOT_SENT, "rinvbndsts", "not bound for sending", is_for_provider=True),
        ALREADY_BOUND: CommandStatus(
            _NOT_SENT, "ralybnd", "bound already: is the account in use elsewhere?", is_for_provider=True
        ),
        0x06: CommandStatus(_OURS, "rinvprtflg", "a wrong priority"),
        0x07: CommandStatus(_OURS, "rinvregdlvflg", "receipts are not allowed for this account"),
        SYSTEM_ERROR: CommandStatus(OutcomeKind.UNKNOWN, "rsyserr", "a fault of the provider's: who knows"),
        0x0A: CommandStatus(_OURS, "rinvsrcadr", "the sender's name is not registered"),
        INVALID_DESTINATION: CommandStatus(_PERMANENT, "rinvdstadr", "the telephone number is not one"),
        NO_SUCH_MESSAGE: CommandStatus(_OURS, "rinvmsgid", "the provider knows no such message"),
        BIND_FAILED: CommandStatus(_NOT_SENT, "rbindfail", "the bind failed", is_for_provider=True),
        WRONG_PASSWORD: CommandStatus(
            _NOT_SENT, "rinvpaswd", "the password is wrong: check sms.smpp", is_for_provider=True
        ),
        0x0F: CommandStatus(
            _NOT_SENT, "rinvsysid", "the account does not exist: check sms.smpp", is_for_provider=True
        ),
        0x11: CommandStatus(_OURS, "rcancelfail", "it could not be withdrawn"),
        0x13: CommandStatus(_OURS, "rreplacefail", "it could not be replaced"),
        QUEUE_FULL: CommandStatus(_THROTTLED, "rmsgqful", "the provider's queue is full"),
        0x15: CommandStatus(_OURS, "rinvsertyp", "a wrong service type: check service_type"),
        0x33: CommandStatus(_OURS, "rinvnumdests", "a wrong number of recipients"),
        0x34: CommandStatus(_OURS, "rinvdlname", "no such distribution list"),
        0x40: CommandStatus(_OURS, "rinvdestflag", "a wrong kind of recipient"),
        0x42: CommandStatus(_OURS, "rinvsubrep", "replacing is not allowed"),
        0x43: CommandStatus(_OURS, "rinvesmclass", "headers in texts are not allowed: set concatenation"),
        0x44: CommandStatus(_OURS, "rcntsubdl", "not to a distribution list"),
        SUBMIT_FAILED: CommandStatus(_TRANSIENT, "rsubmitfail", "it was not taken"),
        0x48: CommandStatus(_OURS, "rinvsrcton", "a wrong type of the sender: check source_ton"),
        0x49: CommandStatus(_OURS, "rinvsrcnpi", "a wrong plan of the sender: check source_npi"),
        0x50: CommandStatus(_OURS, "rinvdstton", "a wrong type of the number"),
        0x51: CommandStatus(_OURS, "rinvdstnpi", "a wrong plan of the number"),
        0x53: CommandStatus(_OURS, "rinvsystyp", "a wrong system type: check system_type"),
        0x54: CommandStatus(_OURS, "rinvrepflag", "a wrong flag of replacing"),
        0x55: CommandStatus(_OURS, "rinvnummsgs", "a wrong number of messages"),
        THROTTLED: CommandStatus(_THROTTLED, "rthrottled", "more than the provider allows"),
        0x61: CommandStatus(_OURS, "rinvsched", "a wrong time of delivery"),
        0x62: CommandStatus(_OURS, "rinvexpiry", "a wrong validity"),
        0x63: CommandStatus(_OURS, "rinvdftmsgid", "no such prepared text"),
        TRY_LATER: CommandStatus(_TRANSIENT, "rx_t_appn", "refused for now"),
        REFUSED_FOR_GOOD: CommandStatus(_PERMANENT, "rx_p_appn", "refused for good"),
        0x66: CommandStatus(_PERMANENT, "rx_r_appn", "refused"),
        0x67: CommandStatus(_OURS, "rqueryfail", "the question failed"),
        0xC0: CommandStatus(_OURS, "rinvoptparstream", "optional parameters are wrong: report it"),
        0xC1: CommandStatus(_OURS, "roptparnotallwd", "an optional parameter is not allowed"),
        0xC2: CommandStatus(_OURS, "rinvparlen", "a parameter of a wrong length: report it"),
        0xC3: CommandStatus(_OURS, "rmissingoptparam", "an optional parameter is missing"),
        0xC4: CommandStatus(_OURS, "rinvoptparamval", "an optional parameter is wrong"),
        0xFE: CommandStatus(_TRANSIENT, "rdeliveryfailure", "it could not be delivered"),
        0xFF: CommandStatus(OutcomeKind.UNKNOWN, "runknownerr", "an error that the provider does not name"),
    }
)


def read_status(status: int) -> CommandStatus:
    """What a status says; one of a vendor's own is a refusal for now that names its number."""
    return COMMAND_STATUSES.get(status) or CommandStatus(
        _TRANSIENT, f"0x{status:08x}", "an error of the provider's own"
    )


@dataclass(frozen=True, slots=True)
class MessageState:
    """A `message_state`, and the word for it in the text of a receipt."""

    kind: ReceiptKind
    word: str
    meaning: str


_DELAYED, _FAILED = ReceiptKind.DELAYED, ReceiptKind.FAILED
DELIVERED: Final = 2

#: `message_state` → what it says (table 5-6; 0, 9 and 10 are of later versions, and occur).
MESSAGE_STATES: Final[Mapping[int, MessageState]] = MappingProxyType(
    {
        0: MessageState(_DELAYED, "SCHEDUL", "waits for its time"),
        1: MessageState(_DELAYED, "ENROUTE", "under way"),
        DELIVERED: MessageState(ReceiptKind.DELIVERED, "DELIVRD", "delivered"),
        3: MessageState(_FAILED, "EXPIRED", "its life ended before it could be delivered"),
        4: MessageState(_FAILED, "DELETED", "deleted at the provider"),
        5: MessageState(_FAILED, "UNDELIV", "cannot be delivered"),
        6: MessageState(_DELAYED, "ACCEPTD", "taken, for instance read by the operator's staff"),
        7: MessageState(ReceiptKind.UNKNOWN, "UNKNOWN", "nobody knows"),
        8: MessageState(_FAILED, "REJECTD", "rejected"),
        9: MessageState(_FAILED, "SKIPPED", "skipped"),
    }
)
STATES_BY_WORD: Final = MappingProxyType(
    {state.word: number for number, state in MESSAGE_STATES.items()}
    # Spellings that occur: the field of the receipt has room for seven letters, not everybody keeps to it.
    | {"DELIVERED": DELIVERED, "UNDELIVERABLE": 5, "REJECTED": 8, "ACCEPTED": 6, "SCHEDULED": 0}
)
_WRONG_NUMBERS: Final = frozenset({f"smpp_{COMMAND_STATUSES[INVALID_DESTINATION].name}"})


def is_wrong_number(reason: str) -> bool:
    """Whether the reason of a refused message says that the number is none."""
    return reason in _WRONG_NUMBERS
