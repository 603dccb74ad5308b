from channels.port import OutcomeKind
from channels.voice.reasons import KINDS, CallReason


class TestKindsOfReasons:
    def test_every_reason_has_its_kind_of_outcome(self) -> None:
        assert set(KINDS) == set(CallReason)

    def test_congestion_is_no_attempt_at_all(self) -> None:
        assert KINDS[CallReason.CONGESTION] is OutcomeKind.NOT_SENT

    def test_no_reason_says_that_the_person_was_told(self) -> None:
        assert not {OutcomeKind.DELIVERED, OutcomeKind.ACCEPTED} & set(KINDS.values())

    def test_only_what_we_broke_off_ourselves_is_in_doubt(self) -> None:
        in_doubt = {reason for reason, kind in KINDS.items() if kind is OutcomeKind.UNKNOWN}
        assert in_doubt == {CallReason.BROKEN_OFF}
