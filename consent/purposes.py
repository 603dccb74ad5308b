"""What a notice is about: the purposes that consent, policy and scenarios speak of (requirements 16–26).

A ledger entry names one of them or `*`, which is every one (`consent.permission.EVERY_PURPOSE`).
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Purpose(StrEnum):
    """Every purpose; the only place where they are spelled."""

    #: the customer owes money (requirement 16)
    DEBT = "debt"
    #: a payment falls due soon (17)
    PAYMENT_DUE = "payment_due"
    #: prices or rules of supply change (18)
    TARIFF = "tariff"
    #: supply is interrupted, planned or by an accident (19)
    OUTAGE = "outage"
    #: supply may be or is restricted (20)
    RESTRICTION_WARNING = "restriction_warning"
    #: meters are read, or readings are asked for (21)
    METER_READING = "meter_reading"
    #: the contract is prolonged or changed (22)
    CONTRACT = "contract"
    #: where an application or a complaint stands (23, 24)
    APPLICATION_STATUS = "application_status"
    #: a bill or a reconciliation (25)
    BILL = "bill"
    #: satisfaction is asked about (26)
    SURVEY = "survey"
    #: whatever draws interest to an offer: never by automatic dialling (law 38-FZ, article 18)
    ADVERTISING = "advertising"


#: What two of them were called once: letters that are out name them so (decision 32).
RENAMED: Final[Mapping[str, str]] = MappingProxyType(
    {"meter": Purpose.METER_READING.value, "restriction": Purpose.RESTRICTION_WARNING.value}
)


def current_purpose(word: str) -> str:
    """The purpose that a word of any time means."""
    return RENAMED.get(word, word)
