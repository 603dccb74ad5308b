"""The road of a notice: claim, commit, send, record, settle, close (P1, P2, P3)."""

import time
from collections.abc import Sequence

import psycopg
import pytest

from channels.port import Envelope, OutcomeKind
from tests.engine import Engine
from tests.factories import make_campaign, make_list, make_run, make_step, row, rows
from tests.servers import plain_url


class TestTheRoad:
    @pytest.mark.requirement(16, "debt exists")
    @pytest.mark.requirement(3, "with the individual debt sum")
    @pytest.mark.requirement(15, "addressed (individual) reminders")
    @pytest.mark.requirement(1, "typical (templated) information")
    def test_everybody_gets_a_letter_with_name_account_and_debt(self, engine: Engine) -> None:
        make_list(
            engine.application,
            [row(1, name="Анна Первая", debt="1250,40"), row(2, name="Олег Второй", debt="77,05")],
        )
        run = engine.start(make_campaign(engine.application).run_id)
        engine.work()
        letters = {envelope.address: envelope for envelope in engine.email.sent}
        first, second = letters["person1@example.org"], letters["person2@example.org"]
        assert "Анна Первая" in first.text
        assert "0000000001" in first.text
        assert "1\u00a0250,40" in first.text.replace("\u202f", "\u00a0")
        assert "77,05" in second.text
        assert "Анна" not in second.text
        assert engine.finish(run) == {"notified": 2}

    def test_a_list_larger_than_a_slice_and_a_group_is_told_once_each(self, engine: Engine) -> None:
        make_list(engine.application, rows(1100))
        run = engine.start(make_campaign(engine.application).run_id)
        assert engine.work() == 1100
        assert len(set(engine.email.addresses())) == len(engine.email.sent) == 1100
        assert engine.finish(run) == {"notified": 1100}

    def test_each_outcome_ends_as_its_own_result(self, engine: Engine) -> None:
        imported = make_list(engine.application, rows(4))
        engine.email.answer("person2@example.org", OutcomeKind.PERMANENT)
        engine.email.answer("person3@example.org", OutcomeKind.UNKNOWN)
        engine.email.answer("person4@example.org", None)
        run = make_run(engine.application, [make_step(engine.application)], imported=imported)
        engine.start(run)
        engine.work()
        engine.finish(run)
        assert engine.notices(run) == {
            "person1@example.org": "notified:accepted",
            "person2@example.org": "failed:scripted_permanent",
            "person3@example.org": "unknown:scripted_unknown",
            "person4@example.org": "unknown:no_outcome",
        }


class TestClaimCommitSendRecord:
    def test_the_provider_is_called_only_after_sending_is_committed(self, engine: Engine) -> None:
        seen: list[tuple[str, int]] = []

        def look(batch: object) -> None:
            with psycopg.connect(plain_url(engine.application.addresses.database_url)) as other:
                seen.extend(other.execute("SELECT state, count(*) FROM attempt GROUP BY state").fetchall())

        engine.email.before_send = look
        make_list(engine.application, rows(3))
        engine.start(make_campaign(engine.application).run_id)
        engine.work()
        assert seen == [("sending", 3)]

    def test_what_was_checked_must_begin_within_two_seconds_of_the_checks(self, engine: Engine) -> None:
        limits: list[float] = []

        def look(batch: Sequence[Envelope]) -> None:
            limits.extend(one.begin_until or float("inf") for one in batch)

        engine.email.before_send = look
        make_list(engine.application, rows(3))
        engine.start(make_campaign(engine.application).run_id)
        earliest = time.monotonic() + 2
        engine.work()
        # Whatever stands still between the claim and the call, the limit stands still with it.
        assert len(limits) == 3
        assert all(earliest <= limit <= time.monotonic() + 2 for limit in limits)

    def test_no_transaction_is_open_during_the_call(self, engine: Engine) -> None:
        states: list[str] = []

        def look(batch: object) -> None:
            with psycopg.connect(plain_url(engine.application.addresses.database_url)) as other:
                found = other.execute(
                    "SELECT state FROM pg_stat_activity WHERE datname = current_database()"
                    " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
                ).fetchall()
            states.extend(state for (state,) in found)

        engine.email.before_send = look
        make_list(engine.application, rows(3))
        engine.start(make_campaign(engine.application).run_id)
        engine.work()
        assert states
        assert set(states) == {"idle"}
