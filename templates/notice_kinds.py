"""What each kind of notice must say (requirements 16–26, 37–42), by the name of its built-in text.

An item is a field: the text must print it, and no recipient may have it empty. Staff may write the text
anew, but not leave an item out.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from templates.bundled import channel_of, scenario_of

#: Organisation, works, reason, date and time, terms, who is responsible, contact (requirements 37 and 38).
SEVEN_ITEMS: Final = (
    *("company_name", "work_kind", "reason", "event_date", "event_time", "duration"),
    *("responsible_position", "responsible_name", "contact_phone"),
)
_COMPLAINT: Final = ("executor_name", "executor_phone", "appeal_to")  #: requirement 42
_CONTRACT_CHANGE: Final = ("contract_number", "change", "reason", "event_date")  #: 41

MANDATORY_ITEMS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "debt_reminder": ("full_name", "debt"),  # requirement 40
        "payment_due": ("full_name", "debt", "due_date"),
        "correction": (),
        "tariff_change": ("company_name", "change", "event_date"),
        "planned_outage": SEVEN_ITEMS,
        "emergency_outage": ("company_name", "event_time", "restore_time", "contact_phone"),
        "restriction_warning": ("company_name", "full_name", "debt", "due_date", "event_date"),
        "restriction_notice": ("company_name", "full_name", "debt", "event_date"),
        "meter_visit": SEVEN_ITEMS,
        "meter_readings": ("company_name", "submit_by"),
        "contract_prolongation": ("company_name", "contract_number", "contract_end"),
        "contract_change": ("company_name", *_CONTRACT_CHANGE),
        "application_accepted": ("company_name", "application_number", "application_date"),
        "application_documents": ("company_name", "application_number", "missing_documents"),
        "application_refused": ("company_name", "application_number", "reason", "appeal_to"),
        "complaint_progress": ("company_name", "application_number", "progress", *_COMPLAINT),
        "complaint_delay": ("company_name", "application_number", "new_date", *_COMPLAINT),
        "complaint_answer": ("company_name", "application_number", "answer", *_COMPLAINT),
        # requirement 39: volume, calculation, period, term and contact information
        "bill_issued": ("debt", "due_date", "period_end", "volume", "calculation", "company_phone"),
        "reconciliation": ("company_name", "event_date", "event_time", "place"),
        "tariff_menu": ("company_name", "year", "tariff_menu"),
        "satisfaction_survey": ("company_name", "survey_url"),
    }
)


def mandatory_items(template: str) -> tuple[str, ...]:
    """The fields that a text of this name must print; nothing is asked of texts of other names.

    A call says what its scenario must say, but for links, which nobody can write down.
    """
    if channel_of(template) == "voice":
        items = MANDATORY_ITEMS.get(scenario_of(template), ())
        return tuple(name for name in items if not name.endswith("_url"))
    return MANDATORY_ITEMS.get(template, ())
