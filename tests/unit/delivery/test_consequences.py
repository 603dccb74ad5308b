"""Nobody is lost, nobody is told twice by accident: the consequences under random lives (P1, P2, P7)."""

from collections.abc import Sequence
from itertools import pairwise, permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.port import ReceiptKind
from dispatcher.delivery.consequences import AttemptView, consequence, review_seconds
from dispatcher.delivery.receipts import overruled_by
from dispatcher.delivery.states import AttemptState, NoticeState, Trigger
from dispatcher.delivery.step_plan import Combination, OnUnknown, StepPlan, Success
from tests.unit.delivery.notice_model import LivedAttempt, LivedNotice
from tests.unit.delivery.plans import a_plan, a_step, plans

ACCEPTED = (Trigger.CLAIM, Trigger.ACCEPT, Trigger.SETTLE)
REFUSED = (Trigger.CLAIM, Trigger.REFUSE)
LOST = (Trigger.CLAIM, Trigger.LOSE, Trigger.SETTLE)


def live(plan: StepPlan, *happenings: tuple[Trigger, ...]) -> LivedNotice:
    """The first attempt goes through the first happenings, the second through the second, …"""
    notice = LivedNotice(plan)
    for number, triggers in enumerate(happenings):
        for trigger in triggers:
            notice.happen(notice.attempts[number], trigger)
    return notice


def check_always(notice: LivedNotice) -> None:
    places = [(one.step, one.number) for one in notice.attempts]
    assert len(set(places)) == len(places)
    if notice.state is NoticeState.OPEN:
        assert any(one.is_live for one in notice.attempts)
    if notice.state is NoticeState.NOTIFIED:
        assert not any(one.state is AttemptState.PLANNED for one in notice.attempts)
    road = notice.plan.road(notice.first_step)
    for earlier, later in pairwise(notice.attempts):
        assert (road.index(earlier.step), earlier.number) < (road.index(later.step), later.number)


@st.composite
def lived(draw: st.DrawFn) -> LivedNotice:
    plan = draw(plans)
    notice = LivedNotice(plan, first_step=draw(st.integers(0, len(plan.steps) - 1)))
    for _ in range(draw(st.integers(0, 25))):
        moves = [(one, trigger) for one in notice.attempts for trigger in notice.possible(one)]
        if not moves:
            break
        attempt, trigger = draw(st.sampled_from(moves))
        notice.happen(attempt, trigger)
        check_always(notice)
    return notice


class TestNobodyIsLost:
    @settings(max_examples=150, deadline=None)
    @given(lived(), st.sampled_from([Trigger.EXPIRE, Trigger.STOP]))
    def test_every_notice_ends_in_exactly_one_terminal_state(
        self, notice: LivedNotice, ending: Trigger
    ) -> None:
        notice.run_out(ending)
        assert notice.state is not NoticeState.OPEN
        assert notice.closed == 1
        check_always(notice)

    @settings(max_examples=150, deadline=None)
    @given(lived())
    def test_an_accepted_or_delivered_attempt_is_never_reported_as_not_told(
        self, notice: LivedNotice
    ) -> None:
        notice.run_out()
        states = {one.state for one in notice.attempts}
        if AttemptState.DELIVERED in states:
            assert notice.state in {NoticeState.NOTIFIED, NoticeState.PARTLY_NOTIFIED}
        elif states & {AttemptState.ACCEPTED, AttemptState.UNKNOWN}:
            assert notice.state in {
                NoticeState.NOTIFIED,
                NoticeState.PARTLY_NOTIFIED,
                NoticeState.UNKNOWN,
            }

    @settings(max_examples=150, deadline=None)
    @given(lived())
    def test_notified_is_never_said_without_an_attempt_that_was_taken(self, notice: LivedNotice) -> None:
        notice.run_out()
        taken = {AttemptState.ACCEPTED, AttemptState.DELIVERED}
        told = {one.step for one in notice.attempts if one.state in taken}
        if notice.state is NoticeState.NOTIFIED:
            needed = len(notice.plan.steps) if notice.plan.combination is Combination.ALL else 1
            assert len(told) >= needed
        if notice.state is NoticeState.PARTLY_NOTIFIED:
            assert len(told) > 0

    @settings(max_examples=60, deadline=None)
    @given(lived())
    def test_a_state_that_is_out_always_has_a_timer_or_an_answer(self, notice: LivedNotice) -> None:
        for one in notice.attempts:
            if one.state in {AttemptState.ACCEPTED, AttemptState.UNKNOWN}:
                assert review_seconds(notice.plan, one.step, one.state) is not None


class TestNobodyIsToldTwiceByAccident:
    @settings(max_examples=150, deadline=None)
    @given(lived())
    def test_a_step_is_repeated_in_doubt_at_most_once_and_only_by_choice(self, notice: LivedNotice) -> None:
        by_choice = len(notice.plan.steps) if notice.plan.on_unknown is OnUnknown.RESEND_ONCE else 0
        assert notice.doubtful_repeats <= by_choice

    @pytest.mark.parametrize("on_unknown", [OnUnknown.LEAVE, OnUnknown.NEXT_STEP])
    def test_an_unknown_attempt_is_not_sent_again(self, on_unknown: OnUnknown) -> None:
        notice = live(a_plan(on_unknown=on_unknown), LOST)
        assert len(notice.attempts) == 1
        assert notice.state is NoticeState.UNKNOWN

    @pytest.mark.parametrize("back", [Trigger.NOT_SENT, Trigger.THROTTLE])
    def test_a_repeat_that_did_not_leave_stays_here_once_a_late_receipt_tells_of_delivery(
        self, back: Trigger
    ) -> None:
        plan = a_plan(a_step(retry_seconds=(0.0,)), a_step(), combination=Combination.ALL)
        notice = live(plan, (Trigger.CLAIM, Trigger.DEFER), (Trigger.CLAIM,))
        notice.happen(notice.attempts[0], Trigger.DELIVER)
        notice.happen(notice.attempts[1], back)
        assert [one.state for one in notice.attempts] == [
            AttemptState.DELIVERED,
            AttemptState.CANCELLED,
            AttemptState.PLANNED,
        ]
        assert (notice.attempts[2].step, notice.state) == (1, NoticeState.OPEN)

    def test_success_cancels_what_is_planned(self) -> None:
        plan = a_plan(a_step(), a_step(), on_unknown=OnUnknown.NEXT_STEP)
        notice = live(plan, LOST)
        assert notice.attempts[1].state is AttemptState.PLANNED
        notice.happen(notice.attempts[0], Trigger.DELIVER)
        assert (notice.state, notice.strength) == (NoticeState.NOTIFIED, "delivered")
        assert notice.attempts[1].state is AttemptState.CANCELLED


class TestDoubt:
    def test_leave_closes_as_unknown_even_when_another_step_is_there(self) -> None:
        notice = live(a_plan(a_step(), a_step()), LOST)
        assert notice.state is NoticeState.UNKNOWN
        assert len(notice.attempts) == 1

    def test_next_step_goes_on_to_the_other_channel(self) -> None:
        notice = live(a_plan(a_step(), a_step(), on_unknown=OnUnknown.NEXT_STEP), LOST, ACCEPTED)
        assert notice.state is NoticeState.NOTIFIED

    def test_next_step_refused_stays_unknown(self) -> None:
        notice = live(a_plan(a_step(), a_step(), on_unknown=OnUnknown.NEXT_STEP), LOST, REFUSED)
        assert notice.state is NoticeState.UNKNOWN

    def test_resend_once_sends_once_more_and_then_leaves_it(self) -> None:
        notice = live(a_plan(on_unknown=OnUnknown.RESEND_ONCE), LOST, LOST)
        assert [one.number for one in notice.attempts] == [1, 2]
        assert notice.state is NoticeState.UNKNOWN

    def test_resend_once_does_not_repeat_beside_an_attempt_that_was_accepted_late(self) -> None:
        notice = live(a_plan(on_unknown=OnUnknown.RESEND_ONCE), LOST, (Trigger.CLAIM, Trigger.LOSE))
        notice.happen(notice.attempts[0], Trigger.ACCEPT)
        notice.happen(notice.attempts[1], Trigger.SETTLE)
        assert len(notice.attempts) == 2

    def test_a_late_acceptance_resolves_an_unknown_notice(self) -> None:
        notice = live(a_plan(), LOST, ())
        notice.happen(notice.attempts[0], Trigger.ACCEPT)
        assert (notice.state, notice.strength) == (NoticeState.NOTIFIED, "accepted")

    def test_a_stop_beside_an_accepted_attempt_says_notified(self) -> None:
        notice = live(a_plan(a_step(), a_step(), on_unknown=OnUnknown.NEXT_STEP), LOST)
        notice.happen(notice.attempts[0], Trigger.ACCEPT)
        notice.cut_off(Trigger.STOP)
        assert (notice.state, notice.strength) == (NoticeState.NOTIFIED, "accepted")


class TestRetries:
    def test_a_passing_fault_waits_the_longer_of_plan_and_providers_wish(self) -> None:
        for wish, expected in ((None, 60.0), (10.0, 60.0), (90.0, 90.0)):
            result = consequence(
                a_plan(a_step(retry_seconds=(60.0,))),
                AttemptView(0, 1, AttemptState.FAILED),
                Trigger.DEFER,
                notice=NoticeState.OPEN,
                attempts=[AttemptView(0, 1, AttemptState.FAILED)],
                retry_after_seconds=wish,
            )
            assert result.next_attempt is not None
            assert result.next_attempt.wait_seconds == expected

    def test_the_last_retry_fails_the_step(self) -> None:
        defer = (Trigger.CLAIM, Trigger.DEFER)
        notice = live(a_plan(a_step(retry_seconds=(1.0, 2.0))), defer, defer, defer)
        assert [one.number for one in notice.attempts] == [1, 2, 3]
        assert notice.state is NoticeState.FAILED

    def test_a_final_refusal_is_not_tried_again(self) -> None:
        notice = live(a_plan(a_step(retry_seconds=(1.0, 2.0))), REFUSED)
        assert len(notice.attempts) == 1
        assert notice.state is NoticeState.FAILED

    def test_a_fault_of_ours_is_tried_again(self) -> None:
        notice = live(a_plan(a_step(retry_seconds=(1.0,))), (Trigger.CLAIM, Trigger.SENDER_FAULT), ACCEPTED)
        assert notice.state is NoticeState.NOTIFIED

    def test_not_sent_and_throttled_use_up_no_attempt(self) -> None:
        for trigger in (Trigger.NOT_SENT, Trigger.THROTTLE):
            notice = live(a_plan(), (Trigger.CLAIM, trigger, *ACCEPTED))
            assert len(notice.attempts) == 1
            assert notice.state is NoticeState.NOTIFIED


class TestStepsInOrder:
    def test_a_refusal_goes_on_to_the_next_step(self) -> None:
        notice = live(a_plan(a_step(), a_step()), REFUSED, ACCEPTED)
        assert [(one.step, one.number) for one in notice.attempts] == [(0, 1), (1, 1)]
        assert notice.state is NoticeState.NOTIFIED

    def test_no_permission_for_the_first_channel_goes_on_to_the_next(self) -> None:
        notice = live(a_plan(a_step(), a_step()), (Trigger.BLOCK,), ACCEPTED)
        assert notice.state is NoticeState.NOTIFIED

    def test_blocked_on_every_channel_is_blocked(self) -> None:
        notice = live(a_plan(a_step(), a_step()), (Trigger.BLOCK,), (Trigger.BLOCK,))
        assert notice.state is NoticeState.BLOCKED

    def test_blocked_and_refused_is_failed(self) -> None:
        notice = live(a_plan(a_step(), a_step()), REFUSED, (Trigger.BLOCK,))
        assert notice.state is NoticeState.FAILED

    def test_a_step_that_needs_delivery_goes_on_when_only_accepted(self) -> None:
        plan = a_plan(a_step(success=Success.DELIVERED), a_step())
        notice = live(plan, ACCEPTED)
        assert (notice.attempts[1].step, notice.attempts[1].state) == (1, AttemptState.PLANNED)

    def test_accepted_before_and_refused_after_is_still_notified(self) -> None:
        plan = a_plan(a_step(success=Success.DELIVERED), a_step())
        notice = live(plan, ACCEPTED, REFUSED)
        assert (notice.state, notice.strength) == (NoticeState.NOTIFIED, "accepted")

    def test_a_bounce_after_acceptance_goes_on_to_the_next_step(self) -> None:
        plan = a_plan(a_step(), a_step())
        notice = live(plan, (Trigger.CLAIM, Trigger.ACCEPT, Trigger.BOUNCE), ACCEPTED)
        assert notice.state is NoticeState.NOTIFIED
        assert len(notice.attempts) == 2

    @pytest.mark.parametrize(
        ("trigger", "state"), [(Trigger.EXPIRE, NoticeState.EXPIRED), (Trigger.STOP, NoticeState.STOPPED)]
    )
    def test_what_never_left_is_expired_or_stopped(self, trigger: Trigger, state: NoticeState) -> None:
        assert live(a_plan(), (trigger,)).state is state


class TestAllSteps:
    def test_every_step_is_taken_and_all_must_succeed(self) -> None:
        plan = a_plan(a_step(), a_step(), combination=Combination.ALL)
        assert live(plan, ACCEPTED, ACCEPTED).state is NoticeState.NOTIFIED

    def test_a_mandatory_one_that_lacks_its_second_channel_is_partly_told_and_the_rest_is_by_hand(
        self,
    ) -> None:
        plan = a_plan(combination=Combination.ALL, basis="contract")
        assert live(plan, ACCEPTED).state is NoticeState.PARTLY_NOTIFIED
        assert live(plan, REFUSED).state is NoticeState.FAILED
        # Nobody would be asked to tell the rest of one that rests on consent: what could be done is done.
        assert live(a_plan(combination=Combination.ALL), ACCEPTED).state is NoticeState.NOTIFIED

    @pytest.mark.parametrize("order", list(permutations([ACCEPTED, REFUSED])))
    def test_one_of_two_is_partly(self, order: tuple[tuple[Trigger, ...], ...]) -> None:
        plan = a_plan(a_step(), a_step(), combination=Combination.ALL)
        assert live(plan, *order).state is NoticeState.PARTLY_NOTIFIED

    def test_none_is_failed(self) -> None:
        plan = a_plan(a_step(), a_step(), combination=Combination.ALL)
        assert live(plan, REFUSED, REFUSED).state is NoticeState.FAILED

    def test_a_receipt_after_settling_does_not_count_a_step_twice(self) -> None:
        plan = a_plan(a_step(), a_step(), combination=Combination.ALL)
        notice = live(plan, (*ACCEPTED, Trigger.DELIVER), REFUSED)
        assert notice.state is NoticeState.PARTLY_NOTIFIED

    def test_a_step_that_bounced_while_the_next_one_ran_does_not_count(self) -> None:
        plan = a_plan(a_step(), a_step(), combination=Combination.ALL)
        notice = live(plan, (*ACCEPTED, Trigger.BOUNCE), ACCEPTED)
        assert notice.state is NoticeState.PARTLY_NOTIFIED

    def test_a_late_delivery_of_the_step_that_succeeded_stays_partly(self) -> None:
        plan = a_plan(a_step(), a_step(), combination=Combination.ALL)
        notice = live(plan, ACCEPTED, REFUSED)
        notice.happen(notice.attempts[0], Trigger.DELIVER)
        assert notice.state is NoticeState.PARTLY_NOTIFIED

    def test_a_late_delivery_of_the_step_that_failed_completes_it(self) -> None:
        plan = a_plan(a_step(), a_step(), combination=Combination.ALL)
        notice = live(plan, ACCEPTED, REFUSED)
        notice.happen(notice.attempts[1], Trigger.DELIVER)
        assert notice.state is NoticeState.NOTIFIED

    def test_a_bounce_after_the_end_takes_one_step_back(self) -> None:
        plan = a_plan(a_step(), a_step(), combination=Combination.ALL)
        notice = live(plan, ACCEPTED, ACCEPTED)
        notice.happen(notice.attempts[0], Trigger.BOUNCE)
        assert notice.state is NoticeState.PARTLY_NOTIFIED

    def test_all_delivered_is_as_strong_as_delivered(self) -> None:
        plan = a_plan(a_step(), a_step(), combination=Combination.ALL)
        notice = live(plan, (*ACCEPTED, Trigger.DELIVER), (Trigger.CLAIM, Trigger.ACCEPT, Trigger.DELIVER))
        assert (notice.state, notice.strength) == (NoticeState.NOTIFIED, "delivered")

    def test_the_window_ending_in_between_is_partly(self) -> None:
        plan = a_plan(a_step(), a_step(), combination=Combination.ALL)
        assert live(plan, ACCEPTED, (Trigger.EXPIRE,)).state is NoticeState.PARTLY_NOTIFIED

    def test_a_repeat_is_called_off_when_the_first_one_proves_to_have_arrived(self) -> None:
        plan = a_plan(a_step(), a_step(), combination=Combination.ALL, on_unknown=OnUnknown.RESEND_ONCE)
        notice = live(plan, LOST)
        notice.happen(notice.attempts[0], Trigger.DELIVER)
        assert [(one.step, one.state) for one in notice.attempts] == [
            (0, AttemptState.DELIVERED),
            (0, AttemptState.CANCELLED),
            (1, AttemptState.PLANNED),
        ]


RECEIPTS = {Trigger.DELIVER: ReceiptKind.DELIVERED, Trigger.BOUNCE: ReceiptKind.FAILED}


def heard(channel: str, triggers: Sequence[Trigger]) -> list[Trigger]:
    """What of these receipts reaches the table: not those that an earlier, stronger one overrules."""
    kept: list[Trigger] = []
    for number, trigger in enumerate(triggers):
        kind = RECEIPTS.get(trigger)
        stronger = None if kind is None else overruled_by(channel, kind)
        if stronger is None or stronger not in {RECEIPTS.get(one) for one in triggers[:number]}:
            kept.append(trigger)
    return kept


class TestReceiptsInAnyOrder:
    @settings(max_examples=60, deadline=None)
    @given(
        st.sampled_from(["email", "sms", "voice"]),
        plans,
        st.lists(st.sampled_from([Trigger.DELIVER, Trigger.BOUNCE]), min_size=1, max_size=4),
        st.randoms(),
    )
    def test_receipts_converge_whatever_their_order(
        self, channel: str, plan: StepPlan, receipts: list[Trigger], lot: object
    ) -> None:
        endings = set()
        for order in set(permutations(receipts)):
            notice = live(plan, (*ACCEPTED, *heard(channel, order)))
            first: LivedAttempt = notice.attempts[0]
            endings.add(first.state)
        assert len(endings) == 1

    @settings(max_examples=60, deadline=None)
    @given(st.permutations([Trigger.DELIVER, Trigger.BOUNCE, Trigger.SETTLE, Trigger.DELIVER]))
    def test_the_notice_converges_too(self, order: list[Trigger]) -> None:
        notice = live(a_plan(), (Trigger.CLAIM, Trigger.ACCEPT, *heard("sms", order)))
        assert (notice.state, notice.strength) == (NoticeState.NOTIFIED, "delivered")

    @settings(max_examples=60, deadline=None)
    @given(st.permutations([Trigger.DELIVER, Trigger.BOUNCE, Trigger.SETTLE, Trigger.DELIVER]))
    def test_by_email_a_bounce_takes_back_a_delivery(self, order: list[Trigger]) -> None:
        notice = live(a_plan(), (Trigger.CLAIM, Trigger.ACCEPT, *heard("email", order)))
        assert notice.state is NoticeState.FAILED

    @settings(max_examples=30, deadline=None)
    @given(st.permutations([Trigger.BOUNCE, Trigger.SETTLE, Trigger.BOUNCE]))
    def test_a_bounce_before_or_after_settling_is_a_failure(self, order: list[Trigger]) -> None:
        notice = live(a_plan(), (Trigger.CLAIM, Trigger.ACCEPT, *order))
        assert notice.state is NoticeState.FAILED

    @settings(max_examples=30, deadline=None)
    @given(st.permutations([Trigger.ACCEPT, Trigger.DELIVER, Trigger.DELIVER]))
    def test_a_receipt_may_overtake_the_answer(self, order: list[Trigger]) -> None:
        notice = live(a_plan(), (Trigger.CLAIM, *order))
        assert notice.state is NoticeState.NOTIFIED
