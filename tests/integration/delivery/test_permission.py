"""Only whoever agreed, gave the address and has a contract is written to, judged at the send moment (P5)."""

import threading
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from channels.port import ChannelKind
from consent.unsubscribe import UnsubscribeTokens
from dispatcher.bootstrap import Application
from dispatcher.delivery import claim
from dispatcher.delivery.claim import claim_group
from dispatcher.delivery.transitions import Claim
from dispatcher.delivery.withdrawal import Withdrawal, withdraw_consent
from tests.engine import Engine
from tests.factories import (
    contact_of,
    give_consent,
    make_campaign,
    make_list,
    make_run,
    make_step,
    row,
    rows,
    suppress,
)

RACES = 150


def withdraw(application: Application, contact: UUID, *, purpose: str = "*") -> Withdrawal:
    with application.database.transaction() as session:
        return withdraw_consent(
            session,
            contact,
            channel="email",
            purpose=purpose,
            source="unsubscribe_link",
            recorded_by="recipient",
            now=application.clock.refresh(session),
        )


class TestDefaultDeny:
    @pytest.mark.requirement(12, "E-mail only to clients with a contract and to addresses given voluntarily")
    def test_silence_a_no_and_a_missing_contract_are_blocked_with_the_reason(self, engine: Engine) -> None:
        make_list(
            engine.application,
            [
                row(1),
                row(2, consent=""),
                row(3, consent="нет"),
                row(4, contract="нет"),
                row(5, consent="sms"),
                row(6, email=""),
            ],
        )
        run = engine.start(make_campaign(engine.application).run_id)
        engine.work()
        assert engine.email.addresses() == ["person1@example.org"]
        assert engine.finish(run) == {"notified": 1, "blocked": 5}
        assert engine.notices(run) == {
            "person1@example.org": "notified:accepted",
            "person2@example.org": "blocked:no_consent",
            "person3@example.org": "blocked:no_consent",
            "person4@example.org": "blocked:no_contract",
            "person5@example.org": "blocked:no_consent",
            "+79000000006": "blocked:no_address",
        }

    @pytest.mark.requirement(14, "Channel choice depends on what contact data the client supplied")
    @pytest.mark.requirement(13, "SMS only to clients with a contract and to numbers given voluntarily")
    def test_an_sms_needs_a_number_a_contract_and_a_yes_for_sms(self, engine: Engine) -> None:
        application = engine.application
        imported = make_list(
            application,
            [
                row(1, email="", consent="sms"),
                row(2, email="", consent="email"),
                row(3, email="", consent="sms", contract="нет"),
                row(4, phone="", consent="да"),
            ],
        )
        steps = [make_step(application), make_step(application, ChannelKind.SMS)]
        run = engine.start(make_run(application, steps, imported=imported))
        assert engine.finish(run) == {"notified": 2, "blocked": 2}
        assert engine.sms.addresses() == ["+79000000001"]
        assert engine.email.addresses() == ["person4@example.org"]

    def test_a_consent_for_another_purpose_is_none_for_this_one(self, engine: Engine) -> None:
        make_list(engine.application, rows(2), purpose="survey")
        give_consent(engine.application, "person2@example.org", purpose="debt")
        run = engine.start(make_campaign(engine.application).run_id)
        engine.work()
        assert engine.email.addresses() == ["person2@example.org"]
        assert engine.notices(run)["person1@example.org"] == "blocked:no_consent"

    def test_a_suppressed_address_is_not_written_to(self, engine: Engine) -> None:
        make_list(engine.application, rows(3))
        suppress(engine.application, "person1@example.org")
        suppress(engine.application, "person2@example.org", channel="sms")
        suppress(engine.application, "person3@example.org", expires_at=engine.now() - timedelta(seconds=1))
        run = engine.start(make_campaign(engine.application).run_id)
        engine.work()
        assert engine.notices(run)["person1@example.org"] == "blocked:suppressed"
        assert sorted(engine.email.addresses()) == ["person2@example.org", "person3@example.org"]

    def test_a_consent_that_ran_out_is_none(self, engine: Engine) -> None:
        make_list(engine.application, rows(1, consent=""))
        give_consent(engine.application, "person1@example.org", valid_until=engine.now() + timedelta(hours=1))
        run = make_campaign(engine.application, starts_in=timedelta(hours=2)).run_id
        engine.advance(hours=3)
        engine.work()
        assert engine.notices(run) == {"person1@example.org": "blocked:consent_expired"}


class TestWithdrawal:
    def test_after_a_withdrawal_nothing_more_goes_to_that_address(self, engine: Engine) -> None:
        make_list(engine.application, rows(2))
        run = engine.start(make_campaign(engine.application).run_id)
        withdraw(engine.application, contact_of(engine.application, "person1@example.org"))
        engine.work()
        assert engine.email.addresses() == ["person2@example.org"]
        assert engine.notices(run)["person1@example.org"] == "blocked:consent_withdrawn"

    def test_the_link_in_the_letter_names_what_it_withdraws(self, engine: Engine) -> None:
        make_list(engine.application, rows(1))
        engine.start(make_campaign(engine.application).run_id)
        engine.work()
        (letter,) = engine.email.sent
        headers = dict(letter.headers)
        assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        link, mail = (one.strip("<>") for one in headers["List-Unsubscribe"].split(","))
        assert link in letter.text
        assert mail.startswith("mailto:u-")
        assert mail.endswith("@bounces.energosbyt.example?subject=unsubscribe")
        assert "person1" not in link
        named = UnsubscribeTokens(engine.application.secret_key).read(link.rpartition("/")[2])
        assert named.contact_point_id == contact_of(engine.application, "person1@example.org")
        assert (named.channel, named.purpose) == ("email", "debt")

    def test_it_answers_with_what_was_in_flight(self, engine: Engine) -> None:
        answers: list[Withdrawal] = []
        contact: list[UUID] = []

        def withdraw_now(batch: object) -> None:
            answers.append(withdraw(engine.application, contact[0]))

        engine.email.before_send = withdraw_now
        make_list(engine.application, rows(2))
        contact.append(contact_of(engine.application, "person1@example.org"))
        engine.start(make_campaign(engine.application).run_id)
        engine.work()
        assert [answer.in_flight for answer in answers] == [1]

    def test_it_is_on_record_with_who_and_by_what(self, engine: Engine) -> None:
        make_list(engine.application, rows(1))
        contact = contact_of(engine.application, "person1@example.org")
        withdraw(engine.application, contact)
        (event,) = engine.sql("SELECT * FROM audit_event WHERE action = 'consent.withdrawn'")
        assert (event.actor, event.subject_id) == ("recipient", str(contact))
        assert event.after == {
            "channel": "email",
            "purpose": "*",
            "source": "unsubscribe_link",
            "in_flight": 0,
        }


class TestWithdrawalRacingWithAClaim:
    """Each round: one thread claims, another withdraws; whoever is first, the ledger and the claim agree.

    The withdrawal notes the attempts that are `sending` right after its commit. Whatever enters `sending`
    later on would be a broken promise.
    """

    def broken_promises(self, engine: Engine, address_count: int) -> int:
        application = engine.application
        make_list(application, rows(address_count))
        run = engine.start(make_campaign(application).run_id)
        contacts = [contact_of(application, f"person{n}@example.org") for n in range(1, address_count + 1)]
        calendar = application.calendar
        after_commit: dict[UUID, int] = {}

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

        def withdraw_all() -> None:
            for contact in contacts:
                withdraw(application, contact)
                after_commit[contact] = engine.sql(
                    "SELECT count(*) FROM attempt WHERE contact_point_id = :c AND state = 'sending'",
                    c=contact,
                )[0][0]

        threads = [threading.Thread(target=work) for work in (claim_all, withdraw_all)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        claim_all()  # attempts whose rows were busy the first time
        engine.check_counters(run)
        assert engine.states(run).keys() <= {"sending", "blocked"}
        assert sum(engine.states(run).values()) == address_count
        in_the_end = {
            one.contact_point_id
            for one in engine.sql("SELECT contact_point_id FROM attempt WHERE state = 'sending'")
        }
        return sum(contact in in_the_end and not after_commit[contact] for contact in contacts)

    def test_nothing_enters_sending_after_the_withdrawals_commit(self, engine: Engine) -> None:
        assert self.broken_promises(engine, RACES) == 0

    def test_the_race_is_real_a_check_before_the_lock_breaks_the_promise(
        self, engine: Engine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The same race against a claim that asks before it locks: were this green, the test above proves
        nothing. The withdrawal is put exactly between the early answer and the lock."""
        application = engine.application
        make_list(application, rows(1))
        run = engine.start(make_campaign(application).run_id)
        contact = contact_of(application, "person1@example.org")
        ask, lock = claim.ask_permission, claim.lock_free_persons
        early: dict[str, object] = {}

        def lock_late(session: Session, persons: set[UUID]) -> frozenset[UUID]:
            early["answer"] = ask(
                session, [contact], channel="email", purpose="debt", now=application.clock.now()
            )
            thread = threading.Thread(target=withdraw, args=(application, contact))
            thread.start()
            thread.join()
            return lock(session, persons)

        def claim_one() -> None:
            application.database.run(
                lambda s: claim_group(
                    s,
                    run,
                    "email",
                    claim=Claim(UUID(int=1), 600.0),
                    limit=2,
                    calendar=application.calendar.read(s),
                    now=application.clock.refresh(s),
                )
            )

        monkeypatch.setattr(claim, "lock_free_persons", lock_late)
        asked_early: Callable[..., object] = lambda *_args, **_options: early["answer"]  # noqa: E731
        with monkeypatch.context() as broken:
            broken.setattr(claim, "ask_permission", asked_early)
            claim_one()
        assert engine.states(run) == {"sending": 1}

    def test_the_same_withdrawal_is_seen_by_the_claim_as_it_is(
        self, engine: Engine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        application = engine.application
        make_list(application, rows(1))
        run = engine.start(make_campaign(application).run_id)
        contact = contact_of(application, "person1@example.org")
        lock = claim.lock_free_persons

        def lock_late(session: Session, persons: set[UUID]) -> frozenset[UUID]:
            thread = threading.Thread(target=withdraw, args=(application, contact))
            thread.start()
            thread.join()
            return lock(session, persons)

        monkeypatch.setattr(claim, "lock_free_persons", lock_late)
        engine.work()
        assert engine.states(run) == {"blocked": 1}
