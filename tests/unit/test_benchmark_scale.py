"""How long lists of `make bench-scale` will take, and what its report says of those that take too long."""

from tests.benchmarks import figures
from tests.benchmarks.scale import FIXED_SECONDS, Took, growth, problems_of


def size(rate: float, *problems: str) -> dict[str, object]:
    return {
        "rate": rate,
        "worker_peak_mb": 180.0,
        "cpu_s_per_1000": 0.5,
        "problems": list(problems),
        "statements": {"skipped": "no"},
    }


class TestTime:
    def test_a_longer_list_takes_so_much_longer_but_for_what_is_the_same_for_all(self) -> None:
        took = Took(5_000, FIXED_SECONDS / 2 + 10.0)
        assert took.for_size(50_000) == FIXED_SECONDS + 100.0

    def test_what_went_quicker_than_its_fixed_part_says_nothing_of_the_rest(self) -> None:
        assert Took(1_000, 1.0).for_size(10_000) == FIXED_SECONDS


class TestReport:
    def test_one_size_alone_has_grown_by_nothing(self) -> None:
        assert growth({"5000": size(2000)})["rate"] == 1

    def test_the_largest_stands_against_the_smallest(self) -> None:
        sizes = {"5000": size(2000), "50000": size(1500), "500000": size(1000)}
        assert growth(sizes)["rate"] == 0.5

    def test_problems_of_every_part_are_told(self) -> None:
        report = {"sizes": {"5000": size(1, "lost"), "50000": size(1)}, "urgent": {"problems": ["late"]}}
        assert problems_of(report) == ["lost", "late"]

    def test_the_page_names_what_was_left_out_for_want_of_time(self) -> None:
        report = {
            **{
                "machine": {"cores": 2},
                "conditions": {},
                "sizes": {"5000": size(2000)},
                "growth": {"rate": 1},
            },
            "skipped": {"1000000 recipients": "would not have ended in time"},
        }
        page = "\n".join(figures.of_scale(report))
        assert "- Not measured here: 1000000 recipients (would not have ended in time)." in page
