"""The table of a run's states, walked exhaustively (P7)."""

import pytest

from dispatcher.delivery.run_states import OVER, RUN_TRANSITIONS, RunAction, RunState, states_allowing

EVERY_PAIR = [(state, action) for state in RunState for action in RunAction]
#: Every arrow, said a second time on purpose: whoever changes the table must change it here as well.
EXPECTED = {
    "draft": "submit>awaiting_approval schedule>scheduled edit>draft stop>stopping",
    "awaiting_approval": "approve>scheduled reject>rejected edit>awaiting_approval stop>stopping",
    "rejected": "",
    "scheduled": "edit>scheduled send_back>awaiting_approval extend>scheduled start>running pause>paused "
    "stop>stopping",
    "running": "extend>running pause>paused stop>stopping close>closed",
    "paused": "extend>paused resume>running wait_again>scheduled stop>stopping close>closed",
    "stopping": "close>closed",
    "closed": "",
}


class TestTable:
    @pytest.mark.parametrize(("state", "action"), EVERY_PAIR)
    def test_every_pair_is_what_it_should_be(self, state: RunState, action: RunAction) -> None:
        expected = dict(arrow.split(">") for arrow in EXPECTED[state].split())
        after = RUN_TRANSITIONS.get((state, action))
        assert (None if after is None else after.value) == expected.get(action.value)

    def test_nothing_leaves_a_state_that_is_over(self) -> None:
        assert {state for state, _ in RUN_TRANSITIONS} == set(RunState) - OVER

    def test_every_action_is_possible_somewhere_and_every_state_can_be_reached(self) -> None:
        assert all(states_allowing(action) for action in RunAction)
        assert set(RUN_TRANSITIONS.values()) | {RunState.DRAFT} == set(RunState)

    def test_only_an_approval_or_a_draft_without_need_of_one_leads_to_the_start(self) -> None:
        ways = {action for (state, action), after in RUN_TRANSITIONS.items() if after is RunState.SCHEDULED}
        entries = ways - {RunAction.EDIT, RunAction.EXTEND, RunAction.WAIT_AGAIN}
        assert entries == {RunAction.APPROVE, RunAction.SCHEDULE}

    def test_a_stop_is_possible_until_it_is_over(self) -> None:
        assert set(states_allowing(RunAction.STOP)) == set(RunState) - OVER - {RunState.STOPPING}
