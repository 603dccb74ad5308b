"""The one transition table, walked exhaustively (P7)."""

from pathlib import Path

import pytest

from dispatcher.delivery.drawing import draw
from dispatcher.delivery.states import (
    ATTEMPT_TRANSITIONS,
    LEFT,
    NOTICE_TRANSITIONS,
    OUT,
    AttemptState,
    NoticeState,
    Trigger,
    may_become,
    next_state,
)

NEVER_SENT = frozenset(
    {AttemptState.BLOCKED, AttemptState.EXPIRED, AttemptState.STOPPED, AttemptState.CANCELLED}
)
EVERY_PAIR = [(state, trigger) for state in AttemptState for trigger in Trigger]
#: Every arrow, said a second time on purpose: whoever changes the table must change it here as well.
EXPECTED = {
    "planned": "claim>sending hold>planned block>blocked expire>expired stop>stopped cancel>cancelled",
    "sending": "not_sent>planned throttle>planned accept>accepted refuse>failed defer>failed "
    "sender_fault>failed lose>unknown deliver>delivered bounce>failed",
    "unknown": "not_sent>failed throttle>failed accept>accepted found>accepted refuse>failed defer>failed "
    "sender_fault>failed deliver>delivered bounce>failed settle>unknown",
    "accepted": "deliver>delivered bounce>failed settle>accepted",
    "delivered": "accept>delivered bounce>failed",
    "failed": "accept>failed deliver>delivered",
    "blocked": "",
    "expired": "",
    "stopped": "",
    "cancelled": "",
}


def reachable(start: AttemptState) -> set[AttemptState]:
    found, waiting = {start}, [start]
    while waiting:
        state = waiting.pop()
        for (before, _), after in ATTEMPT_TRANSITIONS.items():
            if before is state and after not in found:
                found.add(after)
                waiting.append(after)
    return found


class TestAttemptTransitions:
    @pytest.mark.parametrize(("state", "trigger"), EVERY_PAIR)
    def test_every_pair_does_what_the_page_says_or_nothing(
        self, state: AttemptState, trigger: Trigger
    ) -> None:
        arrows = dict(arrow.split(">") for arrow in EXPECTED[state].split())
        expected = arrows.get(trigger)
        assert next_state(state, trigger) == (AttemptState(expected) if expected else None)

    def test_the_table_says_nothing_beside(self) -> None:
        assert set(ATTEMPT_TRANSITIONS) <= set(EVERY_PAIR)

    @pytest.mark.parametrize("state", sorted(NEVER_SENT))
    def test_what_was_never_sent_stays_so(self, state: AttemptState) -> None:
        assert reachable(state) == {state}

    def test_every_state_is_reachable(self) -> None:
        assert reachable(AttemptState.PLANNED) == set(AttemptState)

    def test_only_not_sent_and_throttled_lead_back_to_planned(self) -> None:
        back = {
            (state, trigger)
            for (state, trigger), after in ATTEMPT_TRANSITIONS.items()
            if after is AttemptState.PLANNED and state is not AttemptState.PLANNED
        }
        assert back == {
            (AttemptState.SENDING, Trigger.NOT_SENT),
            (AttemptState.SENDING, Trigger.THROTTLE),
        }

    @pytest.mark.parametrize("state", sorted((OUT | LEFT) - {AttemptState.SENDING}))
    def test_what_may_have_left_is_never_sent_again(self, state: AttemptState) -> None:
        assert not reachable(state) & {AttemptState.PLANNED, AttemptState.SENDING}

    def test_only_a_bounce_takes_a_delivery_back(self) -> None:
        ways = {trigger for trigger in Trigger if next_state(AttemptState.DELIVERED, trigger) is not None}
        assert ways == {Trigger.ACCEPT, Trigger.BOUNCE}

    def test_only_a_claim_leads_to_sending(self) -> None:
        ways = {pair for pair, after in ATTEMPT_TRANSITIONS.items() if after is AttemptState.SENDING}
        assert ways == {(AttemptState.PLANNED, Trigger.CLAIM)}


class TestNoticeTransitions:
    def test_an_open_notice_may_end_in_every_way(self) -> None:
        assert NOTICE_TRANSITIONS[NoticeState.OPEN] == set(NoticeState) - {NoticeState.OPEN}

    @pytest.mark.parametrize("state", [state for state in NoticeState if state is not NoticeState.OPEN])
    def test_a_closed_notice_is_never_opened_again(self, state: NoticeState) -> None:
        assert not may_become(state, NoticeState.OPEN)

    @pytest.mark.parametrize("state", [state for state in NoticeState if state is not NoticeState.OPEN])
    def test_good_news_always_counts(self, state: NoticeState) -> None:
        assert may_become(state, NoticeState.NOTIFIED)

    def test_every_state_has_its_row(self) -> None:
        assert set(NOTICE_TRANSITIONS) == set(NoticeState)


class TestTheDrawing:
    def test_the_page_is_up_to_date(self) -> None:
        page = Path(__file__).parents[3] / "docs" / "states.md"
        assert page.read_text(encoding="utf-8") == draw(), (
            "run: python -m dispatcher.delivery.drawing > docs/states.md"
        )

    def test_every_arrow_of_the_table_is_drawn(self) -> None:
        page = draw()
        for (state, trigger), after in ATTEMPT_TRANSITIONS.items():
            (line,) = [one for one in page.splitlines() if one.startswith(f"    {state} --> {after}:")]
            assert trigger in line.partition(": ")[2].split(", ")
