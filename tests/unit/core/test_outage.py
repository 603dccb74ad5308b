"""A night without a database must neither fill the disk nor go unsaid."""

from itertools import pairwise

from structlog.testing import capture_logs

from dispatcher.core.outage import LONGEST_SECONDS, Outage

LOOK_SECONDS = 0.5


class Watch:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def stay_away(outage: Outage, watch: Watch, seconds: float) -> list[float]:
    """Look twice a second for so long; the moments of the lines."""
    said = []
    for _ in range(int(seconds / LOOK_SECONDS)):
        with capture_logs() as lines:
            outage.note()
        said += [line["seconds"] for line in lines]
        watch.seconds += LOOK_SECONDS
    return said


class TestOutage:
    def test_the_first_line_comes_at_once_and_the_others_at_growing_distance(self) -> None:
        watch = Watch()
        assert stay_away(Outage("x.database", now=watch), watch, 20.0) == [0.0, 1.0, 3.0, 7.0, 15.0]

    def test_it_is_said_for_as_long_as_it_lasts(self) -> None:
        watch = Watch()
        said = stay_away(Outage("x.database", now=watch), watch, 3600.0)
        assert len(said) < 70
        assert max(later - earlier for earlier, later in pairwise(said)) == LONGEST_SECONDS
        assert said[-1] > 3600.0 - 2 * LONGEST_SECONDS

    def test_the_end_is_said_once_and_the_next_outage_at_once(self) -> None:
        watch = Watch()
        outage = Outage("x.database", now=watch)
        stay_away(outage, watch, 2.0)
        with capture_logs() as lines:
            outage.end()
            outage.end()
            outage.note()
        assert [(line["event"], line["seconds"]) for line in lines] == [
            ("x.database_back", 2.0),
            ("x.database_away", 0.0),
        ]
