"""Errors in the reader's language: every error that a page may show has words in each."""

import ast
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from campaigns.errors import CampaignError, RecurrenceError, UnknownListError
from campaigns.list_errors import ListFileError
from dispatcher.delivery.errors import RunStateError
from dispatcher.web.faults import fault_in_words, list_fault
from dispatcher.web.texts import CATALOGUE
from reports.words import LANGUAGES
from templates.errors import TemplateError

ROOT = Path(str(files("dispatcher"))).parent
#: Errors that staff meet on pages; each says itself by a code, or by its class.
SHOWN = {
    "CampaignError",
    "DomainPauseError",
    "ImportStateError",
    "LetterError",
    "LinkedRunError",
    "NotAnApproverError",
    "OwnCampaignError",
    "RecurrenceError",
    "RunStateError",
    "SeedError",
    "SuppressionError",
    "UnknownMappingError",
    "UnknownRecipientError",
    "UnknownScenarioError",
}


def raised() -> Iterator[tuple[str, str, str | None]]:
    """(place, class, code) of every error raised in the domain."""
    for folder in ("campaigns", "consent", "dispatcher/delivery"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                    codes = [one.value for one in node.exc.keywords if one.arg == "code"]
                    code = codes[0].value if codes and isinstance(codes[0], ast.Constant) else None
                    yield f"{path.name}:{node.lineno}", ast.unparse(node.exc.func), code


def raised_files() -> set[str]:
    """The codes of faults of whole files."""
    codes = set()
    for path in sorted((ROOT / "campaigns").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "ListFileError":
                first = node.args[0]
                codes |= {first.value} if isinstance(first, ast.Constant) else set()
    return codes


class TestWords:
    def test_every_error_that_a_page_may_show_names_its_code(self):
        assert [place for place, kind, code in raised() if kind in SHOWN and code is None] == []

    def test_every_code_has_words(self):
        # Faults of attachments are faults of templates, whose words name the place.
        codes = {code for _, kind, code in raised() if code and kind != "AttachmentError"}
        assert len(codes) > 30
        assert {code for code in codes if f"fault_{code}" not in CATALOGUE["ru"]} == set()

    def test_every_fault_of_a_file_has_words(self):
        codes = raised_files()
        assert len(codes) > 15
        assert {code for code in codes if f"list_fault_{code}" not in CATALOGUE["uk"]} == set()


class TestFaultInWords:
    @pytest.mark.parametrize("language", ["ru", "uk"])
    def test_no_english_word_reaches_a_page_of_another_language(self, language):
        for error in (
            CampaignError("the end of the campaign must be after its start", code="end_before_start"),
            UnknownListError("there is no such list"),
            RunStateError("the run is closed", code="run_state", state="closed"),
            CampaignError("something new"),
        ):
            words = fault_in_words(error, language)
            assert words
            assert str(error) not in words
            assert not any("a" <= sign <= "z" for sign in words.lower()), words

    def test_states_are_said_in_words(self):
        error = RunStateError("the run is closed", code="run_state", state="closed")
        assert "завершено" in fault_in_words(error, "ru")
        error = RecurrenceError("is ended", code="recurrence_state", recurrence="ended")
        assert "repeats no more" in fault_in_words(error, "en")

    def test_a_fault_of_a_file_names_the_place_where_the_import_says_it(self):
        error = ListFileError("quote_open", "Кавычка, открытая в строке 7, не закрыта.")
        assert fault_in_words(error, "ru") == str(error)
        assert "quote" in fault_in_words(error, "en")
        assert list_fault("unheard_of", None, "ru") == CATALOGUE["ru"]["advice_500"]

    def test_a_fault_of_a_template_stays_russian_only_for_russians(self):
        error = TemplateError("непонятно", part="text", line=3)
        assert fault_in_words(error, "ru") == "Текст, строка 3: непонятно"
        for language in set(LANGUAGES) - {"ru"}:
            assert fault_in_words(error, language) == CATALOGUE[language]["fault_template"]
