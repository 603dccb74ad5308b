"""Caps under several workers: per person and per address, over runs, on real locks (design: section 2)."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from threading import Barrier
from uuid import UUID

from sqlalchemy.orm import Session

from consent.calendar import WorkingCalendar
from dispatcher.core.db import plan_by_keys
from dispatcher.core.ids import new_id
from dispatcher.delivery.claim import ClaimedGroup, claim_group
from dispatcher.delivery.transitions import Claim
from tests.engine import Engine
from tests.factories import make_list, make_run, make_step, row

TWO_A_DAY = [{"channel_group": "text", "limit": 2, "period": "day"}]
ONE_A_DAY = [{"channel_group": "text", "limit": 1, "period": "day"}]
WORKERS = 4
SPENT = """
    SELECT {what} AS whom, count(*) AS count FROM contact_budget b
    JOIN contact_point c ON c.id = b.contact_point_id WHERE b.released_at IS NULL GROUP BY 1
"""


def claim(session: Session, engine: Engine, run: UUID, limit: int = 64) -> ClaimedGroup | None:
    """One claim in the caller's transaction, as a lane worker makes it."""
    plan_by_keys(session)
    return claim_group(
        session,
        run,
        "email",
        claim=Claim(new_id(), 60.0),
        limit=limit,
        calendar=WorkingCalendar("RU"),
        now=engine.now(),
    )


def spent(engine: Engine, what: str) -> Counter[str]:
    return Counter({str(one.whom): one.count for one in engine.sql(SPENT.format(what=what))})


class TestFourWorkers:
    def test_nobody_and_no_address_gets_more_than_the_cap_however_many_claim_at_once(
        self, engine: Engine
    ) -> None:
        """30 people with three accounts each, and 30 pairs of people who share an address, in three runs."""
        application = engine.application
        many = [
            row(10 * person + account, person=f"A{person}", email=f"a{person}-{account % 2}@example.org")
            for person in range(1, 31)
            for account in range(3)
        ]
        pairs = [
            row(1000 + 10 * pair + who, person=f"B{pair}-{who}", email=f"shared{pair}@example.org")
            for pair in range(1, 31)
            for who in range(2)
        ]
        runs = [
            make_run(
                application,
                [make_step(application)],
                imported=make_list(application, many + pairs, name=f"список {number}"),
                caps=TWO_A_DAY,
            )
            for number in range(3)
        ]
        engine.round()
        start = Barrier(WORKERS)

        def work(number: int) -> int:
            start.wait()
            taken = idle = 0
            while idle < 6:
                for run in [*runs[number % 3 :], *runs[: number % 3]]:
                    group = application.database.run(lambda s, run=run: claim(s, engine, run, limit=7))
                    taken += len(group.candidates) if group else 0
                    idle = 0 if group else idle + 1
            return taken

        with ThreadPoolExecutor(WORKERS) as pool:
            taken = sum(pool.map(work, range(WORKERS)))

        of_people, of_addresses = spent(engine, "b.person_id"), spent(engine, "c.address")
        assert set(of_people.values()) <= {1, 2}
        assert set(of_addresses.values()) <= {1, 2}
        assert taken == sum(of_people.values()) == 30 * 2 + 30 * 2
        held = Counter(
            one.hold_reason
            for run in runs
            for one in engine.attempts(run)
            if one.state == "planned" and one.due_at > engine.now()
        )
        assert sum(held.values()) == 3 * 150 - taken
        assert set(held) == {"frequency_cap", "address_cap"}


class TestSharedAddress:
    def test_a_claim_leaves_out_an_address_that_another_is_about_to_send_to(self, engine: Engine) -> None:
        application = engine.application
        lines = [row(number, person=f"B{number}", email="shared@example.org") for number in (1, 2)]
        runs = [
            make_run(
                application,
                [make_step(application)],
                imported=make_list(application, [line], name=line["ФИО"]),
                caps=ONE_A_DAY,
                lasts=timedelta(days=10),
            )
            for line in lines
        ]
        engine.round()
        with ExitStack() as stack:
            first = stack.enter_context(application.database.transaction())
            group = claim(first, engine, runs[0])
            assert group is not None
            assert len(group.candidates) == 1
            with application.database.transaction() as second:
                assert claim(second, engine, runs[1]) is None
        with application.database.transaction() as third:
            after = claim(third, engine, runs[1])
            assert after is not None
            assert after.candidates == []
        held = engine.attempts(runs[1])[0]
        assert (held.state, held.hold_reason) == ("planned", "address_cap")
        reserved = engine.sql("SELECT reserved_at FROM contact_budget")[0].reserved_at
        assert held.due_at == reserved + timedelta(days=1)
