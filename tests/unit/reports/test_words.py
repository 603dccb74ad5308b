"""Codes in human words."""

import re
from importlib.resources import files
from pathlib import Path

import pytest

from channels.sms.smpp.codes import COMMAND_STATUSES, MESSAGE_STATES
from channels.sms.smsc.codes import DETAILS, REQUEST_ERRORS, STATUSES
from dispatcher.delivery.bills.states import BillState, attachment_error
from dispatcher.delivery.runs import RunState
from dispatcher.delivery.states import AttemptState, NoticeState
from reports import words
from reports.words import LANGUAGES, reason_word, word_for


class TestCompleteness:
    @pytest.mark.parametrize(
        ("states", "table"),
        [
            (RunState, words.RUN_STATES),
            (NoticeState, words.NOTICE_STATES),
            (AttemptState, words.ATTEMPT_STATES),
            (BillState, words.BILL_STATES),
        ],
    )
    def test_every_state_has_its_words(self, states, table):
        assert set(table) == {state.value for state in states}

    def test_every_reason_of_the_engine_has_its_words(self):
        engine = Path(str(files("dispatcher")))
        sources = [*engine.glob("delivery/*.py"), *engine.glob("*.py")]
        used = {
            reason
            for source in sources
            for reason in re.findall(r'Trigger\.\w+, "(\w+)"', source.read_text(encoding="utf-8"))
        }
        assert "no_contract" in used
        assert used - set(words.REASONS) == set()

    def test_every_fault_of_a_bill_and_what_it_means_has_its_words(self):
        engine = Path(str(files("dispatcher"))) / "delivery" / "bills"
        source = "\n".join(path.read_text(encoding="utf-8") for path in sorted(engine.glob("*.py")))
        faults = set(re.findall(r'BillFaultError\(\s*"(\w+)"', source))
        faults |= set(re.findall(r'(?:Error|TimeoutError), "(\w+)"\)', source))
        assert {"too_large", "timeout", "tls", "redirect_refused"} <= faults
        assert faults - set(words.BILL_FAULTS) == set()
        assert {attachment_error(fault).code for fault in words.BILL_FAULTS} <= set(words.REASONS)
        assert {"bill_waiting", "bill_settled", "attachment_url_off"} <= set(words.REASONS)

    def test_every_word_is_given_in_every_language(self):
        tables = [table for name, table in vars(words).items() if name.isupper() and isinstance(table, dict)]
        assert len(tables) >= 7
        for table in tables:
            for code, entry in table.items():
                assert len(entry) == len(words.LANGUAGES), code
                assert all(entry), code


class TestReasonWord:
    @pytest.mark.parametrize(
        ("code", "word"),
        [
            ("no_consent", "нет согласия"),
            ("accepted", "принято к доставке, подтверждения нет"),
            ("smtp_550_5.1.1", "адрес не существует"),
            ("dsn_5.1.1", "адрес не существует"),
            ("bounce_5.2.2", "ящик переполнен"),
            ("smtp_552_5.2.2", "ящик переполнен"),
            ("smtp_550_5.99.99", "почтовый сервер отказал"),
            ("smtp_550", "почтовый сервер отказал"),
            ("smtp_451_4.7.1", "сервер просит подождать"),
            ("smtp_451", "сервер просит подождать"),
            ("smtp_unreachable", "почтовый сервер недоступен"),
        ],
    )
    def test_says_what_happened(self, code, word):
        assert reason_word(code, "ru") == word

    @pytest.mark.parametrize("code", ["something_new", "smtp_99", "", "dsn_x"])
    def test_shows_what_it_does_not_know_as_it_is(self, code):
        assert reason_word(code, "en") == code

    def test_bills_say_what_the_server_said(self):
        assert words.bill_fault_word("http_404", "ru") == "файла нет на сервере"
        assert words.bill_fault_word("http_502", "en") == "the server answered 502"
        assert words.bill_fault_word("something", "uk") == "something"

    def test_speaks_three_languages(self):
        assert word_for(words.CHANNELS, "voice", "uk") == "Автодозвін"
        assert reason_word("no_consent", "en") == "no consent"


class TestShortMessages:
    """No code of a provider of short messages is shown raw, in any language."""

    CODES = (
        *(one.reason for one in REQUEST_ERRORS.values()),
        *(f"smsc_{status}" for status in STATUSES),
        *(f"smsc_{status}_{err}" for status in (3, 20, 23, 25) for err in DETAILS),
        *(one.reason for one in COMMAND_STATUSES.values()),
        *(f"smpp_state_{state}" for state in MESSAGE_STATES),
        *("smpp_state_none", "smpp_state_5_001", "smpp_0x00000400", "smpp_partly_sent", "smpp_tls_refused"),
        *("smpp_unreachable", "smpp_not_bound", "smpp_no_answer", "smpp_connection_lost", "smpp_queried"),
        *(
            "smsc_call_needs_keys",
            "sms_too_long",
            "sms_empty",
            "sms_no_route",
            "sms_window_too_short",
            "sms_broken_off",
        ),
        *("smsc_low_balance", "smsc_unreachable", "smsc_no_answer", "smsc_too_many", "smsc_found_afterwards"),
    )

    @pytest.mark.parametrize("code", CODES)
    def test_every_code_has_words_in_three_languages(self, code: str) -> None:
        found = [reason_word(code, language) for language in LANGUAGES]
        assert all("_" not in words and words for words in found), found
        assert len(set(found)) == len(found) or found[0] == found[1]

    @pytest.mark.parametrize("err", DETAILS)
    def test_each_detail_says_something_of_its_own(self, err: int) -> None:
        assert reason_word(f"smsc_20_{err}", "ru") != reason_word("smsc_20", "ru")

    def test_an_unknown_number_of_the_provider_is_never_called_delivered(self) -> None:
        assert reason_word("smsc_77", "ru") == reason_word("smsc_20_245", "ru")
