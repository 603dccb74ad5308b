"""How many recipients fit into twenty minutes."""

import pytest

from tests.benchmarks.sizing import Sample, Sizes, fit, is_sampled

WANTED = Sizes(50_000, 3_000, 3)
#: With a tenth of the lists: 10 s of coming up and 10 s of sending, so 110 s with the whole ones.
SAMPLES = {"product": Sample(15.0, 7.0), "celery": Sample(5.0, 3.0)}


class TestFit:
    def test_what_fits_is_not_touched(self) -> None:
        assert fit(WANTED, SAMPLES, 0.1, 1200) == WANTED

    def test_a_slower_machine_gets_shorter_lists_and_ends_in_time(self) -> None:
        sizes = fit(WANTED, SAMPLES, 0.1, 200)
        assert sizes.rounds == 3
        assert sizes.recipients / 50_000 == pytest.approx(sizes.peers / 3_000, rel=0.01)
        assert 3 * (10 + 100 * sizes.recipients / 50_000) <= 200

    def test_a_very_slow_one_gets_fewer_rounds_and_never_none(self) -> None:
        sizes = fit(WANTED, SAMPLES, 0.1, 32)
        assert (sizes.recipients, sizes.peers, sizes.rounds) == (2_000, 120, 2)
        assert fit(WANTED, SAMPLES, 0.1, 1).rounds == 1

    def test_without_samples_nothing_is_known(self) -> None:
        assert fit(WANTED, {}, 0.1, 1) == WANTED

    def test_small_measurements_are_not_sampled(self) -> None:
        assert is_sampled(WANTED)
        assert not is_sampled(Sizes(2_000, 300, 1))
