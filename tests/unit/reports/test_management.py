"""The report's arithmetic: periods, terms, contacts by purpose, and words that fit where they stand."""

from collections import Counter
from datetime import date
from zoneinfo import ZoneInfo

import pytest

from campaigns.lead_time import Counted, LeadTime
from reports.management.asked import BadReportError, ReportAsked, usual_periods
from reports.management.consents import by_purpose
from reports.management.runs import TERMINAL, Cost, Figures
from reports.management.terms import Term, term_of
from reports.management.words import TABLES

MOSCOW = ZoneInfo("Europe/Moscow")
TEN_DAYS = LeadTime("event_date", Counted.BEFORE, days=10)
TODAY = date(2026, 3, 10)


class TestPeriods:
    def test_the_usual_ones_cross_years(self) -> None:
        found = usual_periods(date(2026, 1, 15))
        assert found["month_before"] == (date(2025, 12, 1), date(2025, 12, 31))
        assert found["quarter"] == (date(2026, 1, 1), date(2026, 3, 31))
        assert found["quarter_before"] == (date(2025, 10, 1), date(2025, 12, 31))

    @pytest.mark.parametrize("month", range(1, 13))
    def test_a_quarter_follows_the_one_before(self, month: int) -> None:
        found = usual_periods(date(2026, month, 28))
        assert (found["quarter"][0] - found["quarter_before"][1]).days == 1
        assert found["quarter_before"][0].month in {1, 4, 7, 10}

    def test_a_day_begins_at_midnight_of_the_company(self) -> None:
        asked = ReportAsked(TODAY, TODAY, MOSCOW)
        assert (asked.ends - asked.begins).total_seconds() == 86_400
        assert asked.begins.utcoffset() == asked.ends.utcoffset()

    @pytest.mark.parametrize(
        "wrong",
        [
            {"first": date(2026, 3, 11)},
            {"first": date(2025, 3, 9)},
            {"purpose": "gossip"},
            {"customer_group": 4},
            {"first": date(1970, 1, 1)},
        ],
    )
    def test_what_there_cannot_be_is_refused(self, wrong: dict[str, object]) -> None:
        with pytest.raises(BadReportError):
            ReportAsked(**{"first": TODAY, "last": TODAY, "zone": MOSCOW, **wrong})  # type: ignore[arg-type]


class TestTerms:
    @pytest.mark.parametrize(
        ("day", "told_on", "is_open", "term"),
        [
            ("2026-03-20", TODAY, False, Term.KEPT),
            ("2026-03-19", TODAY, False, Term.LATE),
            ("2026-03-20", None, True, Term.AHEAD),
            ("2026-03-19", None, True, Term.UNTOLD),
            ("2026-03-30", None, False, Term.UNTOLD),
            (None, TODAY, False, Term.NO_DATE),
            ("скоро", None, False, Term.NO_DATE),
        ],
    )
    def test_the_last_day_that_the_rule_allows_decides(
        self, day: str | None, told_on: date | None, is_open: bool, term: Term
    ) -> None:
        assert term_of(TEN_DAYS, day, told_on, TODAY, is_open=is_open) is term


class TestFigures:
    def test_what_is_neither_ended_nor_told_goes_on(self) -> None:
        figures = Figures(10, Counter({"notified": 4, "open": 2, "failed": 1}), Cost())
        assert figures.going_on == 5
        assert figures.planned == figures.going_on + sum(figures.notices[state] for state in TERMINAL)


class TestContactsByPurpose:
    ROWS = (
        ("email", "*", "permitted", "", 10),
        ("email", "debt", "refused", "permitted", 3),
        ("email", "debt", "permitted", "", 2),
    )

    def test_a_general_word_counts_for_those_without_one_of_their_own(self) -> None:
        general, debt = by_purpose(self.ROWS)
        assert (general.purpose, general.permitted) == ("*", 10)
        assert (debt.permitted, debt.refused) == (9, 3)

    def test_a_purpose_of_which_nobody_spoke_stands_as_the_general_word(self) -> None:
        [outage] = by_purpose(self.ROWS[:1], "outage")
        assert (outage.purpose, outage.permitted) == ("outage", 10)


class TestWords:
    def test_titles_of_tables_are_names_of_sheets(self) -> None:
        for words in TABLES.values():
            for word in words:
                assert len(word) <= 31
                assert not set(word) & set("[]:*?/\\")
