"""What a worker knows is recorded as it comes, and leased until it is."""

import time
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import event, text

from channels.port import ChannelKind, Envelope
from tests.engine import Engine
from tests.factories import make_campaign, make_list, rows

ACCEPTED = text("SELECT count(*) FROM attempt WHERE run_id = :run AND state = 'accepted'")


def start_run(engine: Engine, recipients: int) -> UUID:
    make_list(engine.application, rows(recipients))
    run = make_campaign(engine.application).run_id
    engine.start(run)
    return run


class TestLeases:
    def test_a_group_is_held_until_its_outcomes_are_committed(self, engine: Engine) -> None:
        """Let go before, and a record that had to wait made attempts unknown whose answer was known."""
        start_run(engine, 1)
        leases = engine.worker.tools.leases
        held_at_commit: list[int] = []

        event.listen(
            engine.application.database.engine, "commit", lambda _: held_at_commit.append(len(leases.held()))
        )
        engine.work()

        assert 1 in held_at_commit
        assert leases.held() == {}


class TestRecord:
    def test_outcomes_do_not_wait_for_one_letter_whose_provider_is_silent(self, engine: Engine) -> None:
        run = start_run(engine, 3)
        channel = engine.channels[ChannelKind.EMAIL]
        channel.answer("person2@example.org", None)
        accepted_meanwhile: list[int] = []

        def be_silent(_batch: Sequence[Envelope]) -> None:
            until = time.monotonic() + 60
            while not accepted_meanwhile and time.monotonic() < until:
                with engine.application.database.transaction() as session:
                    count = session.execute(ACCEPTED, {"run": run}).scalar_one()
                accepted_meanwhile.extend([count] if count == 2 else [])
                time.sleep(0.02)

        channel.after_send = be_silent
        engine.work()

        assert accepted_meanwhile == [2]
