"""What came back bans addresses, pauses domains or runs, by the table of domain.md section 5."""

import threading
from uuid import UUID

import pytest

from channels.port import ChannelKind, OutcomeKind, ReceiptKind
from consent.suppression import NewSuppression, SuppressionReason, lift_suppression, suppress
from dispatcher.delivery.claim import claim_group
from dispatcher.delivery.errors import DomainPauseError
from dispatcher.delivery.returns.judging import judge_addresses
from dispatcher.delivery.returns.review import Review, lift_pause, pause_by_staff, review_pause
from dispatcher.delivery.runs import resume_run
from dispatcher.delivery.step_plan import Success
from dispatcher.delivery.transitions import Claim
from reports.returns import read_alarms
from tests.engine import Engine
from tests.factories import make_campaign, make_list, make_run, make_step, row, rows

FIRST = "person1@example.org"
RACES = 60
FAILED, UNKNOWN, DELIVERED = ReceiptKind.FAILED, ReceiptKind.UNKNOWN, ReceiptKind.DELIVERED
ACCEPTED, PERMANENT, TRANSIENT = OutcomeKind.ACCEPTED, OutcomeKind.PERMANENT, OutcomeKind.TRANSIENT
SENDER_FAULT = OutcomeKind.SENDER_FAULT


def stop_list(engine: Engine) -> dict[str, str]:
    """What is in force."""
    found = engine.sql(
        "SELECT address, reason FROM suppression WHERE lifted_at IS NULL AND (expires_at IS NULL OR"
        " expires_at > :now) ORDER BY address",
        now=engine.now(),
    )
    return {row.address: row.reason for row in found}


def send(engine: Engine, count: int = 1, *, domain: str = "example.org", **campaign: object) -> UUID:
    """One more run to the same people."""
    lines = [row(number, email=f"person{number}@{domain}") for number in range(1, count + 1)]
    make_list(engine.application, lines)
    run = engine.start(make_campaign(engine.application, **campaign).run_id)  # type: ignore[arg-type]
    engine.work()
    return run


def bounce(engine: Engine, run: UUID, reason: str, address: str = FIRST) -> None:
    engine.receipt(engine.reference(run, address), FAILED, reason=reason)
    engine.round()


class TestHardBounces:
    @pytest.mark.parametrize("code", ["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"])
    def test_one_report_bans_the_address_and_nobody_is_sent_to_it_again(
        self, engine: Engine, code: str
    ) -> None:
        run = send(engine, 2)
        bounce(engine, run, f"dsn_{code}")
        assert stop_list(engine) == {FIRST: "hard_bounce"}
        again = send(engine, 2)
        assert engine.notices(again)[FIRST] == "blocked:suppressed"
        (ban,) = engine.sql("SELECT channel, source, source_attempt_id, expires_at FROM suppression")
        assert (ban.channel, ban.source, ban.expires_at) == ("email", "bounce", None)
        assert ban.source_attempt_id == engine.reference(run, FIRST).attempt_id

    def test_a_refusal_at_the_door_bans_as_a_report_does(self, engine: Engine) -> None:
        engine.email.answer(FIRST, PERMANENT, reason="smtp_550_5.1.1")
        send(engine, 2)
        engine.round()
        assert stop_list(engine) == {FIRST: "hard_bounce"}

    def test_the_ban_holds_however_the_address_is_written(self, engine: Engine) -> None:
        make_list(engine.application, [row(1, email="Anna@Example.org"), row(2, email="anna@example.org")])
        run = engine.start(make_campaign(engine.application).run_id)
        engine.work()
        bounce(engine, run, "dsn_5.1.1", "anna@example.org")
        again = engine.start(make_campaign(engine.application).run_id)
        engine.work()
        assert set(engine.notices(again).values()) == {"blocked:suppressed"}

    @pytest.mark.parametrize("reason", ["dsn_4.4.1", "dsn_4.2.1", "dsn_5.4.4", "dsn_5.3.0", "dsn", "bounce"])
    def test_what_says_nothing_of_the_address_bans_nobody(self, engine: Engine, reason: str) -> None:
        run = send(engine)
        bounce(engine, run, reason)
        assert stop_list(engine) == {}

    def test_a_ban_is_announced_and_on_record_without_an_address(self, engine: Engine) -> None:
        bounce(engine, send(engine), "dsn_5.1.1")
        (event,) = engine.sql("SELECT payload::text FROM outbox WHERE topic = 'suppression.added'")
        (audit,) = engine.sql("SELECT actor, after::text FROM audit_event WHERE action = 'suppression.added'")
        assert "hard_bounce" in event.payload
        assert audit.actor == "system"
        assert "@" not in event.payload + audit.after


class TestCounting:
    def test_a_disabled_mailbox_is_banned_at_the_second_refused_notice(self, engine: Engine) -> None:
        first = send(engine)
        for _ in range(3):  # the same report again counts once
            bounce(engine, first, "dsn_5.2.1")
        assert stop_list(engine) == {}
        bounce(engine, send(engine), "dsn_5.2.0")
        assert stop_list(engine) == {FIRST: "mailbox_disabled"}

    def test_a_delivery_in_between_begins_the_count_anew(self, engine: Engine) -> None:
        bounce(engine, send(engine), "dsn_5.2.1")
        engine.advance(hours=1)
        engine.receipt(engine.reference(send(engine), FIRST), DELIVERED)
        engine.advance(hours=1)
        bounce(engine, send(engine), "dsn_5.2.1")
        assert stop_list(engine) == {}

    def test_a_mailbox_full_in_three_runs_is_banned_for_thirty_days(self, engine: Engine) -> None:
        for code in ("dsn_5.2.2", "dsn_4.2.2"):
            bounce(engine, send(engine), code)
        assert stop_list(engine) == {}
        bounce(engine, send(engine), "dsn_5.2.2")
        assert stop_list(engine) == {FIRST: "mailbox_full"}
        engine.advance(days=29)
        assert engine.notices(send(engine))[FIRST] == "blocked:suppressed"
        engine.advance(days=2)
        assert stop_list(engine) == {}
        assert engine.notices(send(engine))[FIRST] == "open"

    def test_a_mailbox_that_was_emptied_in_time_was_not_full(self, engine: Engine) -> None:
        for _ in range(4):
            engine.email.answer(FIRST, TRANSIENT, ACCEPTED, reason="smtp_452_4.2.2")
            send(engine)
            engine.advance(minutes=2)
            engine.work()
        engine.round()
        assert stop_list(engine) == {}

    def test_what_staff_lifted_begins_the_count_anew(self, engine: Engine) -> None:
        for _ in range(2):
            bounce(engine, send(engine), "dsn_5.2.1")
        (ban,) = engine.sql("SELECT id FROM suppression")
        engine.advance(seconds=1)
        with engine.application.database.transaction() as session:
            lift_suppression(session, ban.id, reason="новый ящик", actor="anna", now=engine.now())
        engine.advance(seconds=1)
        bounce(engine, send(engine), "dsn_5.2.1")
        assert stop_list(engine) == {}

    def test_two_judges_at_once_ban_once(self, engine: Engine) -> None:
        application = engine.application
        for _ in range(2):
            run = send(engine)
            engine.receipt(engine.reference(run, FIRST), FAILED, reason="dsn_5.2.1")
        settings = application.settings.returns

        def judge() -> None:
            application.database.run(lambda s: judge_addresses(s, application.clock.now(), settings=settings))

        threads = [threading.Thread(target=judge) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert engine.sql("SELECT count(*) AS n FROM suppression")[0].n == 1
        assert {one.verdict for one in engine.sql("SELECT verdict FROM address_refusal")} <= {
            "suppressed",
            "counted",
        }


class TestNumbers:
    def test_a_number_that_does_not_exist_is_banned_over_its_channel_at_once(self, engine: Engine) -> None:
        self.send(engine, "smsc_20_1")
        found = engine.sql("SELECT address, channel, reason FROM suppression")
        assert [tuple(one) for one in found] == [("+79000000001", "sms", "wrong_number")]

    def test_an_operator_that_refuses_twice_is_believed(self, engine: Engine) -> None:
        self.send(engine, "smsc_20_255")
        assert stop_list(engine) == {}
        self.send(engine, "smsc_20_255")
        assert stop_list(engine) == {"+79000000001": "operator_refusal"}

    def test_a_number_that_an_operator_over_smpp_calls_none_is_banned_too(self, engine: Engine) -> None:
        self.send(engine, "smpp_rinvdstadr")
        assert stop_list(engine) == {"+79000000001": "wrong_number"}

    @pytest.mark.parametrize(("refused", "told", "alarms"), [(20, 10, 1), (19, 10, 0), (20, 200, 0)])
    def test_refusals_of_operators_in_series_are_an_alarm(
        self, engine: Engine, refused: int, told: int, alarms: int
    ) -> None:
        imported = make_list(engine.application, rows(refused + told))
        step = make_step(engine.application, ChannelKind.SMS, success=Success.DELIVERED)
        for number in range(1, refused + 1):
            engine.sms.answer(f"+7900{number:07}", PERMANENT, reason="smsc_20_255")
        engine.start(make_run(engine.application, [step], imported=imported))
        engine.work(ChannelKind.SMS)
        with engine.application.database.transaction() as session:
            assert read_alarms(session).operators == alarms

    def test_a_telephone_that_is_off_is_no_reason(self, engine: Engine) -> None:
        self.send(engine, "smsc_20_6")
        assert stop_list(engine) == {}

    def send(self, engine: Engine, reason: str) -> None:
        imported = make_list(engine.application, [row(1, consent="sms")])
        step = make_step(engine.application, ChannelKind.SMS)
        engine.sms.answer("+79000000001", PERMANENT, reason=reason)
        engine.start(make_run(engine.application, [step], imported=imported))
        engine.work(ChannelKind.SMS)
        engine.round()


class TestComplaints:
    def test_one_bans_the_address_and_withdraws_the_consent_for_that_purpose(self, engine: Engine) -> None:
        run = send(engine)
        for _ in range(2):
            engine.receipt(engine.reference(run, FIRST), UNKNOWN, reason="complaint")
        engine.round()
        assert stop_list(engine) == {FIRST: "complaint"}
        entries = engine.sql("SELECT purpose, source FROM consent_event WHERE action = 'withdrawn'")
        assert [(one.purpose, one.source) for one in entries] == [("debt", "complaint")]
        assert engine.notices(run)[FIRST] == "open"  # it did arrive

    def test_lifting_the_ban_does_not_bring_the_consent_back(self, engine: Engine) -> None:
        run = send(engine)
        engine.receipt(engine.reference(run, FIRST), UNKNOWN, reason="complaint")
        engine.round()
        (ban,) = engine.sql("SELECT id FROM suppression")
        with engine.application.database.transaction() as session:
            lift_suppression(session, ban.id, reason="по просьбе", actor="anna", now=engine.now())
        assert engine.notices(send(engine))[FIRST] == "blocked:consent_withdrawn"


class TestBanRacingWithAClaim:
    """One thread claims, another bans address after address; whoever is first, list and claim agree (P5)."""

    def test_nothing_enters_sending_after_the_bans_commit(self, engine: Engine) -> None:
        application = engine.application
        make_list(application, rows(RACES))
        run = engine.start(make_campaign(application).run_id)
        addresses = [f"person{n}@example.org" for n in range(1, RACES + 1)]
        calendar = application.calendar
        after_commit: dict[str, int] = {}

        def sending(address: str) -> int:
            asked = (
                "SELECT count(*) AS n FROM attempt a JOIN contact_point c ON c.id = a.contact_point_id"
                " WHERE c.address = :address AND a.state = 'sending'"
            )
            return int(engine.sql(asked, address=address)[0].n)

        def claim_all() -> None:
            while application.database.run(
                lambda s: claim_group(
                    s,
                    run,
                    "email",
                    claim=Claim(UUID(int=1), 600.0),
                    limit=2,
                    calendar=calendar.read(s),
                    now=application.clock.refresh(s),
                )
            ):
                pass

        def ban_all() -> None:
            for address in addresses:
                ban = NewSuppression("email", address, SuppressionReason.STAFF, "staff")
                application.database.run(lambda s, ban=ban: suppress(s, [ban], actor="a", now=engine.now()))
                after_commit[address] = sending(address)

        threads = [threading.Thread(target=work) for work in (claim_all, ban_all)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        claim_all()  # attempts whose rows were busy the first time
        assert engine.states(run).keys() <= {"sending", "blocked"}
        assert sum(engine.states(run).values()) == RACES
        assert [one for one in addresses if sending(one) and not after_commit[one]] == []


class TestSenderFaults:
    def test_only_the_domain_that_refuses_us_waits_and_nobody_is_banned(self, engine: Engine) -> None:
        application = engine.application
        lines = [row(n, email=f"p{n}@{'strict.example' if n % 2 else 'kind.example'}") for n in range(1, 9)]
        make_list(application, lines)
        for n in (1, 3):
            engine.email.answer(f"p{n}@strict.example", SENDER_FAULT, reason="smtp_550_5.7.1")
        run = engine.start(make_campaign(application).run_id)
        engine.work()
        engine.round()
        assert stop_list(engine) == {}
        (pause,) = engine.sql("SELECT domain, reason FROM domain_pause")
        assert (pause.domain, pause.reason) == ("strict.example", "sender_fault")
        again = engine.start(make_campaign(application).run_id)
        engine.work()
        held = {one.address: one.hold_reason for one in engine.attempts(again) if one.state == "planned"}
        assert held == {f"p{n}@strict.example": "domain_paused" for n in (1, 3, 5, 7)}
        assert engine.run(run).state == "running"

    def test_a_domain_that_takes_nearly_all_is_not_paused_for_one_refusal(self, engine: Engine) -> None:
        engine.email.answer(FIRST, SENDER_FAULT, reason="smtp_550_5.7.1")
        send(engine, 150)
        engine.round()
        assert engine.sql("SELECT 1 FROM domain_pause") == []
        assert [one.verdict for one in engine.sql("SELECT verdict FROM address_refusal")] == ["warned"]

    def test_what_a_report_says_later_pauses_it_too(self, engine: Engine) -> None:
        bounce(engine, send(engine), "dsn_5.7.26")
        assert [one.domain for one in engine.sql("SELECT domain FROM domain_pause")] == ["example.org"]

    def test_where_many_domains_refuse_it_is_the_channel_that_waits(self, engine: Engine) -> None:
        lines = [row(n, email=f"p{n}@d{n}.example") for n in range(1, 10)]
        make_list(engine.application, lines)
        for n in range(1, 10):
            engine.email.answer(f"p{n}@d{n}.example", SENDER_FAULT, reason="smtp_550_5.7.1")
        engine.start(make_campaign(engine.application).run_id)
        engine.work()
        engine.round()
        limit = engine.application.settings.returns.sender_fault_domains
        assert engine.sql("SELECT count(*) AS n FROM domain_pause")[0].n == limit
        assert [one.reason for one in engine.sql("SELECT reason FROM channel_pause")] == ["sender_refused"]

    def test_what_waits_for_a_paused_domain_expires_with_that_reason(self, engine: Engine) -> None:
        with engine.application.database.transaction() as session:
            pause_by_staff(session, "Example.org", note="ремонт", actor="anna", now=engine.now())
        run = send(engine, 2)
        assert engine.finish(run, hours=13) == {"expired": 2}
        assert engine.notices(run)[FIRST] == "expired:domain_paused"

    def test_a_lifted_pause_frees_at_once_what_it_held(self, engine: Engine) -> None:
        with engine.application.database.transaction() as session:
            pause = pause_by_staff(session, "example.org", note="ремонт", actor="anna", now=engine.now())
        run = send(engine, 3)
        assert engine.email.sent == []
        with engine.application.database.transaction() as session:
            lift_pause(session, pause, reason="починили", actor="anna", now=engine.now())
        engine.round()
        engine.work()
        assert engine.states(run) == {"accepted": 3}
        assert engine.sql("SELECT 1 FROM domain_pause WHERE released_at IS NULL") == []
        engine.check_counters(run)

    def test_an_urgent_run_is_not_held(self, engine: Engine) -> None:
        with engine.application.database.transaction() as session:
            pause_by_staff(session, "example.org", note="ремонт", actor="anna", now=engine.now())
        make_list(engine.application, rows(1))
        engine.start(make_campaign(engine.application, priority="urgent").run_id)
        engine.work(priority="urgent")
        assert engine.email.addresses() == [FIRST]


class TestContent:
    @pytest.mark.parametrize("reason", ["smtp_552_5.3.4", "smtp_554_5.6.0"])
    def test_a_refused_text_pauses_its_run_once(self, engine: Engine, reason: str) -> None:
        engine.email.answer(FIRST, PERMANENT, reason=reason)
        run = send(engine, 3)
        engine.round()
        assert (engine.run(run).state, engine.run(run).state_reason) == ("paused", "content_refused")
        assert stop_list(engine) == {}
        with engine.application.database.transaction() as session:
            resume_run(session, run, actor="anna", now=engine.now())
        bounce(engine, run, f"dsn_{reason[-5:]}", "person2@example.org")
        assert engine.run(run).state == "running"


class TestRise:
    """A domain that says of everybody "no such address" is doubted; staff decide."""

    def risen(self, engine: Engine, count: int = 30) -> UUID:
        """Every message of a run comes back as hard, one after the other."""
        run = send(engine, count)
        for number in range(1, count + 1):
            engine.receipt(engine.reference(run, f"person{number}@example.org"), FAILED, reason="dsn_5.1.1")
            if number % 7 == 0:
                engine.round()
        engine.round()
        return run

    def pause(self, engine: Engine) -> UUID:
        (pause,) = engine.sql("SELECT id FROM domain_pause WHERE lifted_at IS NULL")
        return UUID(str(pause.id))

    def test_it_holds_all_of_them_and_takes_back_what_was_banned_before(self, engine: Engine) -> None:
        self.risen(engine)
        (pause,) = engine.sql("SELECT domain, reason, figures FROM domain_pause")
        assert (pause.domain, pause.reason) == ("example.org", "hard_bounce_rise")
        assert pause.figures["sent"] == 30
        assert stop_list(engine) == {}
        assert engine.sql("SELECT count(*) AS n FROM address_refusal WHERE verdict = 'held'")[0].n == 30

    def test_confirmed_they_are_banned(self, engine: Engine) -> None:
        self.risen(engine)
        with engine.application.database.transaction() as session:
            done = review_pause(
                session,
                self.pause(engine),
                Review.CONFIRMED,
                reason="закрылся",
                actor="anna",
                now=engine.now(),
            )
        assert done.banned == len(stop_list(engine)) == 30
        engine.round()
        assert set(engine.notices(send(engine, 30)).values()) == {"blocked:suppressed"}

    def test_rejected_the_addresses_stay_usable_and_a_resend_reaches_them(self, engine: Engine) -> None:
        run = self.risen(engine)
        engine.finish(run)
        with engine.application.database.transaction() as session:
            done = review_pause(
                session, self.pause(engine), Review.REJECTED, reason="сбой", actor="anna", now=engine.now()
            )
        assert (done.kept, stop_list(engine)) == (30, {})
        engine.round()
        assert set(engine.notices(send(engine, 30)).values()) == {"open"}
        assert len(engine.email.sent) == 60

    def test_without_a_decision_the_pause_is_not_lifted(self, engine: Engine) -> None:
        self.risen(engine)
        with engine.application.database.transaction() as session, pytest.raises(DomainPauseError):
            lift_pause(session, self.pause(engine), reason="так", actor="anna", now=engine.now())

    def test_an_ordinary_share_of_dead_addresses_is_believed(self, engine: Engine) -> None:
        run = send(engine, 320)
        for number in range(1, 25):
            engine.receipt(engine.reference(run, f"person{number}@example.org"), FAILED, reason="dsn_5.1.1")
        engine.round()
        assert len(stop_list(engine)) == 24
        assert engine.sql("SELECT 1 FROM domain_pause") == []
