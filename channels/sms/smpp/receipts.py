"""Delivery receipts out of deliver_sm: by optional parameters, else by the text that everybody copies.

The text is that of appendix B, which is an example and no rule: fields come in any order and case, and
some are left out. An id that a provider writes in hexadecimal in answers and in decimal in receipts, or
the other way round, is made one number.
"""

import json
import re
from collections.abc import Mapping
from typing import Final, Literal

from channels.port import Receipt, ReceiptKind
from channels.sms.smpp.codes import MESSAGE_STATES, STATES_BY_WORD
from channels.sms.smpp.pdu import ShortMessage, Tag

IdForm = Literal["text", "hex", "decimal"]
#: esm_class of what is no message from a customer: a receipt, an acknowledgement, a notification (5.2.12)
_KIND_BITS: Final = 0x3C
_RECEIPT_BITS: Final = 0x04
_NOTIFICATION_BITS: Final = 0x20
_FIELD: Final = re.compile(r"\b(id|stat|err):\s*(\S+)", re.IGNORECASE)
_MOST_ID_CHARACTERS: Final = 64
_NO_ERRORS: Final = frozenset({"", "0", "00", "000"})
_ERROR: Final = re.compile(r"[0-9A-Za-z]{1,8}", re.ASCII)


def is_receipt(message: ShortMessage) -> bool:
    """Whether it reports on a message of ours; else a customer wrote it."""
    if message.esm_class & _KIND_BITS in {_RECEIPT_BITS, _NOTIFICATION_BITS}:
        return True
    return Tag.RECEIPTED_MESSAGE_ID in message.parameters


def read_receipt(message: ShortMessage, provider: str, form: IdForm) -> Receipt:
    """What it says; what nobody can read is a report of kind unknown, kept with its raw text."""
    text = message.text_octets.decode("latin-1")
    fields = {name.lower(): value for name, value in reversed(_FIELD.findall(text))}
    number = _state(message.parameters.get(Tag.MESSAGE_STATE), fields)
    state = MESSAGE_STATES.get(number) if number is not None else None
    name = message.parameters.get(Tag.RECEIPTED_MESSAGE_ID, b"").rstrip(b"\0").decode("latin-1")
    found = normal_id(name or fields.get("id", ""), form)
    return Receipt(
        None,
        state.kind if state else ReceiptKind.UNKNOWN,
        _reason(number, fields.get("err", "")),
        raw=json.dumps({"text": text, "id": name, "state": number}).encode(),
        provider_message=f"{provider}/{found}" if found else None,
    )


def read_letter(message: ShortMessage) -> Receipt:
    """What a customer wrote, as a report that says nothing: so it is at least kept, raw."""
    kept = {
        "incoming_from": message.source.value,
        "to": message.destination.value,
        "data_coding": message.data_coding,
        "octets": message.text_octets.hex(),
    }
    return Receipt(None, ReceiptKind.UNKNOWN, "smpp_incoming", raw=json.dumps(kept).encode())


def normal_id(value: str, form: IdForm) -> str:
    """The id as we keep it: a number in decimal digits, or the text as it stands; empty when it is none."""
    value = value.strip()[:_MOST_ID_CHARACTERS]
    if form == "text":
        return value
    try:
        return str(int(value, 16 if form == "hex" else 10))
    except ValueError:
        return value


def _state(octets: bytes | None, fields: Mapping[str, str]) -> int | None:
    if octets:
        return octets[0]
    return STATES_BY_WORD.get(fields.get("stat", "").upper())


def _reason(number: int | None, error: str) -> str:
    """`smpp_state_5_001`: nothing a provider might write there beside a code gets in."""
    state = "smpp_state_none" if number is None else f"smpp_state_{number}"
    return f"{state}_{error}" if error not in _NO_ERRORS and _ERROR.fullmatch(error) else state
