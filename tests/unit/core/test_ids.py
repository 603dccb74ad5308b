"""Identifiers sort by the time they were made."""

from dispatcher.core.ids import new_id, new_ids


class TestIds:
    def test_they_are_version_seven(self) -> None:
        assert new_id().version == 7

    def test_many_come_in_rising_order_and_no_two_are_equal(self) -> None:
        ids = [*new_ids(2000), *(new_id() for _ in range(2000))]
        assert ids == sorted(ids)
        assert len(set(ids)) == 4000
