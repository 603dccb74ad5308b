"""Where a bill that is named by its URL stands, and what its faults mean for the notice that waits for it."""

from enum import StrEnum
from types import MappingProxyType
from typing import Final

from templates.errors import AttachmentError


class BillState(StrEnum):
    """Where the fetching of one bill of one run stands."""

    #: to be fetched, for the first time or again
    WAITING = "waiting"
    #: fetched; its bytes are kept until the run is closed
    READY = "ready"
    #: given up; `fault` says why
    FAILED = "failed"
    #: the run is closed: nobody needs it any more
    DROPPED = "dropped"


#: Why an attempt waits: its bill is not there yet.
BILL_WAITING: Final = "bill_waiting"
#: Why an attempt that waited is due: its bill has come, or was given up.
BILL_SETTLED: Final = "bill_settled"
#: The attempt's reason when the bill could not be fetched at all: an optional one may be left out.
UNAVAILABLE: Final = "attachment_unavailable"
#: The URL itself is not to be followed.
URL_REFUSED: Final = "attachment_url_refused"
#: No host is allowed in the settings.
URLS_OFF: Final = "attachment_url_off"

#: What was wrong with what came; any other fault makes the bill unavailable.
_REASONS: Final = MappingProxyType(
    {
        "too_large": "attachment_too_large",
        "bad_type": "attachment_bad_type",
        "address_refused": URL_REFUSED,
        "redirect_refused": URL_REFUSED,
        "redirects_too_many": UNAVAILABLE,
    }
)
_MESSAGES: Final = MappingProxyType(
    {
        "attachment_too_large": "файл по ссылке слишком велик",
        "attachment_bad_type": "по ссылке не PDF и не изображение PNG или JPEG",
        URL_REFUSED: "ссылка ведёт туда, куда ходить нельзя",
        UNAVAILABLE: "файл по ссылке получить не удалось",
    }
)


def attachment_error(fault: str) -> AttachmentError:
    """What the fault of a bill means for the notice it should go with."""
    code = _REASONS.get(fault, UNAVAILABLE)
    return AttachmentError(_MESSAGES[code], code=code)
