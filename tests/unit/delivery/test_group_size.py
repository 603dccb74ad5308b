"""Groups are as large as a provider takes in about a second."""

from dispatcher.delivery.group_size import FIRST, SMALLEST, GroupSize


def after(size: GroupSize, *, per_second: float, groups: int = 10) -> int:
    """Its size when a provider has taken so many groups at this pace."""
    for _ in range(groups):
        size.heed(size.now, size.now / per_second)
    return size.now


class TestGroupSize:
    def test_before_anything_is_known_it_is_of_middle_size(self) -> None:
        assert GroupSize(128).now == FIRST
        assert GroupSize(20).now == 20

    def test_a_quick_provider_gets_the_largest_groups(self) -> None:
        assert after(GroupSize(128), per_second=2_000) == 128

    def test_a_slow_one_gets_what_it_takes_in_a_second(self) -> None:
        assert after(GroupSize(128), per_second=20) == 20

    def test_nobody_gets_so_few_that_connections_stand_idle(self) -> None:
        assert after(GroupSize(128), per_second=0.5) == SMALLEST

    def test_one_that_has_become_quick_again_gets_large_groups_again(self) -> None:
        size = GroupSize(128)
        after(size, per_second=10)
        assert after(size, per_second=500) == 128

    def test_the_remainder_of_a_run_says_nothing_about_large_groups(self) -> None:
        size = GroupSize(128)
        after(size, per_second=20)
        size.heed(1, 0.01)
        assert size.now == 20

    def test_two_threads_with_half_of_the_places_each_do_not_both_go_on(self) -> None:
        assert 2 * GroupSize(128).least > FIRST
        assert GroupSize(1).least == 1
