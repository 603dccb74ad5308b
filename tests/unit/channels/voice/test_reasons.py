from channels.port import OutcomeKind
from channels.voice.reasons import KINDS, CallReason


class TestKindsOfReasons:
    def test_every_reason_has_its_kind_of_outcome(self) -> None:
        assert set(KINDS) == set(CallReason)

    def test_congestion_is_no_attempt_at_all(self) -> None:
        assert KINDS[CallReason.CONGESTION] is OutcomeKind.NOT_SENT

    def test_no_reason_says_that_the_person_was_told(self) -> None:
        assert not {OutcomeKind.DELIVERED, OutcomeKind.ACCEPTED, OutcomeKind.UNKNOWN} & set(KINDS.values())
