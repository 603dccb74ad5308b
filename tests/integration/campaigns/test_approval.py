"""Approval by a second person, in the run's state machine."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from campaigns.approval import (
    RunEdit,
    approve_run,
    edit_run,
    extend_approved_run,
    reject_run,
    submit_run,
)
from campaigns.errors import NotAnApproverError, OwnCampaignError, UnknownListError
from dispatcher.core.staff import StaffMember, StaffRole
from dispatcher.delivery.errors import RunStateError
from dispatcher.delivery.runs import extend_run, stop_run
from reports.live import read_run
from reports.words import RUN_STATES, word_for
from tests.engine import Engine
from tests.factories import make_list, rows
from tests.integration.campaigns.trying import create, member, wanted


def awaiting(engine: Engine, people: int = 3, **changes: Any) -> UUID:
    make_list(engine.application, rows(people))
    return create(engine, wanted(engine, needs_approval=True, **changes)).run_id


def do(engine: Engine, work: Callable[..., None], run: UUID, **values: Any) -> None:
    engine.application.database.run(lambda session: work(session, run, now=engine.now(), **values))


class TestApprove:
    def test_nothing_leaves_before_a_second_person_has_agreed(self, engine: Engine) -> None:
        run = awaiting(engine)
        engine.advance(hours=1)
        assert engine.run(run).state == "awaiting_approval"
        assert engine.work() == 0
        do(engine, approve_run, run, approver=member(engine, "boris"))
        engine.round()
        assert engine.finish(run) == {"notified": 3}

    @pytest.mark.requirement(55, "role responsibility: who, what, when")
    def test_it_is_on_record_with_before_and_after(self, engine: Engine) -> None:
        run = awaiting(engine)
        do(engine, approve_run, run, approver=member(engine, "boris"))
        (event,) = engine.sql("SELECT * FROM audit_event WHERE action = 'run.approved'")
        assert (event.actor, event.subject_id) == ("staff:boris", str(run))
        assert (event.before, event.after) == ({"state": "awaiting_approval"}, {"state": "scheduled"})
        assert engine.run(run).approved_by == "staff:boris"

    @pytest.mark.parametrize("role", [StaffRole.OPERATOR, StaffRole.MANAGER, StaffRole.AUDITOR])
    def test_only_approvers_and_administrators_may(self, engine: Engine, role: StaffRole) -> None:
        run = awaiting(engine)
        with pytest.raises(NotAnApproverError):
            do(engine, approve_run, run, approver=member(engine, "boris", role))
        assert engine.run(run).state == "awaiting_approval"
        do(engine, approve_run, run, approver=member(engine, "clara", StaffRole.ADMINISTRATOR))

    def test_who_may_no_longer_sign_in_may_not(self, engine: Engine) -> None:
        run = awaiting(engine)
        gone = member(engine, "boris")
        gone = StaffMember(gone.id, gone.login, gone.full_name, gone.role, is_active=False)
        with pytest.raises(NotAnApproverError):
            do(engine, approve_run, run, approver=gone)

    def test_nobody_approves_an_own_campaign_whichever_way_he_came(self, engine: Engine) -> None:
        make_list(engine.application, rows(1))
        anna = member(engine, "anna")
        for author in ("staff:anna", "cli:Anna"):
            made = create(engine, wanted(engine, needs_approval=True), actor=author)
            with pytest.raises(OwnCampaignError):
                do(engine, approve_run, made.run_id, approver=anna)

    def test_nor_one_that_he_changed_himself(self, engine: Engine) -> None:
        run = awaiting(engine)
        do(engine, edit_run, run, change=RunEdit(ends_at=engine.now() + timedelta(days=5)), actor="cli:anna")
        with pytest.raises(OwnCampaignError):
            do(engine, approve_run, run, approver=member(engine, "anna"))

    def test_the_setting_demands_it_of_every_campaign(self, engine: Engine) -> None:
        make_list(engine.application, rows(1))
        delivery = engine.application.settings.delivery
        delivery.approval_required = True
        try:
            made = create(engine, wanted(engine))
        finally:
            delivery.approval_required = False
        assert made.state == "awaiting_approval"

    def test_by_default_nobody_is_asked(self, engine: Engine) -> None:
        make_list(engine.application, rows(1))
        assert create(engine, wanted(engine)).state == "scheduled"


class TestRaces:
    def test_of_two_approvers_clicking_at_once_one_wins_and_it_goes_once(self, engine: Engine) -> None:
        run = awaiting(engine)
        approvers = [member(engine, "boris"), member(engine, "clara")]
        errors: list[Exception] = []

        def click(approver: StaffMember) -> None:
            try:
                do(engine, approve_run, run, approver=approver)
            except RunStateError as error:
                errors.append(error)

        threads = [threading.Thread(target=click, args=(one,)) for one in approvers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(errors) == 1
        assert "scheduled" in str(errors[0])
        assert len(engine.sql("SELECT 1 FROM audit_event WHERE action = 'run.approved'")) == 1

    def test_what_was_stopped_cannot_be_approved(self, engine: Engine) -> None:
        run = awaiting(engine)
        do(engine, stop_run, run, actor="staff:olga", reason="not needed")  # type: ignore[arg-type]
        with pytest.raises(RunStateError, match="stopping"):
            do(engine, approve_run, run, approver=member(engine, "boris"))
        assert engine.finish(run) == {"stopped": 3}

    def test_what_is_over_in_time_cannot_be_approved_but_moved_and_then_approved(
        self, engine: Engine
    ) -> None:
        run = awaiting(engine)
        boris = member(engine, "boris")
        engine.advance(hours=49)
        with pytest.raises(RunStateError, match="window has ended"):
            do(engine, approve_run, run, approver=boris)
        assert engine.run(run).state == "awaiting_approval"
        do(engine, edit_run, run, change=RunEdit(ends_at=engine.now() + timedelta(days=1)), actor="cli:anna")
        do(engine, approve_run, run, approver=boris)
        engine.round()
        assert engine.finish(run) == {"notified": 3}

    def test_what_changed_since_it_was_looked_at_is_not_approved(self, engine: Engine) -> None:
        run = awaiting(engine)
        seen = engine.run(run).generation
        do(engine, edit_run, run, change=RunEdit(ends_at=engine.now() + timedelta(days=5)), actor="cli:anna")
        with pytest.raises(RunStateError, match="changed"):
            do(engine, approve_run, run, approver=member(engine, "boris"), generation=seen)

    def test_an_approval_that_is_cut_off_leaves_no_half_state(self, engine: Engine) -> None:
        run = awaiting(engine)
        boris = member(engine, "boris")

        def cut_off(session: Any) -> None:
            approve_run(session, run, approver=boris, now=engine.now())
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            engine.application.database.run(cut_off)
        assert (engine.run(run).state, engine.run(run).approved_by) == ("awaiting_approval", None)
        assert engine.sql("SELECT 1 FROM audit_event WHERE action = 'run.approved'") == []
        do(engine, approve_run, run, approver=boris)


class TestReject:
    def test_it_never_begins_and_says_that_nobody_was_planned(self, engine: Engine) -> None:
        run = awaiting(engine)
        do(engine, reject_run, run, approver=member(engine, "boris"), reason="wrong sums")
        engine.advance(hours=1)
        assert engine.notices(run) == {}
        live = engine.application.database.run(lambda s: read_run(s, run, engine.now()))
        assert live is not None
        assert (live.facts.state, live.facts.state_reason) == ("rejected", "wrong sums")
        assert (live.planned, live.fanned_out, live.decided) == (3, 0, 0)
        assert live.is_balanced
        assert "никто не запланирован" in word_for(RUN_STATES, "rejected", "ru")

    def test_it_is_final_and_needs_a_reason(self, engine: Engine) -> None:
        run = awaiting(engine)
        boris = member(engine, "boris")
        with pytest.raises(RunStateError):
            do(engine, reject_run, run, approver=boris, reason=" ")
        do(engine, reject_run, run, approver=boris, reason="wrong sums")
        with pytest.raises(RunStateError):
            do(engine, approve_run, run, approver=boris)
        with pytest.raises(RunStateError):
            do(engine, edit_run, run, change=RunEdit(ends_at=engine.now() + timedelta(days=9)), actor="x")


class TestEdit:
    def test_a_change_after_approval_sends_it_back(self, engine: Engine) -> None:
        run = awaiting(engine, starts_at=engine.now() + timedelta(hours=1))
        boris = member(engine, "boris")
        do(engine, approve_run, run, approver=boris)
        ends_at = engine.now() + timedelta(days=4)
        do(engine, edit_run, run, change=RunEdit(ends_at=ends_at), actor="staff:olga")
        assert (engine.run(run).state, engine.run(run).approved_by) == ("awaiting_approval", None)
        (event,) = engine.sql("SELECT * FROM audit_event WHERE action = 'run.edited'")
        assert (event.before["state"], event.after["state"]) == ("scheduled", "awaiting_approval")
        engine.advance(hours=2)
        assert engine.work() == 0
        do(engine, approve_run, run, approver=boris)
        engine.round()
        assert engine.finish(run) == {"notified": 3}

    def test_another_version_of_the_list_is_a_change_too(self, engine: Engine) -> None:
        run = awaiting(engine, starts_at=engine.now() + timedelta(hours=1))
        do(engine, approve_run, run, approver=member(engine, "boris"))
        make_list(engine.application, rows(5))
        do(engine, edit_run, run, change=RunEdit(list_name="Должники"), actor="staff:olga")
        assert (engine.run(run).state, engine.run(run).recipient_count) == ("awaiting_approval", 5)

    def test_without_approval_a_change_leaves_it_scheduled(self, engine: Engine) -> None:
        make_list(engine.application, rows(2))
        run = create(engine, wanted(engine, starts_at=engine.now() + timedelta(hours=1))).run_id
        do(engine, edit_run, run, change=RunEdit(starts_at=engine.now()), actor="staff:olga")
        engine.round()
        assert engine.finish(run) == {"notified": 2}

    def test_what_makes_no_sense_is_refused(self, engine: Engine) -> None:
        run = awaiting(engine)
        for change, error in (
            (RunEdit(ends_at=engine.now() - timedelta(hours=1)), RunStateError),
            (RunEdit(starts_at=engine.now() + timedelta(days=30)), RunStateError),
            (RunEdit(list_name="нет такого"), UnknownListError),
        ):
            with pytest.raises(error):
                do(engine, edit_run, run, change=change, actor="staff:olga")

    def test_what_has_started_is_not_edited(self, engine: Engine) -> None:
        make_list(engine.application, rows(2))
        run = engine.start(create(engine, wanted(engine)).run_id)
        with pytest.raises(RunStateError, match="running"):
            do(engine, edit_run, run, change=RunEdit(list_name="Должники"), actor="staff:olga")


class TestDraft:
    def test_a_draft_does_nothing_by_itself(self, engine: Engine) -> None:
        make_list(engine.application, rows(2))
        run = create(engine, wanted(engine, as_draft=True)).run_id
        engine.advance(hours=1)
        assert engine.run(run).state == "draft"
        do(engine, submit_run, run, delivery=engine.application.settings.delivery, actor="staff:olga")
        engine.round()
        assert engine.finish(run) == {"notified": 2}

    def test_a_draft_that_needs_approval_is_submitted_to_it(self, engine: Engine) -> None:
        run = awaiting(engine, as_draft=True)
        with pytest.raises(RunStateError, match="draft"):
            do(engine, approve_run, run, approver=member(engine, "boris"))
        do(engine, submit_run, run, delivery=engine.application.settings.delivery, actor="staff:olga")
        assert engine.run(run).state == "awaiting_approval"

    def test_who_hands_over_what_a_system_has_made_does_not_approve_it(self, engine: Engine) -> None:
        make_list(engine.application, rows(1))
        made = create(engine, wanted(engine, needs_approval=True, as_draft=True), actor="api:billing")
        delivery = engine.application.settings.delivery
        do(engine, submit_run, made.run_id, delivery=delivery, actor="staff:anna")
        with pytest.raises(OwnCampaignError):
            do(engine, approve_run, made.run_id, approver=member(engine, "anna"))
        do(engine, approve_run, made.run_id, approver=member(engine, "boris"))
        assert engine.run(made.run_id).state == "scheduled"


class TestExtend:
    @pytest.mark.requirement(10, "Job with start time and end time")
    def test_the_end_moves_only_forward_and_not_once_it_has_passed(self, engine: Engine) -> None:
        make_list(engine.application, rows(1))
        run = engine.start(create(engine, wanted(engine)).run_id)
        end = engine.run(run).ends_at
        for moment in (engine.now() - timedelta(hours=1), engine.now() + timedelta(hours=1), end):
            with pytest.raises(RunStateError):
                do(engine, extend_run, run, ends_at=moment, actor="staff:olga")
        assert engine.run(run).ends_at == end
        engine.set_time(end)
        with pytest.raises(RunStateError, match="window has ended"):
            do(engine, extend_run, run, ends_at=end + timedelta(days=1), actor="staff:olga")

    def test_an_approved_window_is_moved_by_an_approver_only(self, engine: Engine) -> None:
        run = awaiting(engine)
        boris = member(engine, "boris")
        do(engine, approve_run, run, approver=boris)
        engine.round()
        later = engine.run(run).ends_at + timedelta(days=1)
        with pytest.raises(RunStateError, match="approver"):
            do(engine, extend_run, run, ends_at=later, actor="staff:olga")
        do(engine, extend_approved_run, run, ends_at=later, approver=boris)
        assert engine.run(run).ends_at == later
