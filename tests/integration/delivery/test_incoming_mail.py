"""Mail that comes in: stored before it is answered, matched only by what we signed, applied at once."""

from datetime import timedelta
from email.message import EmailMessage
from uuid import UUID

import pytest

from channels.email import verp
from channels.port import AttemptReference
from dispatcher.core.settings import RetentionSettings
from dispatcher.delivery.returns.letters import handle_letter
from dispatcher.incoming_mail import Intake
from dispatcher.privacy.retention import purge_slice
from tests.engine import Engine
from tests.factories import make_campaign, make_list, rows

FIRST = "person1@example.org"
DOMAIN = "bounces.example"


def sent(engine: Engine) -> tuple[UUID, AttemptReference, str]:
    """A run of one message: the run, the attempt, and its signed address."""
    make_list(engine.application, rows(1))
    run = engine.start(make_campaign(engine.application).run_id)
    engine.work()
    attempt = engine.reference(run, FIRST)
    return run, attempt, verp.encode(attempt, engine.application.secret_key, DOMAIN)


def report(status: str, action: str = "failed") -> bytes:
    return (
        "Return-Path: <>\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n\r\n"
        f"Final-Recipient: rfc822; {FIRST}\r\nAction: {action}\r\nStatus: {status}\r\n\r\n--b--\r\n"
    ).encode()


def letter(text: str = "Я уже заплатила", **headers: str) -> bytes:
    message = EmailMessage()
    for name, value in {"From": FIRST, "Subject": "Re: Долг", **headers}.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message.as_bytes()


class TestReports:
    def test_a_report_fails_its_attempt_and_bans_its_address_at_once(self, engine: Engine) -> None:
        run, _, address = sent(engine)
        Intake(engine.application).take(report("5.1.1"), address)
        assert engine.notices(run) == {FIRST: "failed:dsn_5.1.1"}
        assert [one.address for one in engine.sql("SELECT address FROM suppression")] == [FIRST]

    def test_a_report_after_a_confirmed_delivery_amends_the_closed_notice(self, engine: Engine) -> None:
        run, _, address = sent(engine)
        intake = Intake(engine.application)
        intake.take(report("2.0.0", "delivered"), address)
        engine.finish(run)
        assert engine.notices(run) == {FIRST: "notified:delivered"}
        intake.take(report("5.1.1"), address)
        assert engine.notices(run) == {FIRST: "failed:dsn_5.1.1"}
        assert engine.sql("SELECT amended_at FROM notice")[0].amended_at is not None
        engine.check_counters(run)

    def test_a_forged_address_changes_nothing_and_is_kept(self, engine: Engine) -> None:
        run, attempt, _ = sent(engine)
        Intake(engine.application).take(report("5.1.1"), verp.encode(attempt, b"stranger", DOMAIN))
        assert engine.states(run) == {"accepted": 1}
        (kept,) = engine.sql("SELECT reason, effect FROM receipt")
        assert (kept.reason, kept.effect) == ("forged_address", "unknown_attempt")

    def test_an_address_that_was_found_much_later_is_good_for_nothing(self, engine: Engine) -> None:
        run, _, address = sent(engine)
        engine.finish(run)
        engine.advance(days=230)
        Intake(engine.application).take(report("5.1.1"), address)
        assert engine.notices(run) == {FIRST: "notified:accepted"}
        assert engine.sql("SELECT 1 FROM suppression") == []


class TestLetters:
    @pytest.mark.requirement(55, "Register all contacts incl. replies")
    def test_a_persons_answer_is_registered_with_the_person_and_waits_for_staff(self, engine: Engine) -> None:
        run, attempt, address = sent(engine)
        intake = Intake(engine.application)
        for _ in range(2):  # the other server was not sure that we have it
            intake.take(letter(), address)
        (kept,) = engine.sql(
            "SELECT l.*, p.full_name FROM incoming_letter l JOIN person p ON p.id = l.person_id"
        )
        assert (kept.sender, kept.subject, kept.text) == (FIRST, "Re: Долг", "Я уже заплатила")
        assert (kept.certainty, kept.attempt_id) == ("proven", attempt.attempt_id)
        assert kept.handled_at is None
        assert engine.states(run) == {"accepted": 1}
        with engine.application.database.transaction() as session:
            handle_letter(session, kept.id, handling="перезвонили", actor="anna", now=engine.now())
        (audit,) = engine.sql("SELECT actor FROM audit_event WHERE action = 'letter.handled'")
        assert audit.actor == "anna"

    def test_what_a_letter_only_says_counts_if_it_comes_from_that_address(self, engine: Engine) -> None:
        sent(engine)
        (notice,) = engine.sql("SELECT id, period FROM notice")
        answers = f"<{notice.period:%Y%m}.{notice.id.hex}.0@energosbyt.example>"
        intake = Intake(engine.application)
        intake.take(letter(In_Reply_To=answers), f"replies@{DOMAIN}")
        stranger = letter(In_Reply_To=answers).replace(FIRST.encode(), b"stranger@example.org")
        intake.take(stranger, f"replies@{DOMAIN}")
        found = engine.sql(
            "SELECT certainty, person_id IS NOT NULL AS known FROM incoming_letter ORDER BY id"
        )
        assert [(one.certainty, one.known) for one in found] == [("said", True), ("none", False)]

    def test_a_machines_answer_is_no_letter_and_no_bounce(self, engine: Engine) -> None:
        run, _, address = sent(engine)
        Intake(engine.application).take(letter(Auto_Submitted="auto-replied (vacation)"), address)
        assert engine.sql("SELECT 1 FROM incoming_letter") == []
        assert engine.states(run) == {"accepted": 1}
        assert [one.reason for one in engine.sql("SELECT reason FROM receipt")] == ["auto_reply"]

    def test_a_letter_goes_by_its_term_though_nobody_handled_it_and_waits_no_longer(
        self, engine: Engine
    ) -> None:
        _, _, address = sent(engine)
        Intake(engine.application).take(letter(), address)
        database, settings = engine.application.database, RetentionSettings(answer_days=30)
        for days, left in ((29, (FIRST, None)), (31, ("", "system"))):
            now = engine.now() + timedelta(days=days)
            while database.run(lambda session, now=now: purge_slice(session, now, settings=settings)):
                pass
            (row,) = engine.sql("SELECT sender, handled_by FROM incoming_letter")
            assert (row.sender, row.handled_by) == left
        assert engine.sql("SELECT purged FROM purge WHERE kind = 'letters'")[0].purged == 1


class TestComplaints:
    def test_a_feedback_report_bans_and_withdraws(self, engine: Engine) -> None:
        run, _, address = sent(engine)
        raw = (
            'Content-Type: multipart/report; report-type=feedback-report; boundary="b"\r\n\r\n'
            "--b\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\n"
            f"Original-Mail-From: <{address}>\r\n\r\n--b--\r\n"
        ).encode()
        Intake(engine.application).take(raw, f"fbl@{DOMAIN}")
        assert [one.reason for one in engine.sql("SELECT reason FROM suppression")] == ["complaint"]
        withdrawn = engine.sql("SELECT purpose, source FROM consent_event WHERE action = 'withdrawn'")
        assert [tuple(one) for one in withdrawn] == [("debt", "complaint")]
        assert engine.states(run) == {"accepted": 1}
