"""Positions of claims: hints that are looked behind from time to time."""

from datetime import UTC, datetime
from uuid import UUID

from dispatcher.delivery.due_positions import KEPT, SECONDS, DuePositions, Position

RUN = UUID(int=1)
FIRST, SECOND = (Position(datetime(2026, 11, 28, tzinfo=UTC), UUID(int=n)) for n in (1, 2))


class Watch:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


class TestDuePositions:
    def test_a_claim_goes_on_where_the_last_one_of_its_run_and_channel_ended(self) -> None:
        positions = DuePositions(Watch())
        positions.advance(RUN, "email", FIRST)
        assert positions.get(RUN, "email") == FIRST
        assert positions.get(RUN, "sms") is None
        positions.advance(RUN, "email", SECOND)
        assert positions.get(RUN, "email") == SECOND
        positions.forget(RUN, "email")
        assert positions.get(RUN, "email") is None

    def test_however_quickly_claims_follow_the_front_is_looked_at_in_time(self) -> None:
        watch = Watch()
        positions, looks = DuePositions(watch), 0
        for _ in range(100):
            looks += positions.get(RUN, "email") is None
            positions.advance(RUN, "email", FIRST)
            watch.seconds += SECONDS / 10
        assert 9 <= looks <= 11

    def test_what_is_kept_has_a_bound(self) -> None:
        positions = DuePositions(Watch())
        for number in range(3 * KEPT):
            positions.advance(UUID(int=number), "email", FIRST)
        assert sum(positions.get(UUID(int=n), "email") is not None for n in range(3 * KEPT)) <= KEPT
