"""Lead times, counted in days, months and days of a month."""

from datetime import date

import pytest

from campaigns.catalogue import BUILTIN
from campaigns.lead_time import Counted, LeadTime, Strictness


def latest(name: str, event: date) -> date:
    lead = BUILTIN[name].lead_time
    assert lead is not None
    return lead.latest_start(event)


class TestLatestStart:
    @pytest.mark.requirement(27, "planned works: 10 days before")
    def test_planned_works_are_told_ten_days_before(self):
        assert latest("planned_outage", date(2026, 12, 22)) == date(2026, 12, 12)

    @pytest.mark.requirement(31, "prolongation: 2 months, changes: 1 month before")
    @pytest.mark.parametrize(
        ("name", "event", "expected"),
        [
            ("contract_prolongation", date(2027, 2, 28), date(2026, 12, 28)),
            ("contract_prolongation", date(2026, 12, 31), date(2026, 10, 31)),
            ("contract_prolongation", date(2027, 4, 30), date(2027, 2, 28)),
            ("contract_change", date(2027, 3, 31), date(2027, 2, 28)),
        ],
    )
    def test_months_end_with_the_month(self, name, event, expected):
        assert latest(name, event) == expected

    @pytest.mark.requirement(32, "applicant: 5 and 30 days")
    def test_an_applicant_hears_within_five_days_and_a_refusal_within_thirty(self):
        assert latest("application_accepted", date(2026, 11, 30)) == date(2026, 12, 5)
        assert latest("application_refused", date(2026, 11, 30)) == date(2026, 12, 30)

    @pytest.mark.requirement(33, "bills by the 5th, reconciliation within 3 days")
    def test_a_bill_is_out_by_the_fifth_of_the_next_month(self):
        assert latest("bill_issued", date(2026, 12, 31)) == date(2027, 1, 5)
        assert latest("reconciliation", date(2026, 12, 22)) == date(2026, 12, 19)

    def test_a_day_that_a_month_does_not_have_is_its_last(self):
        lead = LeadTime("period_end", Counted.DAY_OF_NEXT_MONTH, days=31, strictness=Strictness.WARN)
        assert lead.latest_start(date(2027, 1, 31)) == date(2027, 2, 28)

    def test_an_emergency_waits_for_nothing(self):
        assert BUILTIN["emergency_outage"].lead_time is None
        assert BUILTIN["emergency_outage"].priority == "urgent"
