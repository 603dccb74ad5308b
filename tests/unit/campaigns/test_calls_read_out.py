"""Which calls can be made where a provider only reads a text out: the built-in ones, judged as written."""

import pytest

from campaigns.calls_read_out import needs_more_than_reading
from templates.bundled import builtin_template
from templates.call_form import read_call_form

READ_OUT = {"planned_outage", "emergency_outage", "tariff_change"}
NEED_KEYS = {
    "debt_reminder",
    "payment_due",
    "restriction_warning",
    "meter_readings",
    "satisfaction_survey",
    "contract_prolongation",
    "correction",
}


class TestBuiltinCalls:
    @pytest.mark.parametrize("language", ["ru", "uk", "en"])
    @pytest.mark.parametrize("scenario", sorted(READ_OUT | NEED_KEYS))
    def test_those_that_name_nobody_can_be_read_out_and_no_other(self, scenario: str, language: str) -> None:
        form = read_call_form(builtin_template(f"{scenario}_voice", language).text)
        assert needs_more_than_reading(form) is (scenario in NEED_KEYS)

    def test_a_recording_is_no_text_and_a_confirmation_is_a_key(self) -> None:
        spoken = "[сведения]\nСвета не будет.\n"
        assert not needs_more_than_reading(read_call_form(spoken))
        assert needs_more_than_reading(read_call_form("засчитать = подтверждено\n\n" + spoken))
        recorded = spoken.replace("]\n", f"]\nзапись = {'a' * 64}\n")
        assert needs_more_than_reading(read_call_form(recorded))
