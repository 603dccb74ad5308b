"""The verdict of the chaos rounds: what the provider did is no fault of ours, and nothing else is excused."""

from collections.abc import Sequence

import pytest

from channels.port import OutcomeKind
from channels.sandbox.journal import JournalEntry, JournalVerdict, now
from tests.chaos.verdict import Allowance, Verdict, judge
from tests.engine import Engine
from tests.factories import make_campaign, make_list, row

ACCEPTED, UNANSWERED = JournalVerdict.ACCEPTED, JournalVerdict.UNANSWERED


def verdict_over(
    engine: Engine, directive: str, *journal: JournalVerdict, outcome: OutcomeKind = OutcomeKind.UNKNOWN
) -> Verdict:
    """A run to one person whose address holds this directive; the provider's journal says this of it."""
    address = f"{directive}person1@example.org"
    make_list(engine.application, [row(1, email=address)])
    engine.email.answer(address, outcome)
    run = engine.start(make_campaign(engine.application).run_id)
    engine.work()
    engine.finish(run)
    attempts: Sequence[JournalEntry] = [
        JournalEntry(envelope.attempt, said, now()) for envelope in engine.email.sent for said in journal
    ]
    with engine.application.database.transaction() as session:
        return judge(session, run, attempts, Allowance(may_lose_sight=False))


class TestDoubt:
    @pytest.mark.parametrize(
        ("directive", "journal"),
        [("hang.", [ACCEPTED]), ("hangdrop.", [ACCEPTED]), ("drop.", [UNANSWERED])],
    )
    def test_what_the_provider_left_in_doubt_is_its_own(
        self, engine: Engine, directive: str, journal: list[JournalVerdict]
    ) -> None:
        verdict = verdict_over(engine, directive, *journal)
        assert verdict.faults == []
        assert (verdict.unknown, verdict.unknown_by_provider, verdict.lost) == (1, 1, 0)

    @pytest.mark.parametrize(
        ("directive", "journal"),
        [
            ("", [ACCEPTED]),  # it answered
            ("", []),
            ("drop.", []),  # the address promises trouble of which nothing came
            ("hang.", []),
            ("hangdrop.", [UNANSWERED]),
            ("drop.", [ACCEPTED]),
            ("dropstartonce.", [UNANSWERED]),  # the end came with the 354: no body may have left
        ],
    )
    def test_any_other_doubt_is_ours(
        self, engine: Engine, directive: str, journal: list[JournalVerdict]
    ) -> None:
        verdict = verdict_over(engine, directive, *journal)
        assert verdict.unknown_by_provider == 0
        assert "1 attempts became unknown, only 0 were out at the kill" in verdict.faults


class TestBothSides:
    def test_what_we_call_accepted_must_have_been_received(self, engine: Engine) -> None:
        assert verdict_over(engine, "", UNANSWERED, outcome=OutcomeKind.ACCEPTED).lost == 1

    def test_one_attempt_that_was_received_twice_is_red(self, engine: Engine) -> None:
        verdict = verdict_over(engine, "", ACCEPTED, ACCEPTED, outcome=OutcomeKind.ACCEPTED)
        assert (verdict.doubled, verdict.doubled_by_choice) == (1, 0)
        assert not verdict.is_green
