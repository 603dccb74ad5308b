"""The tables of SIP statuses and Q.850 causes, held against the documented lists (domain.md 6.1)."""

import pytest

from channels.port import OutcomeKind
from channels.voice.reasons import KINDS, CallReason
from channels.voice.result import Signalling
from channels.voice.sip.statuses import CAUSES, STATUSES, judge, read_close

#: RFC 3261 section 21.4 to 21.6, RFC 3326 and later: final answers to an INVITE that refuse it.
DOCUMENTED_STATUSES = {
    *(400, 401, 402, 403, 404, 405, 406, 407, 408, 410, 413, 414, 415, 416, 420, 421, 423),
    *(480, 481, 482, 483, 484, 485, 486, 487, 488, 491, 493),
    *(500, 501, 502, 503, 504, 505, 513, 600, 603, 604, 606, 607, 608, 687),
}
#: domain.md 6.1, and those of the same meaning in Q.850 (3, 44, 47, 58, 65).
DOCUMENTED_CAUSES = {1, 2, 17, 18, 19, 20, 21, 22, 27, 28, 34, 38, 41, 42, 50, 88, 102} | {3, 44, 47, 58, 65}

#: domain.md 6.1: status, cause → why.
ROWS = [
    (486, 17, CallReason.BUSY),
    (600, None, CallReason.BUSY),
    (408, 102, CallReason.NO_RESPONSE),
    (408, None, CallReason.NO_RESPONSE),
    (480, 19, CallReason.NO_ANSWER),
    (480, 20, CallReason.NO_ANSWER),
    (480, None, CallReason.NO_ANSWER),
    (487, None, CallReason.NO_ANSWER),
    (603, 21, CallReason.DECLINED),
    (403, 21, CallReason.DECLINED),
    (404, 1, CallReason.WRONG_NUMBER),
    (485, None, CallReason.WRONG_NUMBER),
    (604, None, CallReason.WRONG_NUMBER),
    (410, 22, CallReason.NUMBER_CHANGED),
    (484, 28, CallReason.NUMBER_INCOMPLETE),
    (488, 88, CallReason.CODEC_PROBLEM),
    (606, None, CallReason.CODEC_PROBLEM),
    (502, 27, CallReason.OUT_OF_ORDER),
    (503, 41, CallReason.CONGESTION),
    (500, 34, CallReason.CONGESTION),
    (504, 38, CallReason.CONGESTION),
    (503, 42, CallReason.CONGESTION),
    (607, None, CallReason.UNWANTED),
    (608, None, CallReason.UNWANTED),
]


class TestCompleteness:
    def test_every_documented_number_is_there_and_no_other(self) -> None:
        assert set(STATUSES) == DOCUMENTED_STATUSES
        assert set(CAUSES) == DOCUMENTED_CAUSES

    def test_no_refusal_counts_as_told(self) -> None:
        kinds = {KINDS[verdict.reason] for verdict in (*STATUSES.values(), *CAUSES.values())}
        assert not {OutcomeKind.DELIVERED, OutcomeKind.ACCEPTED, OutcomeKind.UNKNOWN} & kinds

    def test_only_wrong_numbers_and_refusals_for_good_are_permanent(self) -> None:
        permanent = {
            status for status, verdict in STATUSES.items() if KINDS[verdict.reason] is OutcomeKind.PERMANENT
        }
        assert permanent == {404, 410, 484, 485, 604, 607, 608, 687}

    @pytest.mark.parametrize("status", range(400, 700))
    def test_a_status_that_nobody_documented_has_a_meaning_too(self, status: int) -> None:
        verdict = judge(Signalling(status))
        assert verdict.meaning
        assert status in DOCUMENTED_STATUSES or KINDS[verdict.reason] is not OutcomeKind.PERMANENT


class TestJudge:
    @pytest.mark.parametrize(("status", "cause", "reason"), ROWS)
    def test_the_table_of_the_domain_holds(self, status: int, cause: int | None, reason: CallReason) -> None:
        assert judge(Signalling(status, cause)).reason is reason

    def test_a_cause_knows_better_than_a_vague_status(self) -> None:
        assert judge(Signalling(480, 34)).reason is CallReason.CONGESTION
        assert judge(Signalling(503, 17)).reason is CallReason.BUSY
        assert judge(Signalling(500, 1)).reason is CallReason.WRONG_NUMBER

    def test_a_plain_status_is_believed_before_a_cause(self) -> None:
        assert judge(Signalling(486, 34)).reason is CallReason.BUSY
        assert judge(Signalling(603, 17)).reason is CallReason.DECLINED

    @pytest.mark.parametrize("cause", [16, 31, 127, 0, 999])
    def test_a_cause_that_says_nothing_leaves_it_to_the_status(self, cause: int) -> None:
        assert judge(Signalling(480, cause)).reason is CallReason.NO_ANSWER

    @pytest.mark.parametrize("status", [401, 402, 407])
    def test_a_refused_password_is_the_trunks_matter_and_no_attempt(self, status: int) -> None:
        verdict = judge(Signalling(status))
        assert verdict.is_of_trunk
        assert KINDS[verdict.reason] is OutcomeKind.NOT_SENT

    def test_a_bare_403_lets_another_trunk_try(self) -> None:
        assert judge(Signalling(403)).is_of_trunk
        assert not judge(Signalling(403, 21)).is_of_trunk

    def test_ringing_tells_no_answer_from_no_response(self) -> None:
        assert judge(Signalling(0, ring_seconds=20.0)).reason is CallReason.NO_ANSWER
        silent = judge(Signalling(0, reason="Connection timed out [110]"))
        assert silent.reason is CallReason.NO_RESPONSE
        assert silent.is_of_trunk

    @pytest.mark.parametrize("text", ["Connection refused [111]", "No route to host [113]"])
    def test_what_did_not_arrive_was_no_attempt(self, text: str) -> None:
        verdict = judge(Signalling(0, reason=read_close(text).reason))
        assert verdict.reason is CallReason.TRUNK_UNREACHABLE
        assert KINDS[verdict.reason] is OutcomeKind.NOT_SENT


class TestReadClose:
    def test_status_cause_and_words_are_told_apart(self) -> None:
        close = read_close('486 Busy Here,Q.850;cause=17;text="User busy"')
        assert (close.status, close.cause, close.reason) == (486, 17, "Busy Here")

    @pytest.mark.parametrize(
        "text", ["", "Connection reset by peer [104]", "rtp stream error", "4861 x", "48x y", "٤٨٦ x"]
    )
    def test_what_is_no_status_has_none(self, text: str) -> None:
        assert read_close(text).status == 0

    def test_words_of_any_length_are_cut(self) -> None:
        assert len(read_close("500 " + "x" * 10_000).reason) == 200
