"""What the answers of mail servers mean."""

import pytest

from channels.email.replies import (
    ReplyClass,
    Stage,
    classify_reason,
    classify_refusal,
    enhanced_status,
    judge,
)
from channels.port import OutcomeKind


class TestJudge:
    @pytest.mark.parametrize(
        ("stage", "code", "text", "kind"),
        [
            (Stage.DOT, 250, "2.0.0 Ok: queued as 4F1", OutcomeKind.ACCEPTED),
            (Stage.DOT, 251, "fine", OutcomeKind.ACCEPTED),
            (Stage.DOT, 451, "4.3.0 later", OutcomeKind.TRANSIENT),
            (Stage.DOT, 421, "4.7.0 too many", OutcomeKind.TRANSIENT),
            (Stage.DOT, 354, "what?", OutcomeKind.UNKNOWN),
            (Stage.DOT, 199, "what?", OutcomeKind.UNKNOWN),
            (Stage.DOT, 550, "5.1.1 no such user", OutcomeKind.PERMANENT),
            (Stage.DOT, 550, "5.7.26 unauthenticated", OutcomeKind.SENDER_FAULT),
            (Stage.DOT, 554, "Message rejected as SPAM", OutcomeKind.SENDER_FAULT),
            (Stage.DOT, 552, "5.3.4 too big", OutcomeKind.PERMANENT),
            (Stage.RCPT, 421, "closing", OutcomeKind.THROTTLED),
            (Stage.RCPT, 450, "4.7.1 rate", OutcomeKind.THROTTLED),
            (Stage.RCPT, 450, "4.7.1 Greylisted, see http://postgrey", OutcomeKind.TRANSIENT),
            (Stage.RCPT, 452, "4.5.3 Too many recipients", OutcomeKind.THROTTLED),
            (Stage.RCPT, 451, "4.3.0 later", OutcomeKind.TRANSIENT),
            (Stage.RCPT, 550, "User unknown", OutcomeKind.PERMANENT),
            (Stage.RCPT, 550, "blocked by policy", OutcomeKind.SENDER_FAULT),
            (Stage.RCPT, 554, "5.7.1 Relay access denied", OutcomeKind.SENDER_FAULT),
            (Stage.RCPT, 354, "what?", OutcomeKind.NOT_SENT),
            (Stage.MAIL, 550, "5.1.1 sender unknown", OutcomeKind.SENDER_FAULT),
            (Stage.MAIL, 530, "5.7.0 authentication required", OutcomeKind.SENDER_FAULT),
            (Stage.MAIL, 552, "5.3.4 too big", OutcomeKind.PERMANENT),
            (Stage.DATA, 451, "4.3.0 later", OutcomeKind.TRANSIENT),
            (Stage.DATA, 554, "no valid recipients", OutcomeKind.PERMANENT),
        ],
    )
    def test_stage_code_and_words_decide(self, stage: Stage, code: int, text: str, kind: OutcomeKind) -> None:
        assert judge(stage, code, text).kind is kind

    def test_the_reason_is_a_stable_code_and_the_words_are_kept_apart(self) -> None:
        verdict = judge(Stage.RCPT, 550, "5.1.1 <anna@example.com>: no such user")
        assert verdict.reason == "smtp_550_5.1.1"
        assert verdict.reply == "550 5.1.1 <anna@example.com>: no such user"
        assert not verdict.is_body_sent

    def test_the_queue_id_is_the_providers_id(self) -> None:
        assert judge(Stage.DOT, 250, "2.0.0 Ok: queued as 4cXyZ1.").provider_id == "4cXyZ1"
        assert judge(Stage.DOT, 250, "Ok").provider_id is None


class TestClassifyRefusal:
    @pytest.mark.parametrize(
        ("code", "status", "about"),
        [
            *((550, status, ReplyClass.HARD) for status in ("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10")),
            (550, "5.2.1", ReplyClass.DISABLED),
            (550, "5.2.0", ReplyClass.DISABLED),
            (552, "5.2.2", ReplyClass.FULL),
            (452, "4.2.2", ReplyClass.FULL),
            (550, "5.7.1", ReplyClass.SENDER),
            (550, "5.7.515", ReplyClass.SENDER),
            (550, "5.1.8", ReplyClass.SENDER),
            (552, "5.3.4", ReplyClass.CONTENT),
            (554, "5.6.7", ReplyClass.CONTENT),
            (550, "5.4.4", ReplyClass.OTHER),
            (550, "5.9.9", ReplyClass.OTHER),
            (550, "5.0.0", ReplyClass.HARD),
            (550, None, ReplyClass.HARD),
            (599, None, ReplyClass.OTHER),
            (None, "5.1.1", ReplyClass.HARD),
            (None, None, ReplyClass.OTHER),
        ],
    )
    def test_the_table_of_the_field_holds(
        self, code: int | None, status: str | None, about: ReplyClass
    ) -> None:
        assert classify_refusal(code, status) is about


class TestWhoAsksToSlowDown:
    @pytest.mark.parametrize(
        ("stage", "code", "text", "is_server"),
        [
            (Stage.MAIL, 421, "4.7.0 too many messages", True),
            (Stage.RCPT, 421, "4.7.0 too many messages", False),
            (Stage.MAIL, 451, "4.3.0 disk full", False),
            (Stage.MAIL, 550, "5.7.1 go away", False),
        ],
    )
    def test_only_a_wish_at_mail_is_the_servers_own(
        self, stage: Stage, code: int, text: str, *, is_server: bool
    ) -> None:
        assert judge(stage, code, text).is_for_server is is_server


class TestClassifyReason:
    @pytest.mark.parametrize(
        ("reason", "about"),
        [
            ("smtp_550_5.1.1", ReplyClass.HARD),
            ("smtp_550", ReplyClass.HARD),
            ("dsn_5.2.2", ReplyClass.FULL),
            ("bounce_5.7.1", ReplyClass.SENDER),
            ("dsn_4.4.7", ReplyClass.SOFT),
            ("bounce", None),
            ("smtp_unreachable", None),
            ("bad_address", None),
            ("", None),
        ],
    )
    def test_outcomes_and_receipts_are_read_alike(self, reason: str, about: ReplyClass | None) -> None:
        assert classify_reason(reason) is about


class TestEnhancedStatus:
    @pytest.mark.parametrize(
        ("text", "status"),
        [
            ("5.1.1 no", "5.1.1"),
            ("5.07.026 x", "5.7.26"),
            ("host 1.2.3.4", None),
            ("3.1.1 x", None),
            ("", None),
        ],
    )
    def test_only_the_beginning_counts(self, text: str, status: str | None) -> None:
        assert enhanced_status(text) == status
