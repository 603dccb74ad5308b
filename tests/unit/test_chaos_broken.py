"""When a build that is wrong on purpose counts as caught."""

import pytest

from tests.chaos.broken import BROKEN
from tests.chaos.verdict import INVENTED, TOLD_TWICE, Verdict

SHOWN = {
    "send-before-commit": f"61 {TOLD_TWICE}",
    "blind-resend": f"72 {TOLD_TWICE}",
    "record-before-send": f"84 attempts {INVENTED}, such as one",
    "resend-behind-dot": f"22 {TOLD_TWICE}",
}


class TestIsCaught:
    @pytest.mark.parametrize("name", BROKEN)
    def test_by_what_it_does_wrong_in_any_round(self, name: str) -> None:
        rounds = [Verdict(), Verdict(faults=["the run is running, not closed", SHOWN[name]])]

        assert BROKEN[name].is_caught(rounds)

    @pytest.mark.parametrize("name", BROKEN)
    def test_not_by_rounds_in_which_nothing_was_sent_or_that_were_red_for_another_reason(
        self, name: str
    ) -> None:
        faults = ["nothing was sent", "the run was not closed within 120 s", "counters differ from the rows"]

        assert not BROKEN[name].is_caught([Verdict(), Verdict(faults=faults)])
