"""Calls through the delivery engine: as many as lines are free, what they end as, and what keys do."""

import io
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from campaigns.expected_finish import ASSUMED_CALL_SECONDS, Rate
from channels.port import ChannelKind, OutcomeKind
from channels.registry import ChannelRegistry
from channels.voice.reasons import CallReason
from channels.voice.result import AnsweredBy, CallResult, Signalling
from dispatcher.bootstrap import build_lane_worker
from dispatcher.core.settings import RetentionSettings, Settings
from dispatcher.core.voice_settings import CallerIdSettings, TrunkSettings
from dispatcher.delivery.calls.answers import SLICE
from dispatcher.delivery.calls.lines import kept_for_urgent
from dispatcher.delivery.calls.recordings import RecordingSeal, find_recording, list_recordings
from dispatcher.delivery.lane import LaneWorker
from dispatcher.delivery.lane_tools import Lane
from dispatcher.delivery.retry_rules import RetryRule, Shift
from dispatcher.delivery.runs import pause_run
from dispatcher.delivery.step_plan import Success
from dispatcher.privacy.export import write_json
from dispatcher.privacy.retention import purge_slice
from tests.calling_channel import BUSY, CONFIRMED, HEARD, CallingChannel
from tests.engine import Engine
from tests.factories import make_list, make_run, make_step, row, rows
from tests.integration.campaigns.trying import try_out, wanted

VOICE = Lane(ChannelKind.VOICE, "bulk")
PHONE = "+79000000001"
LIMIT_SECONDS = 60.0  #: a starved machine says nothing about a call
RULES = {
    "busy": RetryRule((720.0, 3600.0)),
    "declined": RetryRule((86_400.0,), Shift.NEXT_DAY),
    "no_answer": RetryRule((5400.0,), Shift.DAY_PART),
    "not_heard": RetryRule((5400.0,)),
}
NOT_HEARD = replace(HEARD, reached=None, heard_seconds=3.0, keys="")


class Desk:
    """A worker of calls beside the engine's own worker."""

    def __init__(self, engine: Engine, channel: CallingChannel) -> None:
        self.engine, self.channel = engine, channel
        registry = ChannelRegistry()
        registry.register(channel)
        self.worker: LaneWorker = build_lane_worker(engine.application, registry)

    def work(self) -> None:
        """Call whoever is due until nobody talks any more."""
        for _ in range(2):  # clocks may differ by milliseconds: what was not due at the first look is now
            self.start()
            assert self.worker._desk(VOICE, self.channel).wait_until_idle(LIMIT_SECONDS)

    def close(self) -> None:
        """End it: a desk that lives on would claim what the next test plans."""
        self.channel._holds = False
        self.worker.stop()
        self.worker.end_calls(LIMIT_SECONDS)
        self.worker.tools.bridge.close()

    def start(self) -> None:
        self.worker.work(VOICE, 60.0)


def wait_until(found: Callable[[], bool]) -> None:
    until = time.monotonic() + LIMIT_SECONDS
    while not found():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.02)


@pytest.fixture
def desk(engine: Engine) -> Iterator[Desk]:
    channel = CallingChannel()
    one = Desk(engine, channel)
    yield one
    one.close()


def a_call(engine: Engine, **changes: Any) -> Any:
    options = {"retry_rules": RULES, "most_attempts": 5, "success": Success.DELIVERED} | changes
    return make_step(engine.application, ChannelKind.VOICE, **options)


def start(engine: Engine, count: int = 1, *, step: dict[str, Any] | None = None, **options: Any) -> UUID:
    imported = make_list(engine.application, rows(count))
    run = make_run(engine.application, [a_call(engine, **(step or {}))], imported=imported, **options)
    return engine.start(run)


def measured(seconds: float) -> CallResult:
    """A call that was reckoned to take so long."""
    return replace(CONFIRMED, expected_seconds=seconds)


def due_in(engine: Engine, run: UUID) -> float:
    """Hours until the planned attempt."""
    [planned] = [one for one in engine.attempts(run) if one.state == "planned"]
    return round((planned.due_at - engine.now()).total_seconds() / 3600, 1)


class TestLines:
    @pytest.mark.requirement(11, "autodial")
    def test_no_more_is_claimed_than_lines_are_free_and_a_free_line_takes_the_next(self, engine, desk):
        desk.channel.lines = 2
        desk.channel.hold()
        run = start(engine, 4)
        desk.start()
        first = desk.channel.wait_for(2)
        assert engine.states(run) == {"sending": 2, "planned": 2}

        desk.channel.hang_up(first[0])  # the other one of its group still talks
        wait_until(lambda: len(desk.channel.called) == 3)
        assert first[1] in desk.channel.talking()
        wait_until(lambda: engine.states(run) == {"delivered": 1, "sending": 2, "planned": 1})

        desk.channel.hang_up(*desk.channel.talking())
        wait_until(lambda: len(desk.channel.called) == 4)
        desk.channel.hang_up(*desk.channel.talking())
        wait_until(lambda: engine.states(run) == {"delivered": 4})
        assert desk.channel.most_at_once == 2
        assert engine.finish(run) == {"notified": 4}

    def test_all_processes_together_use_no_more_lines_than_there_are(self, engine, desk):
        desk.worker.tools = replace(desk.worker.tools, call_lines=3)
        desk.channel.hold()
        run = start(engine, 4)
        desk.start()
        desk.channel.wait_for(2)
        desk.start()
        engine.round()
        # One of the three is kept for urgent runs.
        assert kept_for_urgent(3) == 1
        assert engine.states(run) == {"sending": 2, "planned": 2}
        desk.channel.hang_up(*desk.channel.talking())

    def test_a_pause_begins_no_call_and_says_who_talks(self, engine, desk):
        desk.channel.lines = 1
        desk.channel.hold()
        run = start(engine, 3)
        desk.start()
        [talking] = desk.channel.wait_for(1)
        answer = engine.application.database.run(
            lambda session: pause_run(session, run, actor="operator", reason="staff", now=engine.now())
        )
        assert (answer.in_flight, answer.waiting) == (1, 2)
        desk.channel.hang_up(talking)
        wait_until(lambda: engine.states(run) == {"delivered": 1, "planned": 2})
        assert desk.channel.called == [talking]

    def test_leases_of_those_who_talk_are_held_and_a_vanished_worker_calls_nobody_twice(self, engine, desk):
        desk.channel.hold()
        run = start(engine, 2)
        desk.start()
        talking = desk.channel.wait_for(2)
        wait_until(lambda: sum(len(one) for one in desk.worker.tools.leases.held().values()) == 2)
        desk.channel.hang_up(talking[0])
        wait_until(lambda: sum(len(one) for one in desk.worker.tools.leases.held().values()) == 1)
        # The worker is gone: nobody renews, and the lease runs out.
        engine.sql("UPDATE attempt SET lease_until = now() - interval '1 second' WHERE state = 'sending'")
        engine.round()
        assert engine.states(run) == {"delivered": 1, "unknown": 1}
        other = Desk(engine, CallingChannel())
        engine.advance(hours=1)
        other.work()
        assert other.channel.called == []
        assert engine.notices(run)["person2@example.org"].startswith(("unknown", "notified"))
        other.close()

    def test_told_to_end_the_worker_begins_nothing_and_waits_for_those_who_talk(self, engine, desk):
        desk.channel.lines = 1
        desk.channel.hold()
        run = start(engine, 2)
        desk.start()
        [talking] = desk.channel.wait_for(1)
        desk.worker.stop()
        desk.channel.hang_up(talking)
        desk.worker.end_calls(LIMIT_SECONDS)
        assert engine.states(run) == {"delivered": 1, "planned": 1}
        assert desk.worker.tools.leases.held() == {}


class TestWindow:
    @pytest.mark.requirement(10, "nothing after the end")
    def test_no_call_begins_that_could_outlast_the_window(self, engine, desk):
        imported = make_list(engine.application, rows(1))
        hours = {"from": "00:00:00", "to": "12:02:00", "working_days_only": False}
        run = make_run(
            engine.application,
            [a_call(engine, longest_seconds=180.0)],
            imported=imported,
            hours={"campaign": hours, "policy": hours},
        )
        engine.start(run)  # it is 12:00 in Moscow: two minutes are left
        desk.work()
        assert desk.channel.called == []
        assert [one.hold_reason for one in engine.attempts(run)] == ["outside_hours"]
        engine.advance(hours=13)
        desk.work()
        assert desk.channel.called == [PHONE]
        assert desk.channel.envelopes[0].deliver_until is not None

    @pytest.mark.requirement(10, "no call outside the window including its expected length")
    def test_the_length_of_calls_made_counts_for_the_next_ones(self, engine, desk):
        imported = make_list(engine.application, rows(3))
        hours = {"from": "00:00:00", "to": "12:10:00", "working_days_only": False}
        run = make_run(
            engine.application,
            [a_call(engine, longest_seconds=240.0)],
            imported=imported,
            hours={"campaign": hours, "policy": hours},
        )
        engine.start(run)  # it is 12:00 in Moscow
        desk.channel.lines = 1
        desk.channel.hold()
        desk.start()
        for count, (seconds, passing) in enumerate(((60.0, 8 * 60), (100.0, 45)), 1):
            wait_until(lambda count=count: len(desk.channel.called) == count)
            talking = desk.channel.called[-1]
            desk.channel.answer(talking, OutcomeKind.DELIVERED, measured(seconds))
            engine.set_time(engine.now() + timedelta(seconds=passing))
            desk.channel.hang_up(talking)
        # The second began two minutes before the end. 75 seconds are left: not enough for one as long as it.
        assert desk.worker._desk(VOICE, desk.channel).wait_until_idle(LIMIT_SECONDS)
        assert len(desk.channel.called) == 2
        assert [one.hold_reason for one in engine.attempts(run) if one.state == "planned"] == [
            "outside_hours"
        ]


class TestOutcomes:
    def test_a_confirmed_call_is_the_surest_way_to_have_told(self, engine, desk):
        run = start(engine, 2)
        desk.channel.answer("+79000000002", OutcomeKind.DELIVERED, HEARD)
        desk.work()
        engine.round()
        assert engine.notices(run) == {
            "person1@example.org": "notified:confirmed",
            "person2@example.org": "notified:heard",
        }
        engine.check_counters(run)

    def test_what_came_of_a_call_is_kept(self, engine, desk):
        start(engine)
        desk.work()
        [kept] = engine.sql("SELECT * FROM attempt_call")
        assert (kept.status, kept.cause, kept.trunk, kept.caller_id) == (200, 16, "main", "74951234567")
        assert (kept.ring_seconds, kept.talk_seconds, kept.heard_seconds) == (4.0, 31.0, 20.0)
        assert (kept.answered_by, kept.answered_because) == ("human", "human")
        assert (kept.reached, kept.keys) == ("confirmed", "11")
        assert kept.prompts == ["ab" * 32]
        assert kept.collected is None
        assert kept.answers_due_at is None

    def test_a_busy_line_is_called_again_soon_and_then_later(self, engine, desk):
        run = start(engine)
        for _ in range(3):
            desk.channel.answer(PHONE, CallReason.BUSY, BUSY)
        desk.work()
        assert due_in(engine, run) == 0.2
        engine.advance(hours=0.3)
        desk.work()
        assert due_in(engine, run) == 1.0
        engine.advance(hours=1.1)
        desk.work()
        assert engine.notices(run) == {"person1@example.org": "failed:busy"}

    def test_whoever_declined_is_called_once_more_the_next_day(self, engine, desk):
        run = start(engine, lasts=timedelta(days=4))
        desk.channel.answer(PHONE, CallReason.DECLINED)
        desk.work()
        assert due_in(engine, run) == 24.0
        engine.advance(hours=24.1)
        desk.work()
        assert engine.notices(run) == {"person1@example.org": "failed:declined"}

    def test_a_repeat_beyond_the_end_of_the_run_gives_way_to_the_next_step(self, engine, desk):
        imported = make_list(engine.application, rows(1))
        steps = [a_call(engine), make_step(engine.application, settle_seconds=1.0)]
        run = engine.start(make_run(engine.application, steps, imported=imported, lasts=timedelta(hours=20)))
        desk.channel.answer(PHONE, CallReason.DECLINED)
        desk.work()
        engine.work()
        assert engine.finish(run) == {"notified": 1}
        assert engine.email.addresses() == ["person1@example.org"]

    def test_congestion_is_no_attempt_and_is_not_tried_in_a_tight_loop(self, engine, desk):
        run = start(engine)
        desk.channel.answer(PHONE, CallReason.CONGESTION, CallResult(Signalling(503, 34, "", "main")))
        desk.channel.answer(PHONE, OutcomeKind.DELIVERED, CONFIRMED)
        desk.work()
        [attempt] = engine.attempts(run)
        assert (attempt.state, attempt.number, attempt.hold_reason) == ("planned", 1, "congestion")
        assert (attempt.due_at - engine.now()).total_seconds() > 60
        assert engine.sql("SELECT 1 FROM contact_budget WHERE released_at IS NULL") == []
        engine.advance(minutes=5)
        desk.work()
        assert desk.channel.called == [PHONE, PHONE]
        assert engine.finish(run) == {"notified": 1}

    def test_a_number_that_does_not_exist_is_banned_for_calls(self, engine, desk):
        start(engine)
        desk.channel.answer(PHONE, CallReason.WRONG_NUMBER)
        desk.work()
        engine.round()
        [ban] = engine.sql("SELECT channel, address, reason FROM suppression")
        assert tuple(ban) == ("voice", PHONE, "wrong_number")


class TestKeys:
    def test_not_me_bans_the_number_for_calls_and_short_messages(self, engine, desk):
        imported = make_list(engine.application, rows(1))
        steps = [a_call(engine), make_step(engine.application, ChannelKind.SMS, settle_seconds=1.0)]
        run = engine.start(make_run(engine.application, steps, imported=imported))
        said = replace(NOT_HEARD, is_wrong_person=True, keys="3")
        desk.channel.answer(PHONE, CallReason.WRONG_PERSON, said)
        desk.work()
        bans = engine.sql(
            "SELECT channel, address, reason, source, source_attempt_id FROM suppression ORDER BY 1"
        )
        first = engine.attempts(run)[0].id
        assert [tuple(ban) for ban in bans] == [
            (channel, PHONE, "wrong_person", "voice_key", first) for channel in ("sms", "voice")
        ]
        engine.work(ChannelKind.SMS)
        assert engine.sms.addresses() == []
        assert engine.notices(run)["person1@example.org"].startswith(("blocked", "failed"))

    def test_no_more_calls_withdraws_the_consent_for_calls_of_this_purpose(self, engine, desk):
        run = start(engine)
        said = replace(HEARD, wants_no_calls=True, keys="19")
        desk.channel.answer(PHONE, OutcomeKind.DELIVERED, said)
        desk.work()
        [entry] = engine.sql(
            "SELECT channel, purpose, source, source_reference FROM consent_event WHERE action = 'withdrawn'"
        )
        assert tuple(entry) == ("voice", "debt", "voice_key", str(engine.attempts(run)[0].id))
        assert engine.sql("SELECT 1 FROM attempt_call WHERE answers_due_at IS NOT NULL") == []

    @pytest.mark.parametrize(
        ("said", "kept_in"),
        [
            (replace(HEARD, wants_no_calls=True, keys="19"), "consent_event WHERE action = 'withdrawn'"),
            (replace(NOT_HEARD, is_wrong_person=True, keys="3"), "suppression WHERE channel = 'voice'"),
        ],
        ids=["no more calls", "wrong person"],
    )
    @pytest.mark.requirement(50, "free opt-out: by a key, from the moment on that the call is recorded")
    def test_a_refusal_by_key_is_committed_with_its_call(self, engine, desk, said, kept_in):
        """Nobody can claim the person between the record of the call and what the key asked for."""
        run = start(engine)
        desk.channel.answer(PHONE, OutcomeKind.DELIVERED, said)
        desk.work()
        [attempt] = engine.attempts(run)
        events = f"attempt_event WHERE attempt_id = '{attempt.id}' AND trigger = 'deliver'"
        [call] = engine.sql(f"SELECT transaction::text FROM {events}")
        [done] = engine.sql(f"SELECT xmin::text FROM {kept_in}")
        assert done == call

    def test_it_is_so_behind_more_open_answers_than_are_followed_at_once(self, engine, desk):
        start(engine, SLICE + 1)
        desk.work()
        run = engine.start(
            make_run(engine.application, [a_call(engine)], imported=make_list(engine.application, rows(1)))
        )
        engine.sql("UPDATE attempt_call SET is_wrong_person = true, answers_due_at = ended_at")
        desk.channel.answer(PHONE, OutcomeKind.DELIVERED, replace(HEARD, wants_no_calls=True, keys="19"))
        desk.work()
        [attempt] = engine.attempts(run)
        events = f"attempt_event WHERE attempt_id = '{attempt.id}' AND trigger = 'deliver'"
        [call] = engine.sql(f"SELECT transaction::text FROM {events}")
        assert engine.sql("SELECT xmin::text FROM consent_event WHERE action = 'withdrawn'") == [call]

    def test_a_line_that_is_free_again_calls_nobody_who_has_just_refused(self, engine, desk):
        """Two runs, one person, one line: the key of the first call holds for the second."""
        desk.channel.lines = 1
        desk.channel.answer(PHONE, OutcomeKind.DELIVERED, replace(HEARD, wants_no_calls=True))
        imported = make_list(engine.application, rows(1))
        runs = [
            engine.start(make_run(engine.application, [a_call(engine)], imported=imported)) for _ in range(2)
        ]
        desk.work()
        wait_until(lambda: all(engine.states(run).get("planned", 0) == 0 for run in runs))
        assert desk.channel.called == [PHONE]
        states = sorted(state for run in runs for state in engine.states(run))
        assert states == ["blocked", "delivered"]

    def test_what_a_killed_worker_left_undone_the_scheduler_does(self, engine, desk):
        start(engine)
        desk.work()
        engine.sql("UPDATE attempt_call SET is_wrong_person = true, answers_due_at = ended_at")
        engine.round()
        assert len(engine.sql("SELECT 1 FROM suppression")) == 2
        engine.round()
        assert engine.sql("SELECT 1 FROM attempt_call WHERE answers_due_at IS NOT NULL") == []

    def test_digits_are_kept_and_a_machine_is_no_success(self, engine, desk):
        run = start(engine, 2)
        reading = replace(CONFIRMED, collected={"reading": "12345"})
        desk.channel.answer(PHONE, OutcomeKind.DELIVERED, reading)
        machine = replace(NOT_HEARD, answered_by=AnsweredBy.MACHINE)
        desk.channel.answer("+79000000002", CallReason.MACHINE, machine)
        desk.work()
        [kept] = engine.sql("SELECT collected FROM attempt_call WHERE collected IS NOT NULL")
        assert kept.collected == {"reading": "12345"}
        assert engine.notices(run)["person2@example.org"].startswith("failed:machine")


def test_lists_without_numbers_leave_nobody_waiting(engine, desk):
    imported = make_list(engine.application, [row(1, phone="")])
    run = engine.start(make_run(engine.application, [a_call(engine)], imported=imported))
    desk.work()
    assert engine.finish(run) == {"blocked": 1}


class TestRecordings:
    """What called people say: not kept unless that is switched on, and then sealed."""

    SOUND = b"RIFF....WAVE what the person said"

    def test_none_is_kept_unless_it_is_switched_on(self, engine, desk):
        desk.channel.answer(PHONE, OutcomeKind.DELIVERED, replace(CONFIRMED, recording=self.SOUND))
        start(engine)
        desk.work()
        assert engine.sql("SELECT 1 FROM call_recording") == []

    def test_it_is_sealed_handed_out_and_taken_away_after_its_term(self, engine):
        built = engine.application
        voice = built.settings.voice.model_copy(update={"records_far_end": True})
        settings = built.settings.model_copy(update={"voice": voice})
        recording = Desk(replace_application(engine, settings), CallingChannel())
        try:
            recording.channel.answer(PHONE, OutcomeKind.DELIVERED, replace(CONFIRMED, recording=self.SOUND))
            run = start(engine)
            recording.work()
        finally:
            recording.close()
        [kept] = engine.sql("SELECT * FROM call_recording")
        assert b"person" not in bytes(kept.sealed)
        seal = RecordingSeal(built.secret_key)
        [person] = engine.sql("SELECT person_id FROM notice")
        with built.database.transaction() as session:
            assert find_recording(session, run, kept.attempt_id) == kept.sealed
            assert seal.open(kept.attempt_id, kept.sealed) == self.SOUND
            assert find_recording(session, kept.attempt_id, kept.attempt_id) is None
            assert [one.attempt_id for one in list_recordings(session, person.person_id)] == [kept.attempt_id]
            export = io.StringIO()
            write_json(session, person.person_id, export, RetentionSettings(), now=engine.now())
        assert b64encode(self.SOUND).decode() in export.getvalue()

        def purge(days: int) -> None:
            terms = RetentionSettings(recording_days=30, answer_days=60)
            at = engine.now() + timedelta(days=days)
            while built.database.run(lambda session: purge_slice(session, at, settings=terms)):
                pass

        engine.finish(run)
        purge(29)
        assert len(engine.sql("SELECT 1 FROM call_recording")) == 1
        purge(31)
        assert engine.sql("SELECT 1 FROM call_recording") == []
        assert [one.keys for one in engine.sql("SELECT keys FROM attempt_call")] == ["11"]
        purge(120)
        [call] = engine.sql("SELECT keys, collected, reached FROM attempt_call")
        assert (call.keys, call.collected, call.reached) == ("", None, "confirmed")
        counted = {
            one.kind: one.purged
            for one in engine.sql("SELECT kind, sum(purged) AS purged FROM purge GROUP BY kind")
        }
        assert (counted["recordings"], counted["keys"]) == (1, 1)


def replace_application(engine: Engine, settings: Settings) -> Engine:
    """The same engine for a worker with other settings."""
    return replace(engine, application=replace(engine.application, settings=settings))


def a_trunk(**changes: Any) -> TrunkSettings:
    shown = CallerIdSettings(number="74951234567")
    return TrunkSettings(name="main", host="sip.example", caller_ids=[shown], **changes)


class TestExpectedFinish:
    def test_the_dry_run_reckons_with_how_long_calls_take_up_the_lines(self, engine, desk):
        voice = engine.application.settings.voice
        voice.trunks = [a_trunk(lines=6, calls_per_second=10)]
        try:
            make_list(engine.application, rows(30))
            calls = wanted(engine, channels=(ChannelKind.VOICE,))
            assert try_out(engine, calls).rates["voice"] == Rate(6 / ASSUMED_CALL_SECONDS, "lines")
            engine.finish(self._after_calls_of_35_seconds(engine, desk))
            found = try_out(engine, calls)
            assert found.rates["voice"] == Rate(6 / 35, "lines")
            voice.trunks[0].lines = 1000
            assert try_out(engine, calls).rates["voice"] == Rate(10, "provider_limit")
        finally:
            voice.trunks = []

    def _after_calls_of_35_seconds(self, engine: Engine, desk: Desk) -> UUID:
        run = start(engine, 30)
        desk.work()
        assert engine.states(run) == {"delivered": 30}
        return run
