"""Where the report of the chaos rounds says the seconds went."""

from tests.chaos.phases import Phase, Phases, longest_by_kind


def phases(**seconds: float) -> Phases:
    return Phases(seconds={Phase(name): value for name, value in seconds.items()})


class TestPhases:
    def test_a_phase_holds_what_passed_since_the_one_before(self) -> None:
        both = Phases(begun=0.0)
        both.end(Phase.READY)
        since = both.begun
        both.end(Phase.STRIKE)
        assert both.seconds[Phase.READY] == since
        assert both.seconds[Phase.STRIKE] == both.begun - since

    def test_all_are_named_in_order_also_those_that_never_came(self) -> None:
        assert str(phases(ready=1.0, verdict=0.25)) == (
            "ready 1.0 before 0.0 strike 0.0 sending 0.0 closing 0.0 after 0.0 verdict 0.2"
        )


class TestLongestByKind:
    def test_each_kind_stands_there_once_with_its_longest_the_longest_first(self) -> None:
        slow, quick, other = phases(sending=9.0), phases(sending=2.0, after=1.0), phases(sending=5.0)
        found = longest_by_kind([("web", quick), ("valkey", other), ("web", slow)])
        assert found == [("web", slow), ("valkey", other)]
