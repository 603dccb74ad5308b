"""In doubt nothing is sent again blindly; a late answer resolves what a vanished worker left (P3)."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from channels.port import ChannelKind, Envelope, Outcome, OutcomeKind, ReceiptKind
from dispatcher.core.ids import new_id
from dispatcher.delivery.claim import ClaimedGroup, claim_group
from dispatcher.delivery.lane_tools import Lane
from dispatcher.delivery.outcomes import change_of
from dispatcher.delivery.states import AttemptState, Trigger
from dispatcher.delivery.step_plan import Combination, OnUnknown
from dispatcher.delivery.transitions import Change, Claim, Transitions, apply_changes
from templates.repository import compiled_versions
from tests.engine import Engine
from tests.factories import make_campaign, make_list, make_run, make_step, rows

FIRST = "person1@example.org"


def claim_and_vanish(engine: Engine, run: UUID, *, lease_seconds: float = 0.0) -> ClaimedGroup:
    """A worker claims, commits and is never heard of again (unless the test lets it speak)."""
    group = engine.application.database.run(
        lambda s: claim_group(
            s,
            run,
            "email",
            claim=Claim(new_id(), lease_seconds),
            limit=64,
            calendar=engine.application.calendar.read(s),
            now=engine.application.clock.refresh(s),
        )
    )
    assert group is not None
    return group


def say_late(
    engine: Engine, group: ClaimedGroup, kind: OutcomeKind, *, token: UUID | None = None
) -> dict[UUID, AttemptState]:
    """What the vanished worker learned is recorded after all."""

    def record(session: Session) -> dict[UUID, AttemptState]:
        now = engine.application.clock.refresh(session)
        changes = []
        for one in group.candidates:
            envelope = engine.worker.tools.renderer.envelope(group.run, one, _templates(session, group), now)
            outcome = Outcome(envelope.attempt, kind, content=b"late")
            changes.append(change_of(outcome, envelope, token or group.token, now))
        return dict(apply_changes(session, changes, now))

    return engine.application.database.run(record)


def _templates(session: Session, group: ClaimedGroup) -> dict[UUID, object]:
    return compiled_versions(session, {step.template_version_id for step in group.run.plan.steps})  # type: ignore[return-value]


class TestUnknown:
    def test_it_waits_for_the_query_limit_and_stays_visible(self, engine: Engine) -> None:
        make_list(engine.application, rows(1))
        engine.email.answer(FIRST, OutcomeKind.UNKNOWN)
        run = engine.start(make_campaign(engine.application).run_id)
        engine.work()
        engine.advance(seconds=59)
        assert engine.notices(run) == {FIRST: "open"}
        engine.advance(seconds=2)
        assert engine.notices(run) == {FIRST: "unknown:scripted_unknown"}
        assert engine.finish(run) == {"unknown": 1}
        assert len(engine.email.sent) == 1

    def test_resend_once_sends_exactly_once_more(self, engine: Engine) -> None:
        imported = make_list(engine.application, rows(2))
        engine.email.answer(FIRST, OutcomeKind.UNKNOWN)
        engine.email.answer("person2@example.org", OutcomeKind.UNKNOWN, OutcomeKind.ACCEPTED)
        run = make_run(
            engine.application,
            [make_step(engine.application)],
            imported=imported,
            on_unknown=OnUnknown.RESEND_ONCE,
        )
        engine.start(run)
        assert engine.finish(run) == {"unknown": 1, "notified": 1}
        assert sorted(engine.email.addresses()) == [
            FIRST,
            FIRST,
            "person2@example.org",
            "person2@example.org",
        ]

    def test_a_repeat_that_came_back_stays_here_once_a_late_receipt_tells_of_delivery(
        self, engine: Engine
    ) -> None:
        imported = make_list(engine.application, rows(1))
        engine.email.answer(FIRST, OutcomeKind.TRANSIENT)
        steps = [
            make_step(engine.application, retry_seconds=(1.0,)),
            make_step(engine.application, ChannelKind.SMS),
        ]
        run = make_run(engine.application, steps, imported=imported, combination=Combination.ALL)
        engine.start(run)
        engine.work()
        first = engine.reference(run, FIRST)
        engine.advance(seconds=2)
        group = claim_and_vanish(engine, run, lease_seconds=60.0)
        engine.receipt(first, ReceiptKind.DELIVERED)
        say_late(engine, group, OutcomeKind.NOT_SENT)
        assert engine.states(run) == {"delivered": 1, "cancelled": 1, "planned": 1}
        assert engine.finish(run) == {"notified": 1}
        assert len(engine.email.sent) == len(engine.sms.sent) == 1
        engine.check_counters(run)

    def test_next_step_goes_on_over_the_other_channel(self, engine: Engine) -> None:
        imported = make_list(engine.application, rows(1))
        engine.email.answer(FIRST, OutcomeKind.UNKNOWN)
        steps = [make_step(engine.application), make_step(engine.application, ChannelKind.SMS)]
        run = make_run(engine.application, steps, imported=imported, on_unknown=OnUnknown.NEXT_STEP)
        engine.start(run)
        assert engine.finish(run) == {"notified": 1}
        assert engine.sms.addresses() == ["+79000000001"]
        assert engine.email.addresses() == [FIRST]

    def test_a_channel_that_breaks_leaves_doubt_only_about_what_it_did_not_answer(
        self, engine: Engine
    ) -> None:
        def break_down(batch: Sequence[Envelope]) -> None:
            raise RuntimeError("a bug of the adapter")

        make_list(engine.application, rows(2))
        engine.email.answer("person2@example.org", None)
        engine.email.after_send = break_down
        run = engine.start(make_campaign(engine.application).run_id)
        engine.work()
        assert engine.states(run) == {"accepted": 1, "unknown": 1}

    def test_a_channel_that_answers_twice_loses_nothing(self, engine: Engine) -> None:
        """The outcome that counts is the first; a second group of repeats must not wipe it away."""
        original = engine.email.send

        async def send_twice(batch: Sequence[Envelope]):
            outcomes = [outcome async for outcome in original(batch)]
            for outcome in outcomes:
                yield outcome
            await asyncio.sleep(0.2)
            for outcome in outcomes:
                yield outcome

        engine.email.send = send_twice  # type: ignore[method-assign]
        make_list(engine.application, rows(3))
        run = engine.start(make_campaign(engine.application).run_id)
        engine.work()
        assert engine.states(run) == {"accepted": 3}


class TestLeases:
    def test_what_a_vanished_worker_held_becomes_unknown_and_is_not_sent_again(self, engine: Engine) -> None:
        make_list(engine.application, rows(3))
        run = engine.start(make_campaign(engine.application).run_id)
        claim_and_vanish(engine, run)
        engine.round()
        assert engine.states(run) == {"unknown": 3}
        assert engine.work() == 0
        assert engine.finish(run) == {"unknown": 3}
        assert engine.email.sent == []

    def test_while_the_lease_lasts_nothing_happens(self, engine: Engine) -> None:
        make_list(engine.application, rows(2))
        run = engine.start(make_campaign(engine.application).run_id)
        claim_and_vanish(engine, run, lease_seconds=600)
        engine.advance(hours=5)
        assert engine.states(run) == {"sending": 2}

    def test_the_late_answer_of_the_same_worker_resolves_the_doubt(self, engine: Engine) -> None:
        make_list(engine.application, rows(2))
        run = engine.start(make_campaign(engine.application).run_id)
        group = claim_and_vanish(engine, run)
        engine.round()
        say_late(engine, group, OutcomeKind.ACCEPTED)
        assert engine.states(run) == {"accepted": 2}
        assert {one.reason for one in engine.attempts(run)} == {None}
        assert engine.finish(run) == {"notified": 2}

    def test_even_after_the_notice_was_closed_as_unknown(self, engine: Engine) -> None:
        make_list(engine.application, rows(2))
        run = engine.start(make_campaign(engine.application).run_id)
        group = claim_and_vanish(engine, run)
        assert engine.finish(run) == {"unknown": 2}
        say_late(engine, group, OutcomeKind.ACCEPTED)
        assert set(engine.notices(run).values()) == {"notified:accepted"}
        engine.check_counters(run)

    def test_a_worker_whose_claim_has_passed_on_changes_nothing(self, engine: Engine) -> None:
        make_list(engine.application, rows(2))
        run = engine.start(make_campaign(engine.application).run_id)
        group = claim_and_vanish(engine, run, lease_seconds=600)
        for kind in OutcomeKind:
            assert say_late(engine, group, kind, token=new_id()) == {}
        assert engine.states(run) == {"sending": 2}
        assert engine.sql("SELECT 1 FROM attempt_content") == []
        engine.check_counters(run)

    def test_the_same_answer_twice_counts_once(self, engine: Engine) -> None:
        make_list(engine.application, rows(2))
        run = engine.start(make_campaign(engine.application).run_id)
        group = claim_and_vanish(engine, run, lease_seconds=600)
        say_late(engine, group, OutcomeKind.TRANSIENT)
        say_late(engine, group, OutcomeKind.TRANSIENT)
        assert engine.states(run) == {"failed": 2, "planned": 2}
        engine.check_counters(run)

    def test_a_living_worker_renews_its_leases(self, engine: Engine) -> None:
        engine.application.settings.delivery.lease_seconds = 1
        worker = engine.another_worker()
        worker.tools.leases.start()
        renewed: list[bool] = []

        def wait_for_a_renewal(batch: Sequence[Envelope]) -> None:
            first = self._lease(engine)
            while self._lease(engine) == first:
                pass
            engine.round()
            renewed.append(engine.states(run) == {"sending": 1})

        engine.email.before_send = wait_for_a_renewal
        make_list(engine.application, rows(1))
        run = engine.start(make_campaign(engine.application).run_id)
        assert worker.work(Lane(ChannelKind.EMAIL, "bulk"), 30) == 1
        worker.tools.leases.stop()
        worker.tools.bridge.close()
        assert renewed == [True]
        assert engine.states(run) == {"accepted": 1}

    @staticmethod
    def _lease(engine: Engine) -> object:
        return engine.sql("SELECT lease_until FROM attempt")[0].lease_until


class TestACommitInDoubt:
    """The connection breaks after COMMIT was sent: the claim may be in the database, or not."""

    def test_the_claim_is_given_back_and_made_again(self, engine: Engine) -> None:
        make_list(engine.application, rows(3))
        run = engine.start(make_campaign(engine.application).run_id)
        self._break_after_commits(engine, broken={1})
        assert engine.work() == 3
        assert len(engine.email.sent) == 3
        assert engine.states(run) == {"accepted": 3}
        assert engine.finish(run) == {"notified": 3}

    def test_even_when_giving_back_meets_the_same_fate(self, engine: Engine) -> None:
        make_list(engine.application, rows(3))
        run = engine.start(make_campaign(engine.application).run_id)
        self._break_after_commits(engine, broken={1, 2}, before_commit={2})
        assert engine.work() == 3
        assert engine.states(run) == {"accepted": 3}
        assert engine.finish(run) == {"notified": 3}

    def test_outcomes_whose_record_was_in_doubt_are_recorded_once(self, engine: Engine) -> None:
        make_list(engine.application, rows(3))
        engine.email.answer(FIRST, OutcomeKind.TRANSIENT, OutcomeKind.ACCEPTED)
        run = engine.start(make_campaign(engine.application).run_id)
        self._break_after_commits(engine, broken={2})
        assert engine.work() == 3
        assert engine.states(run) == {"accepted": 2, "failed": 1, "planned": 1}
        engine.check_counters(run)
        assert engine.finish(run) == {"notified": 3}

    @staticmethod
    def _break_after_commits(
        engine: Engine, *, broken: set[int], before_commit: frozenset[int] | set[int] = frozenset()
    ) -> None:
        """The worker's transactions number 1, 2, … (as listed) lose their connection around COMMIT."""
        database = engine.application.database
        original, count = database.run, [0]

        def run(work):
            count[0] += 1
            number = count[0]
            if number in before_commit:
                raise OperationalError("BEGIN", {}, Exception("server closed the connection"))
            result = original(work)
            if number in broken:
                raise OperationalError("COMMIT", {}, Exception("server closed the connection"))
            return result

        worker_database = _Through(database, run)
        object.__setattr__(engine.worker.tools, "database", worker_database)


class _Through:
    """A database whose `run` is another one."""

    def __init__(self, database: object, run: object) -> None:
        self.engine = database.engine  # type: ignore[attr-defined]
        self.run = run


class TestChangesWrittenTogether:
    def test_what_was_added_before_counts_for_the_notices_of_what_is_added_later(
        self, engine: Engine
    ) -> None:
        imported = make_list(engine.application, rows(1))
        engine.email.answer(FIRST, OutcomeKind.UNKNOWN)
        steps = [make_step(engine.application), make_step(engine.application, ChannelKind.SMS)]
        run = engine.start(
            make_run(engine.application, steps, imported=imported, on_unknown=OnUnknown.NEXT_STEP)
        )
        engine.work()
        engine.advance(hours=2)
        email, sms = sorted(engine.attempts(run), key=lambda attempt: attempt.step)
        assert (email.state, sms.state) == ("unknown", "planned")

        def hold_and_confirm(session: Session) -> None:
            now = engine.application.clock.refresh(session)
            work = Transitions(session, now)
            later = now + timedelta(hours=1)
            work.add([Change(sms.period, sms.id, Trigger.HOLD, "frequency_cap", due_at=later)])
            work.add([Change(email.period, email.id, Trigger.DELIVER, "dsn")])
            work.write()
            assert work.states() == {sms.id: "planned", email.id: "delivered"}

        engine.application.database.run(hold_and_confirm)
        assert engine.states(run) == {"delivered": 1, "cancelled": 1}
        assert engine.finish(run) == {"notified": 1}
        assert engine.sms.sent == []
