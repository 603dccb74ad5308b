"""The report of a list in another language than it was kept in."""

import pytest

from campaigns.list_errors import REASONS, RowProblem
from dispatcher.web.list_words import UKRAINIAN, reword


class TestReword:
    def test_has_ukrainian_words_for_every_reason(self):
        assert set(UKRAINIAN) == set(REASONS)

    @pytest.mark.parametrize("reason", sorted(REASONS))
    def test_says_the_same_as_the_report_itself_would(self, reason):
        problem = RowProblem(7, "Сумма", "text", reason, first_line=3, last_line=9, suggestion="mail.ru")
        assert reword(reason, problem.message, "ru") == problem.message
        assert reword(reason, problem.message, "en") == problem.message_en
        assert "{" not in reword(reason, problem.message, "uk")

    def test_words_of_an_earlier_pattern_lose_their_places_only(self):
        assert reword("duplicate_account", "как-то иначе", "en") == "the same account is already in line …"

    def test_a_reason_that_is_not_known_stays_as_it_was_written(self):
        assert reword("from_the_future", "слова", "en") == "слова"
