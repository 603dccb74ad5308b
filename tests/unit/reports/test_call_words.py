from channels.voice.reasons import CallReason
from dispatcher.delivery.states import Strength
from reports import words


class TestWordsOfCalls:
    def test_every_reason_of_a_call_is_shown_in_words(self) -> None:
        assert [reason for reason in CallReason if reason.value not in words.REASONS] == []

    def test_every_strength_is_shown_in_words(self) -> None:
        assert [strength for strength in Strength if strength.value not in words.REASONS] == []
